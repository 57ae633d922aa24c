"""What is known about a tracked migration, and what its checklist says of it.

Row 0: values only, standard library only.  Adapters make ``Facts``, ``bot.checklist`` decides on them, and
``bot.render.checklist`` words what was decided.

Sentences (``text``, ``why``) are plain English in which names stand between back-ticks.  They may hold other people's
words: only the renderer makes Markdown of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.evidence import ChecklistItem
from bot.migration import Migration
from bot.model import FileReport, Finding, Kind, Scanned
from bot.refs import Sha

# --- facts: what can be read ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A fact that cannot be had, or not now.  It is evidence of nothing: no box is ticked or cleared by it."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who brought something to the default branch, as far as it is known."""

    commit: Sha
    author: str = ""
    """A login, without ``@``; empty if it is not known."""
    pull: int | None = None


class CheckState(StrEnum):
    """What became of a check run or a commit status."""

    PASSED = "passed"
    """``success``, ``neutral`` or ``skipped``: what branch protection lets through."""
    FAILED = "failed"
    RUNNING = "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The newest check run or commit status of its name on the evaluated commit."""

    name: str
    state: CheckState
    link: str | None = None
    at: datetime | None = None


class DeploymentState(StrEnum):
    """What became of a deployment."""

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
    """A pull request that has to do with the migration."""

    number: int
    title: str
    author: str
    state: PullState
    link: str | None = None
    at: datetime | None = None
    """When it got into its state."""
    linked: bool = False
    """The tracking issue is linked with it."""
    closes: bool = False
    """The tracking issue closes, or closed, with its merge."""
    migrates: bool = False
    """It carries the migration on: it is listed while it is open."""
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
class Attestation:
    """A person with write access said that an item is true."""

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
    """What an earlier commit had: the state that "since the last update" compares with."""

    commit: Sha
    at: datetime
    usages: Mapping[str, int]
    """Path to number of usages, without zeros."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the checklist of one migration depends on, at one commit of the default branch.

    Two updates from equal facts write the same body, and so does one from facts that differ in ``read_at`` alone.
    """

    commit: Sha
    committed_at: datetime
    read_at: datetime
    """When the facts were read; aware, UTC, as all times here."""
    reports: tuple[FileReport, ...]
    """Of every file with a finding, and of every file that could not be read or parsed.

    Findings of other migrations are left out of account.
    """
    repository_url: str | None = None
    """``https://github.com/owner/name``; ``None`` for a local repository: then there are no links."""
    issue: int | None = None
    """The tracking issue; ``None`` for a local tracker."""
    definitions: "Mapping[str, str] | Unreadable" = field(default_factory=dict)
    """Name of each target whose definition is still there, to the path that it is in."""
    paths: "frozenset[str] | Unreadable" = Unreadable(why="the files of the commit were not listed")
    """All files of the commit."""
    checks: "tuple[Check, ...] | Unreadable" = ()
    deployments: "tuple[Deployment, ...] | Unreadable" = ()
    pulls: "tuple[Pull, ...] | Unreadable" = ()
    issues: "tuple[IssueFact, ...] | Unreadable" = ()
    attestations: "Mapping[str, Attestation] | Unreadable" = field(default_factory=dict)
    """By the item's id."""
    history: tuple[Point, ...] = ()
    """Oldest first; the evaluated commit itself need not be in it."""
    before: Snapshot | None = None
    """The last state of another commit that was written, for "what changed"; ``None``: there was none.

    It has to stay the same while ``commit`` does, or an update that changes nothing would write.
    """
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """Path of a file with usages to who brought (or brought back) the newest of them."""
    cleared: tuple[str, ...] = ()
    """Paths that had usages once and have none now."""


def findings_of(facts: Facts, migration: str) -> tuple[Finding, ...]:
    """The findings of one migration that count: not those that a comment in the code silences."""
    found = (f for report in facts.reports if isinstance(report, Scanned) for f in report.findings)
    return tuple(f for f in found if f.migration == migration and f.ignored is None)


def usages_of(facts: Facts, migration: str) -> tuple[Finding, ...]:
    """What is left to migrate.  The definition itself is none, nor is another one under its name."""
    return tuple(f for f in findings_of(facts, migration) if f.kind is not Kind.DEFINITION)


# --- verdicts: what follows from them ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One piece of evidence for an item, or for its being untrue."""

    text: str
    link: str | None = None
    commit: Sha | None = None
    at: datetime | None = None
    pull: int | None = None
    """The pull request that ``text`` ends with: "… came in"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """The item is true."""

    because: tuple[Proof, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The item is not true: ``what`` says what is missing, or came back."""

    what: tuple[Proof, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It cannot be told: the box stays as it is."""

    why: tuple[str, ...]


Verdict = Holds | Missing | Unknown


class Note(StrEnum):
    """Why a box is clear that was ticked before."""

    WITHDRAWN = "withdrawn"
    """Its evidence held, and holds no more."""
    BY_HAND = "by-hand"
    """A person ticked it without the evidence; the box was put right."""


class NotFound(StrEnum):
    """Why an item of the configuration has no box."""

    ABSENT = "absent"
    AMBIGUOUS = "ambiguous"
    """Several tasks could be meant."""
    NO_BOX = "no-box"
    """Its text is there, without a box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStatus:
    """One item of the configured checklist."""

    item: ChecklistItem
    verdict: Verdict
    found: "int | NotFound"
    """The line of its task in the body, from 1."""
    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that the owned section shows."""

    migration: Migration
    facts: Facts
    statuses: tuple[ItemStatus, ...]


# --- outcomes: what becomes of a body ---------------------------------------------------------------------------


class ConflictKind(StrEnum):
    """Why a body is not touched."""

    REMOVED = "removed"
    """The section was there, and is not."""
    BEGIN_MISSING = "begin-missing"
    END_MISSING = "end-missing"
    DOUBLED = "doubled"
    ORDER = "order"
    """The markers are in the wrong order, or another section's are between them."""
    ALTERED = "altered"
    """A marker was edited, or somebody made it up."""
    OTHER_ISSUE = "other-issue"
    """The section was copied from another issue."""
    HIDDEN = "hidden"
    """It would stand in a list, a quotation, a code block or a comment."""
    TOO_LONG = "too-long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """The body was not touched; ``text`` says why, and what would help."""

    kind: ConflictKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """The body says it all already."""

    statuses: tuple[ItemStatus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The body as it should be."""

    body: str
    statuses: tuple[ItemStatus, ...]
    ticked: tuple[str, ...] = ()
    """Ids of the items whose boxes were ticked, and of those whose boxes were cleared."""
    cleared: tuple[str, ...] = ()


Outcome = Conflict | Unchanged | Changed
