"""The names that a module gives to others' names."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from bot.engine.resolve.exports import exports_of
from bot.engine.source.mentions import REACH, line_before

_AS = re.compile(rb"as\s+([^\W\d]\w*)")
_NO_IMPORT = re.compile(rb"[ \t]*(?:async\s+)?(?:with|except|case)\b")
_LAST_WORD = re.compile(rb"(?<![\w\x80-\xff])[\w\x80-\xff]++\Z")
_VALUE = re.compile(rb"=[ \t]*(?:[\w.]+\.)?([\w\x80-\xff]+)[ \t]*(?:#|\r|\n|;|\Z)")
_ASSIGNED = re.compile(rb"([^\W\d]\w*)[ \t]*(?::[^=\r\n]+)?\Z")


def renamed(source: bytes, names: frozenset[str], known: frozenset[str] = frozenset()) -> frozenset[str]:
    """The names that ``source`` gives to one of ``names`` at its top level: ``from m import f as g``, ``g = m.f``.

    The text shows which may be; what a module imports or defines itself is none of them.  Nobody asks for ``known``.
    An import that begins its line is not looked at more closely.
    """
    given = _encoded(names)
    certain, candidates = set[bytes](), set[bytes]()
    for new, line in _imported_as(source, given):
        (certain if line.startswith((b"import", b"from")) else candidates).add(new)
    candidates.update(_assigned(source, given))
    doubtful = _decoded(candidates - certain) - known
    return (_decoded(certain) - known) | (_confirmed(source, names, doubtful) if doubtful else frozenset())


def _confirmed(source: bytes, names: frozenset[str], candidates: frozenset[str]) -> frozenset[str]:
    """Those candidates that the module binds at its top level to one of ``names``."""
    # Where a relative import leads does not matter here, only what it takes: any package will do.
    origins = exports_of(source, ["_._._._._._._._"], package=False).origins
    return frozenset(
        name for name in candidates if any(o.rpartition(".")[2] in names for o in origins.get(name, ()))
    )  # fmt: skip


@lru_cache
def _encoded(names: frozenset[str]) -> frozenset[bytes]:
    """Asked for every file of a tree."""
    return frozenset(name.encode() for name in names)


def _decoded(names: Iterable[bytes]) -> frozenset[str]:
    return frozenset(name.decode("utf-8", "replace") for name in names)


def _imported_as(source: bytes, given: frozenset[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Of each ``old as new`` with one of the names: the new one, and what stands before the old one on its line."""
    for found in _AS.finditer(source):
        before = source[max(found.start() - REACH, 0) : found.start()]
        kept = before.rstrip()
        old = _LAST_WORD.search(kept) if len(kept) < len(before) else None
        if old and old[0] in given:
            line = line_before(source, found.start() - len(before) + old.start())
            if not _NO_IMPORT.match(line):
                yield found[1], line


def _assigned(source: bytes, given: frozenset[bytes]) -> Iterator[bytes]:
    """The new name of each ``new = some.old`` at the end of a line with one of the given names."""
    for found in _VALUE.finditer(source):
        variable = _ASSIGNED.search(line_before(source, found.start())) if found[1] in given else None
        if variable:
            yield variable[1]
