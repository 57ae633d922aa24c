"""The bytes of a Python file: their encoding, their lines, and where the nodes of ``ast`` stand in them.

``ast`` gives lines from 1 and columns in bytes of the line's UTF-8 encoding, after decoding and without the byte-order
mark; lines end at ``\\n``, ``\\r\\n`` and a lone ``\\r``, never at a form feed or U+2028 (language reference,
"Physical lines").
"""

import ast
import bisect
import codecs
import functools
import re
import warnings
from dataclasses import dataclass, field
from itertools import accumulate

from bot.domain.finding import Range

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_LINE_END = re.compile(rb"\r\n?|\n")
_ONE_BYTE = re.compile(r"iso8859-|cp125\d$|cp437$|cp85\d$|koi8-|mac-|ascii$")
"""Codec names (as ``codecs.lookup`` normalises them) in which each character is a byte and ASCII is itself."""
_PROBE = (
    bytes(range(0x20, 0x7F)).replace(b"\\", b"")
    + rb"\u0067\x67\147\N{LATIN SMALL LETTER G}"
    + b"+AGc-~{gg~}\x1b$B0g\x1b(B\x0egg\x0f.xn--gg-ia."
)
"""All of printable ASCII, and the ways in which an encoding may take it for something else."""


class Undecodable(Exception):
    """The source has no text; the message is for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A source as text, without its byte-order mark."""

    text: str
    encoding: str
    """``utf-8``, or the normalised name of a one-byte encoding."""
    bom: bool


def declared_encoding(source: bytes) -> str | None:
    """The encoding that a cookie in the first two lines names (PEP 263), as it is written there."""
    first, second = ([*_LINE_END.split(source[:400], maxsplit=2), b""])[:2]
    cookie = _COOKIE.match(first) or (_BLANK.match(first) and _COOKIE.match(second))
    return cookie.group(1).decode("ascii", "replace") if cookie else None


def decode(source: bytes) -> Decoded:
    """The text of ``source`` as Python reads it.

    Raises ``Undecodable`` for bytes that are not what the cookie says, and for encodings whose bytes cannot be placed
    (not ASCII-compatible, or several bytes a character other than UTF-8).
    """
    bom = source.startswith(codecs.BOM_UTF8)
    declared = declared_encoding(source[3:] if bom else source)
    try:
        encoding = codecs.lookup(declared).name if declared else "utf-8"
    except LookupError:
        raise Undecodable(f"unknown encoding: {declared}") from None
    if encoding == "utf-8-sig":
        encoding = "utf-8"
    if encoding != "utf-8" and (bom or not _ONE_BYTE.match(encoding)):
        raise Undecodable(f"encoding not supported: {declared}" + (" after a UTF-8 byte-order mark" if bom else ""))
    try:
        text = (source[3:] if bom else source).decode(encoding)
    except UnicodeDecodeError as error:
        raise Undecodable(f"not {encoding}: {error.reason} at byte {error.start + 3 * bom}") from None
    return Decoded(text=text, encoding=encoding, bom=bom)


def readable_text(source: bytes) -> str | None:
    """The text of ``source``, in whatever encoding it declares, for a search; ``None`` if there is none.

    Bytes that are wrong where ASCII stands for itself hide no name: they are replaced.  Null bytes go: between them
    stands what was written in UTF-16.
    """
    declared = declared_encoding(source.removeprefix(codecs.BOM_UTF8))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an unknown escape is no reason to stop
        found = _decoded(source, declared)
    return None if found is None else found.replace("\0", "")


def _decoded(source: bytes, declared: str | None) -> str | None:
    try:
        if declared is None or ascii_stands_for_itself(declared):
            return source.decode("utf-8" if declared is None else declared, "replace")
        return source.decode(declared)
    except (LookupError, ValueError):  # no such encoding, none for text, or not its bytes
        return None


def is_other_encoding(source: bytes) -> bool:
    """Whether ``source`` declares an encoding in which names may be written otherwise than in UTF-8."""
    declared = declared_encoding(source.removeprefix(codecs.BOM_UTF8))
    try:
        return declared is not None and codecs.lookup(declared).name not in ("utf-8", "utf-8-sig", "ascii")
    except LookupError:
        return True


@functools.cache
def ascii_stands_for_itself(encoding: str) -> bool:
    """Whether each ASCII byte of a source in this encoding is that character, and nothing else is.

    It is not so in UTF-7, in encodings that switch by escape sequences, and in those that read backslashes.
    """
    try:
        return _PROBE.decode(encoding) == _PROBE.decode("ascii")
    except (LookupError, ValueError):
        return False


def line_around(source: bytes, offset: int, encoding: str) -> str:
    """The text of the line that the byte ``offset`` is on, without its end; the other lines are not looked at."""
    start = source.rfind(b"\n", 0, offset) + 1
    start = max(start, source.rfind(b"\r", start, offset) + 1)
    end = source.find(b"\n", offset)
    end = len(source) if end < 0 else end
    lone = source.find(b"\r", offset, end)
    line = source[start : end if lone < 0 else lone]
    return (line.removeprefix(codecs.BOM_UTF8) if start == 0 else line).decode(encoding, "replace")


@dataclass(frozen=True, slots=True, eq=False)
class SourceMap:
    """Byte offsets of the file, and lines and columns, of one source."""

    source: bytes
    encoding: str = "utf-8"
    starts: list[int] = field(init=False)
    """The byte offset of the start of each line; the first is after a byte-order mark."""

    def __post_init__(self) -> None:
        first = 3 if self.encoding == "utf-8" and self.source.startswith(codecs.BOM_UTF8) else 0
        starts = list(accumulate(map(len, self.source.splitlines(keepends=True)), initial=0))
        starts[0] = first
        if len(starts) > 1 and not self.source.endswith((b"\n", b"\r")):
            starts.pop()  # the end of the last line begins no other
        object.__setattr__(self, "starts", starts)

    def line_bytes(self, line: int) -> bytes:
        """Line ``line`` (from 1) with its line end."""
        end = self.starts[line] if line < len(self.starts) else len(self.source)
        return self.source[self.starts[line - 1] : end]

    def offset(self, line: int, utf8_column: int) -> int:
        """The byte offset in the file of an ``ast`` position."""
        start = self.starts[line - 1]
        if self.encoding == "utf-8":
            return start + utf8_column
        before = self.line_bytes(line).decode(self.encoding).encode()[:utf8_column]
        return start + len(before.decode())

    def position(self, offset: int) -> tuple[int, int]:
        """The line and the column in characters, both from 1, of a byte offset."""
        line = max(bisect.bisect_right(self.starts, offset), 1)
        before = self.source[self.starts[line - 1] : offset]
        return line, len(before.decode(self.encoding, "replace")) + 1

    def range(self, start: int, end: int) -> Range:
        """The bytes ``[start, end)`` as a ``Range``."""
        line, column = self.position(start)
        end_line, end_column = self.position(end)
        return Range(start=start, end=end, line=line, column=column, end_line=end_line, end_column=end_column)

    def span(self, node: ast.AST) -> tuple[int, int]:
        """The bytes ``[start, end)`` of a node that has a place (expression, statement, alias, argument …)."""
        line, column = getattr(node, "lineno"), getattr(node, "col_offset")  # noqa: B009  typed on no common base
        end_line, end_column = getattr(node, "end_lineno"), getattr(node, "end_col_offset")  # noqa: B009
        return self.offset(line, column), self.offset(end_line, end_column)

    def range_of(self, node: ast.AST) -> Range:
        """The range of a node that has a place."""
        return self.range(*self.span(node))


def parse_expression(text: str) -> ast.Expression:
    """``ast.parse`` of one expression, without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text, mode="eval")


def parse_statement(text: str) -> ast.stmt | None:
    """``ast.parse`` of one statement without indentation, without its warnings; ``None`` if it is not one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        body = ast.parse(text).body
    return body[0] if len(body) == 1 else None
