"""What runs when a file is imported, and what its top has bound by then."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from bot.domain.migration import TargetKind
from bot.engine.program.bound import names_bound
from bot.engine.program.cycles import around, closure, files_begun, path_of
from bot.engine.program.early import is_main
from bot.engine.program.facts import Import
from bot.engine.program.index import Index
from bot.engine.program.nodes import run_at_once
from bot.engine.program.order import above
from bot.engine.program.view import Witness
from bot.engine.resolve.exports import PARSE_ERRORS, parse
from bot.engine.resolve.resolver import written
from bot.engine.rewrite.rules import successor
from bot.engine.usages.analysis import Analysis, Use

_QUIET = frozenset({"warn", "getLogger", "filterwarnings", "simplefilter", "deprecated", "install_aliases"})
"""The last component of functions that a file may call for its own sake."""


def bound_above(source: bytes, imported: Import) -> frozenset[str]:
    """The names that the statements at the top of a file bind above an import."""
    return frozenset[str]().union(*(names for line, names in _bound(source) if line < imported.line))


@lru_cache(maxsize=4)
def _bound(source: bytes) -> Sequence[tuple[int, frozenset[str]]]:
    """For each statement at the top of a file its last line, and the names that it binds."""
    return [(each.end_lineno or 0, frozenset(names_bound(each))) for each in parse(source).body]


def taken_too_early(index: Index, path: str, module: str) -> Witness | None:
    """Who takes something of a package around a file that this does not have yet, if the file imports ``module``.

    A package begins before the files below it.  Where it imports one of them, what it binds further below is missing
    for all that this one imports.
    """
    entries = {home: entry for home in around(index, path) if (entry := _entry(index, home, path)) is not None}
    start = path_of(index, module) if entries else None
    for other in (start, *closure(index, module).steps) if start else ():
        for imported, modules in index.program.imports_of(other):
            for home, name in ((path_of(index, each), each) for each in modules if imported.early):
                entry = entries.get(home or "")
                if entry is None or imported.name in (None, "*") or path_of(index, f"{name}.{imported.name}"):
                    continue
                source = index.files.get(home or "")
                if other != path and source is not None and imported.name not in bound_above(source, entry):
                    return Witness(path=other, line=imported.line)
    return None


def _entry(index: Index, home: str, path: str) -> Import | None:
    """The first import at the top of a package by which a file below it is run."""
    for imported, modules in index.program.imports_of(home):
        for module in modules if imported.early else ():
            names = [module, f"{module}.{imported.name}"] if imported.name else [module]
            runs = (path in files_begun(index, name) or path in closure(index, name).steps for name in names)
            if path_of(index, module) != home and any(runs):
                return imported
            below = f"{module}.{imported.name}"
            if path_of(index, module) == home and imported.name and path in files_begun(index, below):
                return imported
    return None


def passing_files(analysis: Analysis, uses: Iterable[Use]) -> Mapping[str, Mapping[str, int]]:
    """The modules that the usages come through, not those that they are about.

    Each with the files that run when it is imported and do something: path and line.
    """
    index, found = analysis.index, dict[str, Mapping[str, int]]()
    for use in uses:
        homes = {*above(use.target.name), *above(use.target.canonical or "")}
        if use.target.kind is TargetKind.MODULE:  # and what is below the one, or the other
            homes |= {*above(use.symbol), *above(successor(use) or "")}
        imported = [b.imported for b in (*use.bindings, *([use.star] if use.star else [])) if b.imported]
        names = {name for each in imported for module in (*each.modules, *each.origins) for name in above(module)}
        own = {path for home in homes if (path := path_of(index, home)) is not None}
        for module in names - homes - found.keys():
            if (start := path_of(index, module)) is not None:
                acts = {path: _line(index, path) for path in (start, *closure(index, module).steps) if path not in own}
                found[module] = {path: line for path, line in acts.items() if line is not None}
    return {module: acts for module, acts in found.items() if acts}


def _line(index: Index, path: str) -> int | None:
    source = index.files.get(path)
    return _first(source) if source is not None else None


@lru_cache(maxsize=1_000)
def _first(source: bytes) -> int | None:
    """The first line of a file that calls something for its effect, or changes something of others."""
    try:
        body = parse(source).body
    except PARSE_ERRORS:
        return None
    own = {name for statement in body for name in names_bound(statement)}
    brought = {name for each in body if isinstance(each, ast.Import | ast.ImportFrom) for name in names_bound(each)}
    return next(_acts(run_at_once(each for each in body if not is_main(each)), own - brought), None)


def _acts(statements: Iterable[ast.stmt], own: set[str]) -> Iterator[int]:
    for statement in statements:
        match statement:
            case ast.Expr(value=ast.Call(func=function)):
                head, _, tail = written(function).partition(".")
                if (tail or head).rpartition(".")[2] not in _QUIET and not (tail and head in own):
                    yield statement.lineno
            case ast.Assign(targets=targets) if any(_is_of_others(target, own) for target in targets):
                yield statement.lineno
            case ast.AugAssign(target=target) if _is_of_others(target, own):
                yield statement.lineno
            case ast.Delete(targets=targets) if any(_is_of_others(target, own) for target in targets):
                yield statement.lineno
            case _:
                pass


def _is_of_others(target: ast.expr, own: set[str]) -> bool:
    """Whether it is a member of something that the file has from elsewhere."""
    if not isinstance(target, ast.Attribute | ast.Subscript):
        return False
    while isinstance(target, ast.Attribute | ast.Subscript):
        target = target.value
    return not (isinstance(target, ast.Name) and target.id in own)
