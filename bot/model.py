"""The values that flow between the layers.  Row 0: frozen dataclasses, standard library only.

Lines and columns count from 1, columns in characters (code points); offsets are bytes of the file.
Paths are relative to the repository's root and ``/``-separated.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType, Self

from bot.migration import Applicability

Sha = NewType("Sha", str)
"""A full, lower-case hexadecimal git object id (40 characters, 64 in SHA-256 repositories)."""
InstallationId = NewType("InstallationId", int)
RepositoryId = NewType("RepositoryId", int)
DeliveryId = NewType("DeliveryId", str)
"""GitHub's ``X-GitHub-Delivery``: the same GUID on every redelivery."""


# --- what the engine finds ------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What sort of usage a finding is."""

    IMPORT = "import"
    RE_EXPORT = "re-export"
    CALL = "call"
    REFERENCE = "reference"
    STRING_REFERENCE = "string-reference"
    DEFINITION = "definition"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Range:
    """A span of a file: ``[start, end)`` in bytes, and the same in lines and columns (end exclusive)."""

    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edit:
    """Replace the bytes ``[start, end)`` by ``text``, encoded as the file is."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """Edits of one file that are right only together: a statement group.

    Sorted by ``start`` and free of overlaps.  All findings of the group carry the same (equal) fix, so applying
    a set of findings means applying the set of their fixes.
    """

    edits: tuple[Edit, ...]
    applicability: Applicability


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One usage of a deprecated name."""

    migration: str
    path: str
    range: Range
    kind: Kind
    symbol: str
    """The dotted name of the definition that the usage resolves to."""
    message: str
    """What it is and what to do, in a sentence or two of plain text for the author."""
    applicability: Applicability = Applicability.DISPLAY_ONLY
    reason: str | None = None
    """Why there is no safe fix; ``None`` when there is one."""
    reason_code: str | None = None
    """The same as a stable identifier, e.g. ``stored-on-self``."""
    fix: Fix | None = None
    critical: bool = False
    ignored: str | None = None
    """The reason given in ``# ssot: ignore[migration] reason``; such a finding is listed, never reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """The file was read and resolved."""

    path: str
    findings: tuple[Finding, ...] = ()
    wanted: frozenset[str] = frozenset()
    """Dotted modules of the same repository that the index lacks and whose exports could change the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The file does not parse.  ``hits`` are the lines on which a deprecated leaf name stands as text."""

    path: str
    line: int
    message: str
    hits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """The file was not looked at: too complex, too big, not UTF-8, the child died.  ``reason`` is for people."""

    path: str
    reason: str


FileReport = Scanned | Failed | Skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMigration:
    """What applying the fixes of one file comes to, proved on the very bytes that it ends in."""

    path: str
    before: bytes
    after: bytes
    """Equal to ``before`` where nothing is changed."""
    report: FileReport
    """Of the file as it was."""
    diff: bytes = b""
    """From ``before`` to ``after``, as ``git diff`` writes it."""
    fixed: tuple[Finding, ...] = ()
    """The usages that are gone; their places are those of ``before``."""
    left: tuple[Finding, ...] = ()
    """The usages that stay, each with its reason; their places are those of ``after``.  Ignored ones are not here."""

    @property
    def changed(self) -> bool:
        return self.after != self.before


# --- what a review is made of ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One changed file of a pull request, as the engine needs it: both sides, against the merge base.

    ``base`` is ``None`` for an added file, ``head`` for a deleted one.  ``base_path`` differs from ``path``
    after a rename.
    """

    path: str
    base_path: str
    base: bytes | None
    head: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Lines ``start_line`` to ``end_line`` (inclusive, head side) replaced by ``text``.

    ``text`` has no final line break, and uses ``\\n`` only: GitHub keeps the file's own line ends.
    ``None`` deletes the lines.
    """

    start_line: int
    end_line: int
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFinding:
    """A usage that the pull request adds, and how it is shown.

    ``line`` is a line of the head side that lies inside a hunk, so that GitHub accepts a comment there;
    ``None`` when no hunk holds the usage (then it goes into the summary).
    """

    finding: Finding
    fingerprint: str
    """Stable across pushes, moves, re-indentation and line-ending changes: hexadecimal, 16 characters."""
    line: int | None
    start_line: int | None = None
    suggestion: Suggestion | None = None
    no_suggestion: str | None = None
    """Why there is no suggestion, for the author; ``None`` when there is one."""
    also: tuple[Finding, ...] = ()
    """The other new usages of the same statement group: they share the fix, and this one comment speaks for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReview:
    """What the review knows of one changed file."""

    report: FileReport
    new: tuple[NewFinding, ...] = ()


# --- GitHub ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A verified webhook delivery, as it came."""

    id: DeliveryId
    event: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RepoRef:
    """A repository in an installation of the App."""

    installation: InstallationId
    id: RepositoryId
    owner: str
    name: str

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Work that the bot gives itself: stored, ordered, retried and listed like a delivery of GitHub's.

    Like an event it is a hint: it names a place, and its handler reads the state again.  The same ``event`` and ``id``
    again is the same errand, for as long as it is remembered (7 days after its end): it is not done twice.
    """

    event: str
    """``ssot.<name>``: the ``EVENT`` of the handler.  GitHub has no such names, and the hook takes none."""
    id: str
    """Up to 200 printable characters."""
    repo: RepoRef | None
    """``None``: for the App as a whole."""
    subject: int | None = None
    """The issue or pull request."""
    not_before: datetime | None = None
    """Aware.  Until then it waits beside the queue: it holds nobody up, and takes its place when it is due."""

    @classmethod
    def debounced(cls, event: str, repo: RepoRef, subject: int | None, *, now: datetime, window: timedelta) -> Self:
        """One errand for all that is asked within a window of time; it runs at the window's end.

        So nothing that was asked comes after its run, and nothing is asked in vain.
        """
        length = window.total_seconds()
        end = (now.timestamp() // length + 1) * length
        place = repo.full_name if subject is None else f"{repo.full_name}#{subject}"
        return cls(
            event=event,
            id=f"{place}@{end:.3f}",
            repo=repo,
            subject=subject,
            not_before=datetime.fromtimestamp(end, now.tzinfo),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestRef:
    """All that an event says of a pull request: the rest is read again."""

    repo: RepoRef
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """The facts of one pull request, read at one moment."""

    ref: PullRequestRef
    node_id: str
    title: str
    state: str
    draft: bool
    merged: bool
    author: str
    base_ref: str
    base_sha: Sha
    head_ref: str
    head_sha: Sha
    head_repo: str | None
    """``owner/name`` of the head, ``None`` when the fork was deleted."""
    head_repo_id: RepositoryId | None = None
    maintainer_can_modify: bool
    changed_files: int
    html_url: str
    """The page of the pull request, e.g. ``https://github.com/owner/name/pull/7``: links are made from it."""
    locked: bool = False
    """Nobody but those with write access may comment, and Apps are not among them."""

    @property
    def from_fork(self) -> bool:
        if self.head_repo_id is not None:
            return self.head_repo_id != self.ref.repo.id
        return self.head_repo != self.ref.repo.full_name


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """One entry of the pull request's file list.  ``patch`` is ``None`` where GitHub leaves it out."""

    path: str
    previous_path: str | None
    status: str
    """added, removed, modified, renamed, copied, changed or unchanged."""
    blob_sha: Sha | None
    patch: str | None
