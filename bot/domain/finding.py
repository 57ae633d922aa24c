"""Findings and scan results: values that flow between the layers.  Frozen dataclasses, standard library only.

Lines and columns count from 1, columns in characters (code points); offsets are bytes of the file.
Paths are relative to the repository's root and ``/``-separated.
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.migration import Applicability


class Kind(StrEnum):
    """The kind of usage that a finding is."""

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
    """Edits of one file that are correct only together: a statement group.

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
    idle_ignore: str | None = None
    """Why a comment that means to ignore it does not, in a clause."""

    @property
    def is_left(self) -> bool:
        """Whether it is a usage left to migrate: definitions are none, and a comment in the code may ignore it."""
        return self.ignored is None and self.kind is not Kind.DEFINITION

    @property
    def planned(self) -> bool:
        """Whether a fix was looked for: then there is one, or a reason why there is none."""
        return self.fix is not None or self.reason is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """The file was read and resolved."""

    path: str
    findings: tuple[Finding, ...] = ()
    missing_modules: frozenset[str] = frozenset()
    """Dotted modules of the same repository that the index lacks and whose exports could change the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The file does not parse.  ``hits`` are the lines whose text has a deprecated leaf name."""

    path: str
    line: int
    message: str
    hits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """The file was not scanned: too complex, too big, not UTF-8, the child died.  ``reason`` is for people."""

    path: str
    reason: str
    passing: bool = False
    """It is not the file's own fault: another time it may be scanned."""


FileReport = Scanned | Failed | Skipped
