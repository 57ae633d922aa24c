"""Whether a name is taken of something: of a module by an import, of an object, or by a string.

A quick look at the bytes.  It may take other text for such a place, but overlooks none.
"""

import re
from collections.abc import Iterable

from bot.engine.source.mentions import REACH, line_before, occurrences

_STAR = re.compile(rb"import[ \t\\\r\n(]*\*")
_BETWEEN = b" \t\r\n\f\v\\"
_IMPORTING = re.compile(rb"\b(?:from|import)\b")
_LISTED = re.compile(rb"\s*(?:\.\.\.\s*)?(?:\w+(?:\s+as\s+\w+)?\s*,\s*)*\(?\s*\Z")
_LIST_GOES_ON = re.compile(rb"\s*(?:as\b|[,)#\\;]|\Z)|[ \t\f\v]*[\r\n]")
_KEYWORD = re.compile(rb"\s*=(?!=)")
_DEFINING = re.compile(rb"\bdef\s*\Z")


def takes(source: bytes, names: Iterable[str]) -> bool:
    """Whether one of ``names`` may be taken of something in ``source``, or come by a star import."""
    star = _STAR.search(source) is not None
    return any(star or is_taken(source, start, end) for start, end in occurrences(source, names))


def is_taken(source: bytes, start: int, end: int) -> bool:
    """Whether the name at the bytes ``[start, end)`` is taken of something.

    It is an attribute, begins or goes on a string, is a name of an import, a keyword that ``patch.multiple`` may be
    given, or a method that may override one.
    """
    if start and source[start - 1] in b".'\":":
        return True
    line = line_before(source, start)
    if len(line) >= REACH or _IMPORTING.search(line) or _DEFINING.search(line):  # of a long line only the end is seen
        return True
    if _LISTED.match(line) and _LIST_GOES_ON.match(source, end):
        return True
    return _follows_dot(source, start, line) or (b"multiple" in source and _KEYWORD.match(source, end) is not None)


def _follows_dot(source: bytes, start: int, line: bytes) -> bool:
    """Whether a dot stands before a name, with blanks, line ends or a comment between them."""
    if line.strip(_BETWEEN):
        return line.rstrip(_BETWEEN).endswith(b".")
    floor = max(start - REACH, 0)
    before = source[floor:start].rstrip(_BETWEEN)
    end = max(before.rfind(b"\n"), before.rfind(b"\r"))
    return before.endswith(b".") or b"#" in before[end + 1 :] or (end < 0 < floor)
