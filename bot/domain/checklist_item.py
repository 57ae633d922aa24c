"""What a checkbox of a tracking issue requires.  Standard library only.

``bot.config`` builds these from ``tracking.checklist``; ``bot.tracker.evidence`` checks them against a repository.
"""

from dataclasses import dataclass
from enum import StrEnum


class UsageState(StrEnum):
    """What is required of the usages in some paths."""

    NONE = "none"
    """None is left."""
    LISTED = "listed"
    """All are known: every file was read, none failed to parse."""


class PullRequestState(StrEnum):
    """What is required of the pull requests that are linked to the tracking issue; one of them is enough."""

    OPENED = "opened"
    """It exists, in whatever state."""
    CLOSES_ISSUE = "closes-issue"
    """It closes the issue when it merges, or did so."""
    MERGED = "merged"


class IssueState(StrEnum):
    """What is required of an issue."""

    EXISTS = "exists"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageEvidence:
    """The usages of the migration's names, counted at the evaluated commit."""

    state: UsageState = UsageState.NONE
    paths: tuple[str, ...] = ()
    """Git-style globs; empty: every path that the migration scans."""
    exclude: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """Values of ``bot.domain.finding.Kind``; empty: all of them but ``definition``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionRemoved:
    """The definitions are gone from the evaluated commit."""

    symbols: tuple[str, ...] = ()
    """Names of targets; empty: all targets of the migration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileExists:
    """Each of the globs matches a file of the evaluated commit."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPassed:
    """All check runs and statuses of this name on the default branch's head succeeded, the newest of each suite."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The newest deployment to the environment succeeded, and holds the evaluated commit."""

    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestEvidence:
    """A pull request that is linked to the tracking issue, or the numbered one."""

    state: PullRequestState = PullRequestState.MERGED
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueEvidence:
    """The tracking issue, or the numbered one of the same repository."""

    state: IssueState = IssueState.CLOSED
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubIssuesClosed:
    """The tracking issue, or the numbered one, has sub-issues, and all of them are closed as completed."""

    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """A person with write access attested it, with ``/ssot attest ITEM reason``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Every one of ``evidence`` holds; never empty."""

    evidence: "tuple[Evidence, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """One of ``evidence`` holds; never empty."""

    evidence: "tuple[Evidence, ...]"


Evidence = (
    UsageEvidence
    | DefinitionRemoved
    | FileExists
    | CheckPassed
    | Deployed
    | PullRequestEvidence
    | IssueEvidence
    | SubIssuesClosed
    | Attested
    | AllOf
    | AnyOf
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistItem:
    """One checkbox of the tracking issue, and the evidence that it requires."""

    id: str
    """Its name in ``/ssot attest``: lower-case letters, digits and hyphens, unique in the migration."""
    text: str
    """The item's text as in the issue; the match is approximate."""
    phase: str | None = None
    """The heading above it, matched in the same way; ``None``: any."""
    evidence: Evidence
