"""Names as text in a source: quick looks at the bytes, before and instead of parsing."""

import re
from collections.abc import Iterable, Iterator

from bot.engine.exports import exports_of

_AS = re.compile(rb"\s+as\s+([^\W\d]\w*)")
_NO_IMPORT = re.compile(rb"[ \t]*(?:async\s+)?(?:with|except|case)\b")
_ASSIGNED = re.compile(rb"([^\W\d]\w*)[ \t]*(?::[^=\r\n]+)?=[ \t]*(?:[\w.]+\.)?\Z")
_LINE_REST = re.compile(rb"[ \t]*(?:#|\r|\n|;|\Z)")
_QUALIFIER = re.compile(rb"([^\W\d]\w*(?:\.\w+)*)\.\Z")
_WORD = re.compile(rb"[A-Za-z0-9_\x80-\xff]+")
_FEW = 8
"""So many names are looked for one by one; of more, first which of them are there at all."""
_REACH = 300
"""How far before a name its line or its qualifier is looked for."""
_WORD_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") | frozenset(range(128, 256))


def occurrences(source: bytes, names: Iterable[str], encoding: str = "utf-8") -> Iterator[tuple[int, int]]:
    """The byte spans at which one of ``names`` stands as a whole word; in order for each name."""
    words = {name.encode(encoding, "replace") for name in names}
    if len(words) > _FEW:
        words &= set(_WORD.findall(source))
    for word in words:
        start = source.find(word)
        while start >= 0:
            end = start + len(word)
            before = start > 0 and source[start - 1] in _WORD_BYTES
            if not before and not (end < len(source) and source[end] in _WORD_BYTES):
                yield start, end
            start = source.find(word, end)


def stands_in(word: bytes, source: bytes | bytearray, size: int) -> bool:
    """Whether ``word`` stands as a whole word in the first ``size`` bytes of ``source``."""
    start = source.find(word, 0, size)
    while start >= 0:
        end = start + len(word)
        before = start > 0 and source[start - 1] in _WORD_BYTES
        if not before and not (end < size and source[end] in _WORD_BYTES):
            return True
        start = source.find(word, end, size)
    return False


def renamed(source: bytes, names: frozenset[str]) -> frozenset[str]:
    """The names that ``source`` gives to one of ``names`` at its top level: ``from m import f as g``, ``g = m.f``.

    The text shows which may be; what a module imports or defines itself is none of them.
    """
    candidates = _maybe_renamed(source, names)
    if not candidates:
        return candidates
    # Where a relative import leads does not matter here, only what it takes: any package will do.
    origins = exports_of(source, ["_._._._._._._._"], package=False).origins
    return frozenset(
        name for name in candidates if any(o.rpartition(".")[2] in names for o in origins.get(name, ()))
    )  # fmt: skip


def _maybe_renamed(source: bytes, names: Iterable[str]) -> frozenset[str]:
    found = set()
    for start, end in occurrences(source, names):
        line = line_before(source, start)
        imported = _AS.match(source, end)
        if imported and not _NO_IMPORT.match(line):
            found.add(imported.group(1))
        assigned = _ASSIGNED.match(line)
        if assigned and _LINE_REST.match(source, end):
            found.add(assigned.group(1))
    return frozenset(name.decode("utf-8", "replace") for name in found)


def qualifiers(source: bytes, names: Iterable[str]) -> frozenset[str]:
    """The dotted texts that stand before one of ``names``: modules that a string or an expression looks into."""
    found = set()
    for start, _ in occurrences(source, names):
        qualifier = _QUALIFIER.search(source[max(start - _REACH, 0) : start])
        if qualifier:
            found.add(qualifier.group(1).decode("utf-8", "replace"))
    return frozenset(found)


def line_before(source: bytes, offset: int) -> bytes:
    """What stands before ``offset`` on its line."""
    floor = max(offset - _REACH, 0)
    start = max(source.rfind(b"\n", floor, offset), source.rfind(b"\r", floor, offset), floor - 1) + 1
    return source[start:offset]
