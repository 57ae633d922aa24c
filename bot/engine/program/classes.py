"""Classes as they are written: their members, and whether they are enumerations."""

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.engine.program.bound import bound, names_bound
from bot.engine.program.index import Index
from bot.engine.resolve.exports import PARSE_ERRORS, parse, rebound_names
from bot.engine.resolve.resolver import written

_PLAIN = frozenset(
    {"object", "str", "int", "float", "bytes", "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum", "ABC",
     "enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag", "enum.ReprEnum", "abc.ABC"}
)  # fmt: skip
"""Bases that bring no member that is a value of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """A class statement."""

    members: frozenset[str]
    bases: tuple[str, ...]
    """The bases that may bring members, as they are written."""
    written: tuple[str, ...]
    """All bases, as they are written."""
    certain: bool
    """Nothing but its body and its bases gives it members."""
    values: Mapping[str, ast.expr] = field(default_factory=dict)
    """What the members are bound to that one assignment binds, and nothing else."""
    doubtful: frozenset[str] = frozenset()
    """The members that its body has only if some condition holds."""
    absent: frozenset[str] = frozenset()
    """Those that its body does not give it after all: they are only annotated, or deleted again."""

    def has(self, name: str) -> bool | None:
        """Whether its body has a member; ``None`` if that is not known."""
        return True if name in self.members - self.absent else (False if self.certain else None)


def class_of(index: Index, path: str, source: bytes, name: str) -> Class | None:
    """The one class statement of this name at the top of a module; ``None`` if there is none, or several."""
    return top_of(index, path, source).classes.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """What the statements at the top of a module bind."""

    classes: dict[str, Class]
    """The classes whose names nothing else there binds."""
    constants: frozenset[str]
    """The names that a literal is bound to."""
    values: Mapping[str, ast.expr]
    """What the names are bound to that one assignment binds, and nothing else."""
    bound: Mapping[str, bool | None]
    """Whether a name is bound when the module has run; of one that a function may bind again as well: ``None``."""


def top_of(index: Index, path: str, source: bytes) -> Top:
    """The top of a known module, read once; empty if it does not parse."""
    found = index.tops.get(path)
    if found is None:
        found = index.tops[path] = _read(source)
    return found


def _read(source: bytes) -> Top:
    try:
        body = parse(source).body
    except PARSE_ERRORS:
        return Top(classes={}, constants=frozenset(), values={}, bound={})
    times = Counter(name for node in body for name in names_bound(node))
    classes = {node.name: _class(node) for node in body if isinstance(node, ast.ClassDef) and times[node.name] == 1}
    known = dict(bound(body))
    again = rebound_names(source)
    return Top(
        classes=classes, constants=frozenset(name for node in body for name in _given_literals(node)),
        values={name: value for name, value in _values(body, times).items() if name not in again},
        bound=known | {name: known[name] or None for name in again & known.keys()},
    )  # fmt: skip


def _values(body: Sequence[ast.stmt], times: Mapping[str, int]) -> Mapping[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for node in body:
        match node:
            case ast.Assign(targets=targets, value=value):
                found |= {each.id: value for each in targets if isinstance(each, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found[name] = value
            case _:
                pass
    return {name: value for name, value in found.items() if times[name] == 1}


def _class(node: ast.ClassDef) -> Class:
    times = Counter(member for statement in node.body for member in names_bound(statement))
    known = bound(node.body)
    names = times.keys()
    bases = tuple(written(base) for base in node.bases)
    metas = all(k.arg == "metaclass" and written(k.value).rpartition(".")[2] in _METAS for k in node.keywords)
    certain = all(bases) and metas and not node.decorator_list and not any(map(_is_open, node.body))
    return Class(
        members=frozenset(names), bases=tuple(base for base in bases if base not in _PLAIN), written=bases,
        certain=certain, values=_values(node.body, times),
        doubtful=frozenset(name for name in names if known.get(name, True) is None),
        absent=frozenset(name for name in names if known.get(name, True) is False),
    )  # fmt: skip


def _given_literals(node: ast.stmt) -> list[str]:
    match node:
        case ast.Assign(targets=targets, value=ast.Constant()):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=bound), value=ast.Constant()):
            return [bound]
        case _:
            return []


_METAS = ("EnumMeta", "EnumType", "ABCMeta")


def _is_open(node: ast.stmt) -> bool:
    """Whether a statement of a class may make members by computed names."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Pass():
            return False
        case _:
            calls = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
            return any(isinstance(f, ast.Name) and f.id in ("locals", "vars", "exec", "setattr") for f in calls)
