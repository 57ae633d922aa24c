"""Successors that are another kind of thing than what they take the place of, as far as both definitions are known."""

from bot.engine.program.classes import class_of, top_of
from bot.engine.program.definition import definition_of
from bot.engine.program.existence import named_in
from bot.engine.program.index import Index

_ENUMS = frozenset({"Enum", "Flag", "IntFlag", "IntEnum", "StrEnum", "ReprEnum"})
_EQUAL = frozenset({"StrEnum", "IntEnum", "IntFlag", "ReprEnum"})
"""Bases of enumerations whose members are equal to their values, and shown as those."""
_MIXED = frozenset({"str", "int", "float", "bytes"})
"""Bases that make the members equal, but not shown alike: for that the class has its own ``__str__``."""
_DEEPEST = 8


def differs(index: Index, symbol: str, successor: str | None) -> str | None:
    """How ``successor`` differs from a plain constant: a member of an enumeration, which is not equal, or a method.

    ``_bases`` has ``__str__`` too where a class of its own shows the members otherwise."""
    if successor is None or not _is_constant(index, symbol):
        return None
    if (found := definition_of(index, successor, set())) is not None and found.owner is not None:
        return f"{successor} is a method or a property of a class, which is no value"
    bases = _bases(index, successor.rpartition(".")[0])
    if not bases & _ENUMS or bases & _EQUAL or (bases & _MIXED and "__str__" in bases):
        return None
    how = "not shown as" if bases & _MIXED else "not equal to"
    return f"{successor} is a member of an enumeration, which is {how} its value"


def _is_constant(index: Index, dotted: str) -> bool:
    """Whether a module binds a literal to the name."""
    module, _, name = dotted.rpartition(".")
    known = index.source_of(module) if module else None
    if not isinstance(known, tuple):
        return False
    return name in top_of(index, *known).constants


def _bases(index: Index, dotted: str, depth: int = 0) -> frozenset[str]:
    """The last components of all that a class is derived from, as far as is known."""
    found: set[str] = set()
    for name in index.resolution(dotted).names:
        module, _, leaf = name.rpartition(".")
        known = index.source_of(module) if module else None
        definition = class_of(index, *known, leaf) if isinstance(known, tuple) else None
        if definition is None or not isinstance(known, tuple) or depth > _DEEPEST:
            continue
        found |= definition.members & {"__str__"}
        for base in definition.written:
            found.add(base.rpartition(".")[2])
            for origin in named_in(index, known, module, base):
                found |= _bases(index, origin, depth + 1)
    return frozenset(found)
