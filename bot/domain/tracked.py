"""The facts about a tracked migration that its checklist depends on.

Adapters make ``TrackedFacts``; ``bot.tracker.evidence`` decides on them, and ``bot.tracker.render`` writes the text.

Sentences (``why``) are plain English with names in back-ticks.  They may hold other people's text: only the renderer
turns them into Markdown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.finding import FileReport, Finding, Scanned
from bot.domain.references import Sha


@dataclass(frozen=True, slots=True, kw_only=True)
class NotKnown:
    """A fact that is unavailable, for good or for now.  It is no evidence: no box is ticked or cleared by it."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who added something to the default branch, as far as it is known."""

    commit: Sha
    author: str = ""
    """A login, without ``@``; empty if it is not known."""
    pull: int | None = None


class CheckState(StrEnum):
    """The result of a check run or a commit status."""

    PASSED = "passed"
    """``success``, ``neutral`` or ``skipped``: what branch protection lets through."""
    FAILED = "failed"
    RUNNING = "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFact:
    """The newest check run of its name in its suite, or commit status, on the evaluated commit.

    Several Apps may have checks of one name, and an App several suites.
    """

    name: str
    state: CheckState
    link: str | None = None
    at: datetime | None = None


class DeploymentState(StrEnum):
    """The result of a deployment."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """``error``, ``failure`` or ``inactive``."""
    RUNNING = "running"
    """``pending``, ``queued``, ``in_progress`` or without a status yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The newest deployment to its environment."""

    environment: str
    state: DeploymentState
    commit: Sha
    holds: bool | None
    """Whether ``commit`` is the evaluated commit or comes after it; ``None``: it is not known."""
    link: str | None = None
    at: datetime | None = None


class PullState(StrEnum):
    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"
    """Without a merge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A pull request that is related to the migration."""

    number: int
    title: str
    author: str
    state: PullState
    author_id: int | None = None
    """``None`` for a deleted account."""
    link: str | None = None
    at: datetime | None = None
    """When it reached its state."""
    linked: bool = False
    """It is linked to the tracking issue."""
    closes: bool = False
    """The tracking issue closes, or closed, with its merge."""
    migrates: bool = False
    """It migrates usages: it is listed while it is open."""
    draft: bool = False
    paths: tuple[str, ...] = ()
    """Files that it migrates, as far as they are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueFact:
    """An issue of the repository; one that does not exist has none."""

    number: int
    closed: bool
    link: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubIssue:
    """One sub-issue, which may be in another repository."""

    name: str
    """``#12`` in the parent's repository, elsewhere ``owner/name#12``."""
    closed: bool
    completed: bool
    """Closed as completed, not as not planned or as a duplicate."""
    link: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubIssues:
    """The sub-issues of one issue; an issue that does not exist has none of these."""

    parent: int
    total: int
    """As many as GitHub counts: more than ``issues`` if some cannot be read."""
    issues: tuple[SubIssue, ...]
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """A person with write access attested an item."""

    by: str
    """A login, without ``@``."""
    at: datetime
    reason: str
    link: str | None = None
    """The comment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of the burn-down: how many usages a commit had, as :func:`usages_of` counts them."""

    at: datetime
    commit: Sha
    usages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The usages of an earlier commit, for the comparison "since the last update"."""

    commit: Sha
    at: datetime
    usages: Mapping[str, int]
    """Path to number of usages, without zeros."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedFacts:
    """All that the checklist of one migration depends on, at one commit of the default branch.

    Two updates from equal facts write the same body, and so does one from facts that differ in ``read_at`` alone.
    """

    commit: Sha
    committed_at: datetime
    read_at: datetime
    """When the facts were read; aware, UTC, as all times here."""
    reports: tuple[FileReport, ...]
    """Of every file with a finding, and of every file that could not be read or parsed.

    Findings of other migrations are ignored.
    """
    repository_url: str | None = None
    """``https://github.com/owner/name``; ``None`` for a local repository: then there are no links."""
    issue: int | None = None
    """The tracking issue; ``None`` for a local tracker."""
    definitions: "Mapping[str, str] | NotKnown" = field(default_factory=dict)
    """Name of each target whose definition still exists, to the path that it is in."""
    paths: "frozenset[str] | NotKnown" = NotKnown(why="the files of the commit were not listed")
    """All files of the commit."""
    checks: "tuple[CheckFact, ...] | NotKnown" = ()
    deployments: "tuple[Deployment, ...] | NotKnown" = ()
    pulls: "tuple[Pull, ...] | NotKnown" = ()
    issues: "tuple[IssueFact, ...] | NotKnown" = ()
    sub_issues: "tuple[SubIssues, ...] | NotKnown" = ()
    attestations: "Mapping[str, Attestation] | NotKnown" = field(default_factory=dict)
    """By the item's id."""
    history: tuple[Point, ...] = ()
    """Oldest first; the evaluated commit itself need not be in it."""
    before: Snapshot | None = None
    """The last state of another commit that was written, for "what changed"; ``None``: there was none.

    It has to stay the same while ``commit`` does, or an update that changes nothing would write.
    """
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """Path of a file with usages to who added (or added back) the newest of them."""
    cleared: tuple[str, ...] = ()
    """Paths that had usages once and have none now."""


def findings_of(facts: TrackedFacts, migration: str) -> tuple[Finding, ...]:
    """The findings of one migration, without those that a comment in the code ignores."""
    found = (f for report in facts.reports if isinstance(report, Scanned) for f in report.findings)
    return tuple(f for f in found if f.migration == migration and f.ignored is None)


def usages_of(facts: TrackedFacts, migration: str) -> tuple[Finding, ...]:
    """The usages left to migrate.  Definitions are not usages."""
    return tuple(f for f in findings_of(facts, migration) if f.is_left)
