"""Files that do not parse: where, why, and what stands in them as text."""

import sys
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
            return Failed(path=path, line=max(number or 1, 1), message=_explained(message), hits=hits)
        case RecursionError() | MemoryError():
            return Failed(path=path, line=1, message="too deeply nested to parse", hits=hits)
        case _:
            return Failed(path=path, line=1, message=str(error), hits=hits)


def unreadable_parameters(source: bytes, path: str, names: Iterable[str]) -> Failed:
    """The report of a file for a newer Python in whose type parameters one of ``names`` stands."""
    message = f"type parameters cannot be read as Python {running()}; run ssot with Python 3.12 or newer"
    hits = textual_hits(source, names)
    return Failed(path=path, line=hits[0] if hits else 1, message=message, hits=hits)


def running() -> str:
    """The Python whose grammar reads the files: ``3.11``."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _explained(message: str) -> str:
    """Words that say nothing, or may be about another Python, name the one that was asked."""
    if message.startswith(("invalid syntax", "f-string", "invalid non-printable")):
        return f"{message} (read as Python {running()}; if it is for a newer one, run ssot with that)"
    return message


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
