"""Files that do not parse: where, why, and what stands in them as text."""

from collections.abc import Iterable

from bot.domain.finding import Failed
from bot.engine.source.mentions import lines_of, occurrences, respelled, words_of
from bot.engine.source.text import SourceMap, readable_text


def failed(source: bytes, path: str, error: Exception, names: Iterable[str]) -> Failed:
    """The report of a file for which ``ast.parse`` raised ``error``; ``hits``: the lines with one of ``names``."""
    hits = textual_hits(source, names)
    if b"\0" in source:  # a SyntaxError without a line, or a ValueError, by Python's version
        line = SourceMap(source, "latin-1").position(source.index(b"\0"))[0]
        return Failed(path=path, line=line, message="the source contains a null byte", hits=hits)
    match error:
        case SyntaxError(msg=message, lineno=number):
            return Failed(path=path, line=max(number or 1, 1), message=message, hits=hits)
        case RecursionError() | MemoryError():
            return Failed(path=path, line=1, message="too deeply nested to parse", hits=hits)
        case _:
            return Failed(path=path, line=1, message=str(error), hits=hits)


def textual_hits(source: bytes, names: Iterable[str]) -> tuple[int, ...]:
    """The lines, from 1, on which one of ``names`` stands as a word, in whatever letters Python reads it."""
    names = frozenset(names)
    places = SourceMap(source, "latin-1")
    found = {places.position(start)[0] for start, _ in occurrences(source, names)}
    if respelled(source, len(source), [name.encode() for name in names]):
        text = readable_text(source) or ""
        lines = enumerate(lines_of(text), start=1)
        found |= {number for number, line in lines if not names.isdisjoint(words_of(line))}
    return tuple(sorted(found))
