"""Usages in the module that defines both the deprecated name and its successor."""

import ast
from collections.abc import Sequence

from bot.engine.program.calling import leads_out_to, run_by
from bot.engine.program.early import called
from bot.engine.resolve.bindings import Binding, BindingKind
from bot.engine.rewrite.import_order import facts_here, leads_back
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.usages.analysis import Analysis, Use
from bot.engine.usages.evaluation import in_function

_DEFINED = (BindingKind.FUNCTION, BindingKind.CLASS, BindingKind.ASSIGNMENT)


def is_at_home(analysis: Analysis, use: Use) -> bool:
    """Whether a usage reads what its own module defines."""
    module, _, name = use.symbol.rpartition(".")
    return (
        module in analysis.modules
        and use.load is not None
        and use.load.node.id == name
        and bool(use.bindings)
        and all(binding.scope is analysis.root and binding.imported is None for binding in use.bindings)
    )


def unfit_at_home(analysis: Analysis, use: Use, target: str) -> Refusal | None:
    """Why the successor, which the module defines as well, cannot take the place of a usage there.

    It has to be there whenever the usage runs, and must not come to the usage itself.
    """
    name = next((target[len(module) + 1 :] for module in analysis.modules if target.startswith(f"{module}.")), "")
    binding = _definition(analysis, name.partition(".")[0])
    if binding is None or use.scope.owner(binding.name) is not analysis.root:
        return Refusal(reason=Reason.DEFINES_SUCCESSOR)
    here, there = _at_the_top(analysis, use.statement), binding.statement
    run = run_by(analysis.tree, binding.name)
    if run is None or here in run.statements or leads_out_to(analysis.index, analysis.path, run, analysis.path):
        return Refusal(reason=Reason.DEFINES_SUCCESSOR)
    body = analysis.tree.body
    between = body[body.index(here) : body.index(there)]
    if between and (_runs_at_once(use) or any(map(_may_call, between))):
        return Refusal(reason=Reason.DEFINED_BELOW, name=binding.name)
    return None


def _definition(analysis: Analysis, name: str) -> Binding | None:
    """The one statement at the top of the file that defines a name, whatever happens."""
    bindings: Sequence[Binding] = analysis.root.bindings.get(name, ())
    if len(bindings) != 1 or analysis.root.stars:
        return None
    (only,) = bindings
    plain = only.kind in _DEFINED and only.written_in is analysis.root
    return only if plain and isinstance(analysis.parents[only.statement], ast.Module) else None


def _at_the_top(analysis: Analysis, node: ast.AST) -> ast.stmt:
    while not isinstance(parent := analysis.parents[node], ast.Module):
        node = parent
    if not isinstance(node, ast.stmt):
        raise TypeError("a module consists of statements")
    return node


def _runs_at_once(use: Use) -> bool:
    """Whether a usage is evaluated when its file is imported."""
    return not in_function(use.scope) and use.string is None


def is_called_after(analysis: Analysis, use: Use, statement: ast.stmt) -> bool:
    """Whether the function around a usage certainly runs after a statement below it: nothing between may call it.

    An import between runs other files, which may only do so if they lead back to this one.
    """
    here, there = _at_the_top(analysis, use.statement), _at_the_top(analysis, statement)
    if not in_function(use.scope) or not isinstance(here, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    if here.decorator_list or (isinstance(here, ast.ClassDef) and (here.bases or here.keywords)):
        return False
    body = analysis.tree.body
    between = body[body.index(here) + 1 : body.index(there) + 1]
    return not any(_may_call_here(analysis, each) for each in between)


def _may_call_here(analysis: Analysis, statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Import | ast.ImportFrom):
        return any(True for _ in called([statement]))
    program, lines = analysis.index.program, range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    found = (each for each in facts_here(analysis).imports if each.line in lines)
    modules = {name for each in found for name in program.absolute(analysis.path, each.module)}
    return any(leads_back(analysis, module) for module in modules)


def _may_call(statement: ast.stmt) -> bool:
    """Whether a statement at the top of the file may run code of the file before those below it are there."""
    return isinstance(statement, ast.Import | ast.ImportFrom) or any(True for _ in called([statement]))
