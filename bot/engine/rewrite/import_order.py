"""The order of imports: which come into the function that needs them, because at the top of the file they would close a
cycle; and which other files rely on."""

import ast
from collections.abc import Sequence

from bot.engine.program.calling import caller, may_run
from bot.engine.program.collect import facts_of
from bot.engine.program.cycles import closes_cycle
from bot.engine.program.entering import broken, loaded
from bot.engine.program.facts import Facts, Import
from bot.engine.program.loading import relying
from bot.engine.program.nodes import statements
from bot.engine.program.view import Witness
from bot.engine.resolve.bindings import Scope, ScopeKind
from bot.engine.resolve.exports import PARSE_ERRORS, parse
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.requires import dotted_names
from bot.engine.rewrite.top import is_docstring
from bot.engine.usages.analysis import Analysis, Use
from bot.engine.usages.evaluation import is_kept_as_text


def facts_here(analysis: Analysis) -> Facts:
    """What the file itself contributes to the view of the program."""
    return analysis.index.program.facts.get(analysis.path) or facts_of(analysis.source)


def leads_back(analysis: Analysis, dotted: str) -> Witness | None:
    """The import by which that of ``dotted``, at the top of this file, would lead back to this file."""
    if dotted not in analysis.leading:
        begun = frozenset(module for _, module in _imported(analysis))
        analysis.leading[dotted] = closes_cycle(analysis.index, analysis.path, dotted, begun, _first_import(analysis))
    return analysis.leading[dotted]


def _first_import(analysis: Analysis) -> int:
    """The line of the first import of a deprecated name: what takes its place comes no earlier."""
    lines = (use.statement.lineno for use in analysis.uses if isinstance(use.node, ast.alias))
    return min(lines, default=1)


def enters_late(analysis: Analysis, module: str) -> Witness | None:
    """Who would need something of a module that is not complete yet if this file were the first to import ``module``.

    What the file imports already is loaded by then, in the order that the program knows to work.
    """
    if broken(analysis.index, module) is None:
        return None
    first = _first_import(analysis)
    begun = {module for each, module in _imported(analysis) if each.line <= first}
    begun |= {f"{module}.{each.name}" for each, module in _imported(analysis) if each.name and each.line <= first}
    return broken(analysis.index, module, besides=loaded(analysis.index, analysis.path, begun))


def _imported(analysis: Analysis) -> Sequence[tuple[Import, str]]:
    """The imports at the top of the file that do not fail unseen, each with the modules that it may mean."""
    if not analysis.begun:
        program, guarded = analysis.index.program, guarded_lines(analysis.tree)
        early = (each for each in facts_here(analysis).imports if each.early and each.line not in guarded)
        analysis.begun.extend((each, name) for each in early for name in program.absolute(analysis.path, each.module))
    return analysis.begun


def guarded_lines(tree: ast.Module) -> frozenset[int]:
    """The lines of the imports that a ``try`` is around which hides that they fail: they may begin nothing."""
    tries = (each for each, _ in statements(tree.body, early=True) if isinstance(each, ast.Try) and _hides(each))
    inside = (statement for each in tries for statement, _ in statements(each.body, early=True))
    return frozenset(each.lineno for each in inside if isinstance(each, ast.Import | ast.ImportFrom))


def _hides(statement: ast.Try) -> bool:
    """Whether the program may go on behind a ``try`` that failed: some handler does not only raise."""
    return any(not isinstance(each.body[0], ast.Raise) for each in statement.handlers)


def relied_on(analysis: Analysis, module: str) -> Witness | None:
    """Who uses a module that nothing loads but the import of another file, perhaps of this one."""
    leaving = {target.name for use in analysis.uses for target in use.migration.targets}
    return relying(analysis.index, module, besides=analysis.path, leaving=leaving)


def asked_for(analysis: Analysis, module: str) -> Witness | None:
    """Where the file itself asks a package for one name after the other, of which the module's may be one."""
    package, _, leaf = module.rpartition(".")
    if not package or (f'"{leaf}"' not in analysis.text and f"'{leaf}'" not in analysis.text):
        return None
    for node in ast.walk(analysis.tree):
        match node:
            case ast.Call(func=ast.Name(id="hasattr" | "getattr"), args=[held, name, *_]):
                asked = not isinstance(name, ast.Constant)
            case ast.Call(func=ast.Name(id="dir" | "vars"), args=[held]):
                asked = True
            case _:
                continue
        if asked and package in dotted_names(analysis, held, held):
            return Witness(path=analysis.path, line=node.lineno)
    return None


def place_inside(layout: Layout, module: str, name: str, use: Use) -> tuple[Scope, ast.stmt] | None:
    """The function around a usage and the first statement in it, if the import of the name belongs there.

    That is: at the top of the file it would close a cycle, no code calls the function before that is complete, and
    the successor does not come back to this file: the function may be what it calls.  A type that is kept as text is
    looked up in the module, not in the function (``typing.get_type_hints``).
    """
    analysis, dotted = layout.analysis, f"{module}.{name}"
    place = None if use.string is not None or is_kept_as_text(analysis, use.node) else _function(layout, use.scope)
    if place is None or not (leads_back(analysis, module) or leads_back(analysis, dotted)):
        return None
    if dotted not in analysis.deferred:
        index, path = analysis.index, analysis.path
        early = takes_early(analysis, module) or caller(index, path, dotted, _line_of(analysis, dotted))
        analysis.deferred[dotted] = not early and not may_run(index, dotted, path)
    return place if analysis.deferred[dotted] else None


def takes_early(analysis: Analysis, module: str) -> bool:
    """Whether the file takes names of the module already: then one more changes nothing."""
    program = analysis.index.program
    early = (each for each in facts_here(analysis).imports if each.early and each.name is not None)
    return any(module in program.absolute(analysis.path, each.module) for each in early)


def _line_of(analysis: Analysis, dotted: str) -> int | None:
    """The last line of the one function or class at the top of its module that ``dotted`` names."""
    module, _, name = dotted.rpartition(".")
    known = analysis.index.source_of(module)
    if not isinstance(known, tuple):
        return None
    try:
        body = parse(known[1]).body
    except PARSE_ERRORS:
        return None
    found = [each for each in body if isinstance(each, _DEFINITIONS) and each.name == name]
    return found[0].end_lineno if len(found) == 1 else None


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _function(layout: Layout, scope: Scope | None) -> tuple[Scope, ast.stmt] | None:
    """The innermost function that has lines of its own, and the statement before which an import can stand there."""
    while scope is not None:
        if scope.kind is ScopeKind.FUNCTION and isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = scope.node.body
            first = body[1] if is_docstring(body[0]) and len(body) > 1 else body[0]
            if layout.indent(first) is not None:
                return scope, first
        scope = scope.parent
    return None
