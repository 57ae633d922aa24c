"""What people ask to be committed to a pull request, how it is split into commits, and the outcome.

``plan`` decides, ``render`` words it, ``update`` performs it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.file_result import FileMigration
from bot.domain.finding import Finding, Scanned, Skipped
from bot.domain.references import PullRequest, Sha

PLAIN = "100644"
"""The mode of an ordinary file, as git writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrateRequest:
    """What somebody wants done to a pull request."""

    id: str
    """Names the request, the same at every run of it; of the characters that markers are made of."""
    by: str
    """Login of who asked."""
    paths: tuple[str, ...] = ()
    """Files, directories and globs; empty: what the pull request touches."""
    unsafe: bool = False
    dry_run: bool = False
    seen: Sha | None = None
    """The head that the person saw, where that is known."""
    at: datetime | None = None
    """When it was asked: the person has seen what was pushed by then."""


class Obstacle(StrEnum):
    """Why nothing is committed to the pull request's branch, whatever its files hold."""

    MERGED = "merged"
    CLOSED = "closed"
    LOCKED = "locked"
    QUEUED = "queued"
    BRANCH_GONE = "branch-gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The files to scan, and the arguments and files that are left out."""

    paths: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    unmatched: tuple[str, ...] = ()
    """Arguments that match no Python file of the branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitChunk:
    """The files of one commit, each whole."""

    number: int
    """From 1."""
    files: tuple[FileMigration, ...]
    modes: Mapping[str, str] = field(default_factory=dict)
    """By path; ordinary files are missing."""


# --- how it ended -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstructed:
    """The state of the pull request prevents a commit."""

    obstacle: Obstacle


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtaken:
    """The branch moved, and these files are no longer what the person saw."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadUnknown:
    """Nothing says which commit the person saw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRefused:
    """GitHub rejected the commit; ``reason`` is its message."""

    reason: str


class NoPush(StrEnum):
    """Why the App does not write to the branch of a fork."""

    NOT_ALLOWED = "not-allowed"
    """The author does not allow edits by maintainers."""
    NO_ACCESS = "no-access"
    """Maintainers may push, but GitHub does not let this App."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotPush:
    """The branch belongs to a fork that the App cannot write to."""

    why: NoPush


Stop = Obstructed | Overtaken | HeadUnknown | CommitRefused | CannotPush


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that the reply reports."""

    pull: PullRequest
    ask: MigrateRequest
    head: Sha
    """The commit whose files were scanned."""
    files: tuple[FileMigration, ...] = ()
    selection: Selection = field(default_factory=Selection)
    lacking: str | None = None
    """Why the files that the pull request does not change were not in view."""
    commits: tuple[Sha, ...] = ()
    committed: tuple[FileMigration, ...] = ()
    """The files of those commits."""
    stop: Stop | None = None
    """Why the rest, or all of it, was not committed."""
    dismisses: bool = False
    """Whether a rule of the base branch takes approving reviews back when something is pushed."""

    @property
    def changed(self) -> tuple[FileMigration, ...]:
        return tuple(file for file in self.files if file.changed)

    @property
    def left(self) -> tuple[Finding, ...]:
        """The usages that stay, at their places: those after the commits where there are any."""
        done = {file.path for file in self.committed}
        return tuple(finding for file in self.files for finding in _left(file, committed=file.path in done))


def _left(file: FileMigration, *, committed: bool) -> tuple[Finding, ...]:
    if committed or not file.changed or not isinstance(file.report, Scanned):
        return file.left
    return tuple(f for f in file.report.findings if f.ignored is None and f not in file.fixed)
