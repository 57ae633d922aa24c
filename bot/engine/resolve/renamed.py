"""The names that a module gives to others' names."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from bot.engine.resolve.exports import exports_of
from bot.engine.source.mentions import REACH, line_before

_AS = re.compile(rb"as\s+([^\W\d]\w*)")
_NO_IMPORT = re.compile(rb"[ \t]*(?:async\s+)?(?:with|except|case)\b")
_LAST_WORD = re.compile(rb"(?<![\w\x80-\xff])[\w\x80-\xff]++\Z")
_VALUE = re.compile(rb"=[ \t]*(?:[\w.]+\.)?([\w\x80-\xff]+)[ \t]*(?:#|\r|\n|;|\Z)")
_ASSIGNED = re.compile(rb"([^\W\d]\w*)[ \t]*(?::[^=\r\n]+)?\Z")
_BLOCK = re.compile(rb"(?:\A(?:\xef\xbb\xbf)?|[\r\n\f])(?:if|try|with|for|while|match|async)\b")
"""A statement at the beginning of a line that may hold others and is no class and no function."""


Taken = Callable[[bytes], Mapping[str, frozenset[str]]]
"""`taken_by`, or what remembers it."""


def taken_by(source: bytes) -> Mapping[str, frozenset[str]]:
    """The names that a module binds at its top level to others, each with the last components of those."""
    # Where a relative import leads does not matter here, only what it takes: any package will do.
    origins = exports_of(source, ["_._._._._._._._"], package=False).origins
    return {name: frozenset(each.rpartition(".")[2] for each in found) for name, found in origins.items() if found}


def renamed(
    source: bytes, names: frozenset[str], known: frozenset[str] = frozenset(), taken: Taken = taken_by
) -> frozenset[str]:  # fmt: skip
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
    found = taken(source) if doubtful else {}
    confirmed = frozenset(name for name in doubtful if not names.isdisjoint(found.get(name, ())))
    return (_decoded(certain) - known) | confirmed


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
    """The new name of each ``new = some.old`` at the end of a line with one of the given names.

    Not on a line of a class or a function, where no block can hold it that runs with the module.
    """
    blocks: bool | None = None
    for found in _VALUE.finditer(source):
        if found[1] not in given:
            continue
        line = line_before(source, found.start())
        if line[:1] in (b" ", b"\t") and b"\f" not in line and len(line) < REACH:  # a form feed begins it anew
            blocks = _may_have_blocks(source) if blocks is None else blocks
            if not blocks:
                continue
        if variable := _ASSIGNED.search(line):
            yield variable[1]


def _may_have_blocks(source: bytes) -> bool:
    """Whether an indented line may run with the module: in a block, or as the rest of a statement."""
    return b"\\\n" in source or b"\\\r" in source or _BLOCK.search(source) is not None
