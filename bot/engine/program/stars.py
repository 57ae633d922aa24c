"""Names that come through star imports: the last one that has a name wins."""

import ast
from collections.abc import Set

from bot.engine.program.bound import names_bound
from bot.engine.program.existence import lacks
from bot.engine.program.index import Index
from bot.engine.program.taken import is_needed
from bot.engine.program.view import Witness
from bot.engine.resolve.bindings import Load
from bot.engine.resolve.exports import PARSE_ERRORS, parse
from bot.engine.resolve.walk import position
from bot.engine.usages.analysis import Analysis, Use

_IMPORTS = (ast.Import, ast.ImportFrom, ast.Try)


def rival(analysis: Analysis, use: Use) -> str | None:
    """The module of another star import by which the name may come instead, and mean something else."""
    if use.star is None or use.load is None or use.star.imported is None:
        return None
    index, name = analysis.index, use.load.node.id
    sure = any(index.brings(module, name) for module in use.star.imported.modules)
    for star in analysis.root.stars:
        below = position(star.statement) > position(use.star.statement)
        if star is use.star or star.imported is None or (sure and not below):
            continue
        for module in star.imported.modules:
            if index.brings(module, name) is not False and not _leads_to(analysis, f"{module}.{name}", use):
                return module
    return None


def lost(analysis: Analysis, use: Use, target: str, besides: Set[Load] = frozenset()) -> str | None:
    """Of ``from module import *``, which is to name ``target``: a name that would be lost, or come unasked for.

    What the file reads ``besides`` does not count.
    """
    binding = use.binding
    if binding is None or binding.imported is None or binding.imported.name != "*" or use.node is not binding.node:
        return None
    index, here = analysis.index, analysis.root
    old, new = index.source_of(use.symbol), index.source_of(target)
    if not isinstance(old, tuple) or not isinstance(new, tuple):
        return None
    names = {*here.reads, *here.bindings, *(export.name for export in analysis.exports)}
    offered = {name for name in index.exports(*old).origins if index.offers(use.symbol, name)}
    for name in sorted(offered):
        gone = lacks(index, f"{target}.{name}") or index.brings(target, name) is False
        if (
            gone
            and is_needed(analysis, name, besides)
            and not _is_module_here(analysis, f"{use.symbol}.{name}", target)
        ):
            return f"{target}.{name}"
    unasked = [n for n in index.exports(*new).origins if n in names and n not in offered and index.offers(target, n)]
    return f"a use of {min(unasked)} that is not of {target}" if unasked else None


def _is_module_here(analysis: Analysis, dotted: str, target: str) -> bool:
    """Whether a name is a module that this package has by itself once ``target`` is imported: that, or one above it."""
    modules = [f"{module}.{dotted.rpartition('.')[2]}" for module in analysis.modules if analysis.is_package]
    known = analysis.index.resolution(dotted).names
    return any(module in known and f"{target}.".startswith(f"{module}.") for module in modules)


def elsewhere(analysis: Analysis, use: Use) -> Set[Load]:
    """What is read through a star import and is a usage of another target than the whole module."""
    through = (other for other in analysis.uses if other.star is use.binding and other.load is not None)
    return {other.load for other in through if other.load and other.target != use.target and other.target.canonical}


def over(index: Index, symbol: str) -> Witness | None:
    """The star import below the definition of a name, in the module that defines it, that may bring another value.

    Of a module that is not in view that is only told where a ``try`` is around it: settings of somebody's own.
    """
    for dotted in dict.fromkeys((symbol, *index.resolution(symbol).names)):
        holder, _, name = dotted.rpartition(".")
        known = index.source_of(holder)
        if not isinstance(known, tuple) or b"import *" not in known[1]:
            continue
        first, tried = _line_of(known[1], name), _tried(known[1])
        for imported, modules in index.program.imports_of(known[0]) if first is not None else ():
            if imported.name != "*" or not imported.early or imported.line < (first or 0):
                continue
            brought = [index.brings(module, name) for module in modules]
            if True in brought or (None in brought and imported.line in tried):
                return Witness(path=known[0], line=imported.line)
    return None


def _line_of(source: bytes, name: str) -> int | None:
    """The last line at the top of a module that binds a name by itself."""
    found = [each.lineno for each in _body(source) if not isinstance(each, _IMPORTS) and name in names_bound(each)]
    return max(found, default=None)


def _tried(source: bytes) -> frozenset[int]:
    """The lines of the imports that a ``try`` at the top is around."""
    tries = (each for each in _body(source) if isinstance(each, ast.Try))
    return frozenset(each.lineno for one in tries for each in one.body if isinstance(each, ast.ImportFrom))


def _body(source: bytes) -> list[ast.stmt]:
    try:
        return parse(source).body
    except PARSE_ERRORS:
        return []


def _leads_to(analysis: Analysis, dotted: str, use: Use) -> bool:
    return use.symbol in analysis.index.resolution(dotted).names
