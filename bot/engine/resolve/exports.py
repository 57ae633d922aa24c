"""What one module offers to those that import from it."""

import ast
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.engine.resolve.bindings import Binding, BindingKind, Scope
from bot.engine.resolve.flow import reaching_end
from bot.engine.resolve.lazy import lazy_names
from bot.engine.resolve.resolver import written
from bot.engine.resolve.scope import build_scopes

if TYPE_CHECKING:
    from bot.engine.source.newer import Older

PARSE_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What ``ast.parse`` raises on bad source: null bytes are a ValueError, depth the last two."""

KEPT_SOURCE = 200_000
"""Bytes of source whose trees are kept, each about a hundred bytes for one."""

_GLOBAL = re.compile(rb"\bglobal\b([^\n#;]*)")
_NAME = re.compile(r"[^\W\d]\w*")
_STAR = re.compile(rb"import[ \t\\\r\n]*\*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exports:
    """The names of a module.  All questions are about one name; what a name stands for is a set of dotted names."""

    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What an imported or assigned name stands for; empty for one that the module defines."""
    stars: tuple[str, ...] = ()
    """The modules that it imports with a star."""
    listed: frozenset[str] | None = None
    """``__all__``; ``None`` if there is none, or none that can be read."""
    doubtful: frozenset[str] = frozenset()
    """The names that stand for one thing or another: an import that may fail, a condition, something bound below."""
    dynamic: bool = False
    """It has a ``__getattr__`` or does not parse: any name may exist."""

    def offers_star(self, name: str) -> bool:
        """Whether ``from module import *`` brings ``name``, if the module has it."""
        return not name.startswith("_") if self.listed is None else name in self.listed


def may_have(source: bytes, name: str) -> bool:
    """Whether a module with this source can have ``name`` at all: without parsing it."""
    return name.encode() in source or b"__getattr__" in source or _STAR.search(source) is not None


def parse(source: bytes) -> ast.Module:
    """``ast.parse`` without its warnings (an invalid escape in somebody's file is not our business).

    A source with syntax that is newer than the running Python is read as `newer.older` writes it: `newer_parts` of the
    tree says so.  The trees that were asked for last are kept: a module that names itself is parsed once for both
    questions, the module of the targets once for all files.  Nobody changes a tree.
    """
    tree = _trees.pop(source, None)
    if tree is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parse(source)
        while _trees and len(source) + sum(map(len, _trees)) > KEPT_SOURCE:
            del _trees[next(iter(_trees))]
    _trees[source] = tree
    return tree


_trees: dict[bytes, ast.Module] = {}


def parse_exactly(source: bytes) -> ast.Module:
    """`parse` by the running Python's own grammar alone: for what was written here."""
    tree = parse(source)
    return tree if newer_parts(tree) is None else ast.parse(source)  # which raises


def newer_parts(tree: ast.Module) -> "Older | None":
    """What the tree was made of, where the source is newer than the running Python; ``None``: of the source."""
    return getattr(tree, _NEWER, None)


_NEWER = "newer_parts"


def _parse(source: bytes) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        from bot.engine.source.newer import older  # most files need none

        written = older(source)
        if written is None:
            raise
        try:
            tree = ast.parse(written.source)
        except PARSE_ERRORS:
            raise error from None
        setattr(tree, _NEWER, written)
        return tree


def exports_of(source: bytes, modules: Sequence[str], *, package: bool) -> Exports:
    """The exports of a module, by its own text alone; function bodies are not looked at."""
    try:
        tree = parse(source)
    except PARSE_ERRORS:
        return Exports(dynamic=True)
    scopes = build_scopes(tree, modules=modules, package=package, bodies=False)
    root = scopes.root
    ways = {
        name: dict.fromkeys(origins_of(b, root) for b in reaching_end(bindings, scopes.parents))
        for name, bindings in root.bindings.items()
        if name != "*"
    }
    origins = {name: tuple(dict.fromkeys(o for way in found for o in way)) for name, found in ways.items()}
    doubtful = frozenset(name for name, found in ways.items() if len(found) > 1)
    origins |= dict.fromkeys(origins.keys() & rebound_names(source), ())
    stars = tuple(module for star in root.stars if star.imported for module in star.imported.modules)
    dynamic = "__getattr__" in root.bindings
    if dynamic or b"attach" in source:
        later = _lazy(tree, modules, package=package)
        doubtful |= later.keys() - origins.keys()
        origins = {**later, **origins}
    return Exports(origins=origins, stars=stars, listed=listed_names(tree), doubtful=doubtful, dynamic=dynamic)


def _lazy(tree: ast.Module, modules: Sequence[str], *, package: bool) -> dict[str, tuple[str, ...]]:
    """What ``__getattr__`` brings, under the names that it is asked for."""
    found: dict[str, tuple[str, ...]] = {}
    for each in lazy_names(tree, modules, package=package):
        found[each.name] = (*found.get(each.name, ()), *each.dotted)
    return found


def rebound_names(source: bytes) -> frozenset[str]:
    """What functions may bind again of a module's variables: it is the module's own, wherever it came from."""
    lists = _GLOBAL.findall(source) if b"global" in source else ()
    return frozenset(name for names in lists for name in _NAME.findall(names.decode("utf-8", "replace")))


def origins_of(binding: Binding, root: Scope, depth: int = 8) -> tuple[str, ...]:
    """The dotted names that a module-level binding stands for: an import, or ``name = other.name``."""
    if binding.imported:
        return binding.imported.origins
    if binding.kind is not BindingKind.ASSIGNMENT or binding.value is None or depth == 0:
        return ()
    head, _, tail = written(binding.value).partition(".")
    if not head or head == binding.name:
        return ()
    return tuple(
        f"{origin}.{tail}" if tail else origin
        for other in root.bindings.get(head, ())
        for origin in origins_of(other, root, depth - 1)
    )  # fmt: skip


def listed_names(tree: ast.Module) -> frozenset[str] | None:
    """The names in ``__all__``; ``None`` without one, or when a part of it cannot be read."""
    parts = [part for statement in _top_level(tree) for part in _summands(_listed(statement))]
    if not all(isinstance(part, ast.List | ast.Tuple) for part in parts):
        return None
    entries = list_entries(tree)
    return None if entries is None else frozenset(str(entry.value) for entry, _ in entries)


def list_entries(tree: ast.Module) -> list[tuple[ast.Constant, ast.stmt]] | None:
    """The entries of ``__all__`` that are written out, with their statements; ``None`` without an ``__all__``.

    ``=``, ``+=``, ``.append`` and ``.extend`` at the top level, also in ``if`` and ``try`` (typing specification,
    "Library interface").
    """
    found: list[tuple[ast.Constant, ast.stmt]] = []
    seen = False
    for statement in _top_level(tree):
        for value in _summands(_listed(statement)):
            seen = True
            elements = value.elts if isinstance(value, ast.List | ast.Tuple | ast.Set) else []
            found += [(e, statement) for e in elements if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    return found if seen else None


def _summands(value: ast.expr | None) -> list[ast.expr]:
    """``[…] + other.__all__`` as its parts."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return [*_summands(value.left), value.right]
    return [] if value is None else [value]


def _top_level(tree: ast.Module) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    pending: list[ast.stmt] = list(reversed(tree.body))
    while pending:
        statement = pending.pop()
        found.append(statement)
        if isinstance(statement, ast.If | ast.Try | ast.With):
            inner = [*statement.body, *getattr(statement, "orelse", []), *getattr(statement, "finalbody", [])]
            inner += [each for handler in getattr(statement, "handlers", []) for each in handler.body]
            pending.extend(reversed(inner))
    return found


def _listed(statement: ast.stmt) -> ast.expr | None:
    """The expression that a statement puts into ``__all__``."""
    match statement:
        case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
            return value
        case ast.AugAssign(target=ast.Name(id="__all__"), value=value):
            return value
        case ast.AnnAssign(target=ast.Name(id="__all__"), value=value):
            return value
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="__all__"), attr="extend"), args=[value])):
            return value
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="__all__"), attr="append"), args=[value])):
            return ast.List(elts=[value], ctx=ast.Load())
        case _:
            return None
