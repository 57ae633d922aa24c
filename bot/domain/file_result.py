"""The engine's results for a file: migrated, or reviewed in a pull request.  Standard library only.

A scan needs none of it, and each dataclass takes half a millisecond to make: so it is not in `bot.domain.finding`.
"""

from dataclasses import dataclass

from bot.domain.finding import FileReport, Finding, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMigration:
    """The result of applying the fixes of one file, verified on its final bytes."""

    path: str
    before: bytes
    after: bytes
    """Equal to ``before`` where nothing is changed."""
    report: FileReport
    """Of the file as it was."""
    diff: bytes = b""
    """From ``before`` to ``after``, as ``git diff`` writes it."""
    fixed: tuple[Finding, ...] = ()
    """The usages that were fixed; their places are those of ``before``."""
    left: tuple[Finding, ...] = ()
    """The usages that were not fixed, each with its reason; places are those of ``after``.  Without ignored ones."""

    @property
    def changed(self) -> bool:
        return self.after != self.before


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
    """The other new usages of the same statement group: they share the fix and this one comment."""
    also_fingerprints: tuple[str, ...] = ()
    """Of ``also``, in its order."""

    @property
    def usages(self) -> "tuple[tuple[Finding, str], ...]":
        """All usages of the group, the one that it is shown at first, each with its fingerprint."""
        return ((self.finding, self.fingerprint), *zip(self.also, self.also_fingerprints, strict=True))

    @property
    def decided(self) -> "tuple[tuple[Finding, str], ...]":
        """Those that people decide on, one by one: an import goes with the usages that it serves."""
        return tuple(usage for usage in self.usages if usage[0].kind is not Kind.IMPORT) or self.usages


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReview:
    """What the review knows of one changed file."""

    report: FileReport
    new: tuple[NewFinding, ...] = ()
    ignoring: tuple[NewFinding, ...] = ()
    """Usages that a comment ignores which the change brings, new and old ones; each with that reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadFile:
    """A changed file that was not read although a migration applies to it."""

    path: str
    reason: str
    """For people."""
    migrations: tuple[str, ...]
    """Those whose deprecated names stand on its added lines; all that apply to it where it could not be searched."""
    names: tuple[str, ...] = ()
    """The deprecated names that stand there, as written."""
    lines: tuple[int, ...] = ()
    """The added lines that hold them, from 1."""
    searched: bool = True
    """Whether its added lines could be searched as text."""
    fingerprint: str
    """Stable until one of these lines changes: 16 hexadecimal characters."""

    @property
    def suspect(self) -> bool:
        """Whether it may add a usage."""
        return bool(self.lines) or not self.searched
