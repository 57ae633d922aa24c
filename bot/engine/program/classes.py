"""Classes as they are written: their members, and whether they are enumerations."""

import ast
from collections import Counter
from dataclasses import dataclass

from bot.engine.program.index import Index
from bot.engine.resolve.exports import PARSE_ERRORS, parse
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

    def has(self, name: str) -> bool | None:
        """Whether its body has a member; ``None`` if that is not known."""
        return True if name in self.members else (False if self.certain else None)


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
        return Top(classes={}, constants=frozenset())
    times = Counter(name for node in body for name in names_bound(node))
    classes = {node.name: _class(node) for node in body if isinstance(node, ast.ClassDef) and times[node.name] == 1}
    return Top(classes=classes, constants=frozenset(name for node in body for name in _given_literals(node)))


def _class(node: ast.ClassDef) -> Class:
    names = {member for statement in node.body for member in names_bound(statement)}
    bases = tuple(written(base) for base in node.bases)
    metas = all(k.arg == "metaclass" and written(k.value).rpartition(".")[2] in _METAS for k in node.keywords)
    certain = all(bases) and metas and not node.decorator_list and not any(map(_is_open, node.body))
    return Class(
        members=frozenset(names), bases=tuple(base for base in bases if base not in _PLAIN), written=bases,
        certain=certain,
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


def names_bound(node: ast.stmt) -> set[str]:
    """The names that a statement may bind where it stands."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return {name}
        case _:
            names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            inner = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
            names |= {n.name for n in ast.walk(node) if isinstance(n, inner)}
            aliases = (alias for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom) for alias in n.names)
            return names | {alias.asname or alias.name.partition(".")[0] for alias in aliases}


def _is_open(node: ast.stmt) -> bool:
    """Whether a statement of a class may make members by computed names."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Pass():
            return False
        case _:
            calls = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
            return any(isinstance(f, ast.Name) and f.id in ("locals", "vars", "exec", "setattr") for f in calls)
