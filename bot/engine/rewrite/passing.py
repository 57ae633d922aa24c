"""Successors that a deprecated module has taken from their own module by the time that a file takes them from it."""

import ast
from collections.abc import Iterable

from bot.domain.migration import TargetKind
from bot.engine.program.cycles import closure, files_begun, path_of
from bot.engine.program.index import Index
from bot.engine.program.view import Witness
from bot.engine.resolve.bindings import BindingKind
from bot.engine.rewrite.import_order import facts_here, leads_back, takes_early
from bot.engine.rewrite.rules import successor
from bot.engine.usages.analysis import Analysis, Use
from bot.engine.usages.evaluation import in_function

_OF_MEMBERS = (BindingKind.FROM_IMPORT, BindingKind.STAR_IMPORT)


def is_passed_on(analysis: Analysis, uses: Iterable[Use]) -> bool:
    """Whether all that is taken comes out of the successor's module before: its import then begins nothing new.

    Only who takes a name by an import at the top finds it there, or reads it of the deprecated module there: a module
    may come without it, and be read later.
    """
    taken = [use for use in uses if not _is_whole(use)]
    return bool(taken) and all(
        _is_taken_at_once(analysis, use) and _passes_on(analysis.index, use.symbol, successor(use) or "")
        for use in taken
    )


def read_too_early(analysis: Analysis, uses: Iterable[Use]) -> Witness | None:
    """Who leads back to this file while it reads a successor: of a module that may not be complete then.

    Where the file takes names of the module already, by an import or for a call, one more changes nothing.
    """
    for use in uses:
        target = successor(use)
        if target is None or use.expression is None or in_function(use.scope):
            continue
        if _is_taken_at_once(analysis, use) and _passes_on(analysis.index, use.symbol, target):
            continue  # it is complete by the time that the deprecated module has taken it
        module = target.rpartition(".")[0]
        if (found := leads_back(analysis, module)) is not None and not _takes_early(analysis, module):
            return found
    return None


def _takes_early(analysis: Analysis, module: str) -> bool:
    program, calls = analysis.index.program, facts_here(analysis).calls
    called = (name for call in calls for name in program.absolute(analysis.path, call.name))
    return takes_early(analysis, module) or any(name.startswith(f"{module}.") for name in called)


def _is_taken_at_once(analysis: Analysis, use: Use) -> bool:
    through = use.binding or use.star
    if through is None or through.imported is None or through.scope is not analysis.root:
        return False
    if through.kind in _OF_MEMBERS and (use.expression is None or isinstance(use.expression, ast.Name)):
        return True
    holder = use.symbol.rpartition(".")[0]
    beside = (each for each in analysis.uses if through in each.bindings and each.expression is not None)
    read = any(not in_function(each.scope) for each in beside)
    return read and holder in (*through.imported.origins, *through.imported.modules)


def _is_whole(use: Use) -> bool:
    """Whether it is the import of a deprecated module, of which nothing is taken yet."""
    return use.target.kind is TargetKind.MODULE and use.symbol == use.target.name and use.expression is None


def _passes_on(index: Index, symbol: str, target: str) -> bool:
    holder, _, member = symbol.rpartition(".")
    known = index.source_of(holder)
    if not isinstance(known, tuple):
        return False
    exports = index.exports(*known)
    origins = exports.origins.get(member, ()) or [f"{star}.{member}" for star in exports.stars]
    return list(origins) == [target] and _is_the_first(index, known[0], target)


def _is_the_first(index: Index, path: str, target: str) -> bool:
    """Whether a file imports nothing, before it imports the module of ``target``, that leads to that module."""
    module = target.rpartition(".")[0]
    home = path_of(index, module)
    if home is None:
        return False
    for imported, modules in index.program.imports_of(path):
        if not imported.early:
            continue
        names = {*modules, *(f"{each}.{imported.name}" for each in modules if imported.name)}
        if module in names:
            return True
        for name in names:
            if home in files_begun(index, name) or home in closure(index, name).steps:
                return False
    return False
