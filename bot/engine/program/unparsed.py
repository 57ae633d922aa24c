"""What the bytes of a file show of what it writes and hands over: rather too much than too little."""

import re
import string
from functools import lru_cache

from bot.engine.source.mentions import line_before, occurrences

_GIVEN = re.compile(
    rb"""(?:\.\w+)*(?:['"]|[\s\\]*(?:[-+*/%@&|^]|//|\*\*|<<|>>)?=(?!=))|[\s\\]*,[\s\\]*\w{0,2}['"]"""
    rb"""|(?:\.\w+)+[\s\\]*(?:[])},:]|in\b)"""
)
"""What stands behind a name where it may be written, or a member of it: in a string, as a keyword, in an assignment or
beside the name of a member; `_STORED` behind an attribute that is stored in another way: in a list of targets, with an
annotation, by ``with`` or ``for``."""
_STORED = re.compile(rb"[\s\\]*(?:[])},:]|in\b)")
_GLOBAL = re.compile(rb"\b(?:global|del)\b")
_CALLED = re.compile(rb"\s+as\s+(\w+)")
_ASSIGNED = re.compile(rb"(?<!\w)(\w+)[ \t]*=[ \t]*[\w.]*\Z")


def speaks_of(source: bytes, module: str) -> bool:
    whole, package, leaf = _parts_of(module)
    return leaf in source and (whole in source or package in source)


@lru_cache(maxsize=4096)
def _parts_of(module: str) -> tuple[bytes, bytes, bytes]:
    """A dotted name, the last component of what it is in, and its own."""
    package, _, leaf = module.rpartition(".")
    return module.encode(), package.rpartition(".")[2].encode(), leaf.encode()


def writes_one(source: bytes, name: str) -> bool:
    """Whether something may give another value to a member: of its module, or of a module that is handed over."""
    whole, package, leaf = _parts_of(name)
    if leaf not in source:
        return False
    speaks = whole in source or package in source
    return (speaks and may_write(source, name.rpartition(".")[2])) or _writes_of_others(source, leaf)


def _writes_of_others(source: bytes, leaf: bytes) -> bool:
    """Whether a member is written of something that a function may be given: not of a name that stands here alone."""
    for place in _storing(leaf).finditer(source):
        before = source[max(0, place.start() - _BEFORE) : place.start()]
        first = before[len(before.rstrip(_OF_A_CHAIN)) :].partition(b".")[0]
        if place[0][:1] != b"." or not first or len(re.findall(rb"\b%b\b" % re.escape(first), source)) > 1:
            return True
    return False


@lru_cache(maxsize=4096)
def _storing(leaf: bytes) -> re.Pattern[bytes]:
    operator = rb"(?:[-+*/%@&|^]|//|\*\*|<<|>>)?=(?!=)"
    return re.compile(rb"\.%b[ \t]*%b|[(,][ \t]*(?:'%b'|\"%b\")[ \t]*," % (leaf, operator, leaf, leaf))


_OF_A_CHAIN = f"{string.ascii_letters}{string.digits}_.".encode()
_BEFORE = 80
"""Bytes in front of a member in which the name of what it is a member of is looked for."""


def may_write(source: bytes, name: str) -> bool:
    """Whether something may give another value to ``name``, or to a member of it: also by another name for it."""
    others: set[str] = set()
    for start, end in occurrences(source, [name]):
        if _writes(source, start, end):
            return True
        if source[end : end + 1] in b".(" and end < len(source):
            continue  # what it gives, or a part of it
        others |= _also_called(source, start, end)
    return any(_writes(source, start, end) for start, end in occurrences(source, others - {name}))


def _writes(source: bytes, start: int, end: int) -> bool:
    return bool(
        _GIVEN.match(source, end)
        or (source[start - 1 : start] == b"." and _STORED.match(source, end))
        or _GLOBAL.search(line_before(source, start))
    )


def _also_called(source: bytes, start: int, end: int) -> set[str]:
    """The other names that a name gets where it stands: by ``as``, by an assignment."""
    found = (_CALLED.match(source, end), _ASSIGNED.search(line_before(source, start)))
    return {other[1].decode("utf-8", "replace") for other in found if other}


def hands_over(source: bytes, name: str) -> bool:
    """Whether ``name``, or another name for it, stands alone among the arguments of a call."""
    others = {name}
    for start, end in occurrences(source, [name]):
        others |= _also_called(source, start, end)
    return any(_ARGUMENT.match(source, end) is not None for _, end in occurrences(source, others))


_ARGUMENT = re.compile(rb"\s*[],)}]")
