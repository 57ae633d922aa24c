"""What runs when a file is imported, and what its top has bound by then."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from bot.domain.migration import TargetKind
from bot.engine.program.acting import acts
from bot.engine.program.bound import names_bound
from bot.engine.program.cycles import around, closure, files_begun, path_of
from bot.engine.program.facts import Import
from bot.engine.program.index import Index
from bot.engine.program.order import above
from bot.engine.program.view import Witness
from bot.engine.resolve.exports import parse
from bot.engine.rewrite.rules import successor
from bot.engine.usages.analysis import Analysis, Use


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
                if other != path and _is_missing(index, home or "", imported.name, entry):
                    return Witness(path=other, line=imported.line)
    return None


def _is_missing(index: Index, home: str, name: str, entry: Import) -> bool:
    """Whether a package has not bound a name when it comes to one of its imports.

    Where its source is not at hand, that is known of what its imports bring.
    """
    source = index.files.get(home)
    if source is not None:
        return name not in bound_above(source, entry)
    lines = [each.line for each in index.program.facts[home].imports if each.early and each.local == name]
    return bool(lines) and min(lines) >= entry.line


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
    """The modules that the usages come through and are about, not those of their successors.

    Each with the files that run when it is imported and do something: path and line.
    """
    index, found = analysis.index, dict[str, Mapping[str, int]]()
    for use in uses:
        homes = {*above(use.target.canonical or "")}
        if use.target.kind is TargetKind.MODULE:  # and what is below it
            homes |= {*above(successor(use) or "")}
        imported = [b.imported for b in (*use.bindings, *([use.star] if use.star else [])) if b.imported]
        names = {name for each in imported for module in (*each.modules, *each.origins) for name in above(module)}
        own = {path for home in homes if (path := path_of(index, home)) is not None}
        for module in names - homes - found.keys():
            if (start := path_of(index, module)) is not None:
                lines = {path: acts(index, path) for path in (start, *closure(index, module).steps) if path not in own}
                found[module] = {path: line for path, line in lines.items() if line is not None}
    return {module: lines for module, lines in found.items() if lines}
