"""Where a value goes: what is done with an expression, and whether a local variable stands for it."""

import ast
from dataclasses import dataclass

from bot.engine.program.definition import leaf
from bot.engine.resolve.bindings import Binding, BindingKind, Load, Scope, ScopeKind
from bot.engine.resolve.flow import in_one_branch
from bot.engine.resolve.walk import position
from bot.engine.rewrite.namespaces import reads_by_name
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.usages.analysis import Analysis

_OBSERVERS = frozenset({"isinstance", "issubclass", "type", "hasattr", "getattr", "callable", "id", "vars", "dir"})
_EXPECTING = frozenset(
    {"raises", "warns", "deprecated_call", "suppress", "catch_warnings", "assertRaises", "assertRaisesRegex",
     "assertWarns", "assertWarnsRegex", "assertLogs", "assertNoLogs", "assertNumQueries", "pytest.raises"}
)  # fmt: skip
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


@dataclass(frozen=True, slots=True)
class Probe:
    """The value is only asked whether it is there."""


@dataclass(frozen=True, slots=True)
class Discarded:
    """The value is the whole of an expression statement."""

    statement: ast.Expr


@dataclass(frozen=True, slots=True)
class Bound:
    """The value is bound to one local variable, which stands for it at each of ``loads``."""

    statement: ast.stmt
    binding: Binding
    loads: tuple[Load, ...]


ValueUse = Probe | Discarded | Bound | Refusal


def value_use(analysis: Analysis, value: ast.expr) -> ValueUse:
    """What becomes of the value of an expression, as far as it can be proved."""
    parent = analysis.parents[value]
    match parent:
        case ast.Expr():
            return Discarded(parent)
        case ast.Assign(targets=[ast.Name() as name]) | ast.AnnAssign(target=ast.Name() as name):
            return _bound(analysis, parent, name)
        case _:
            refused = consumption(analysis, value)
            return Probe() if refused is None else refused


def _bound(analysis: Analysis, statement: ast.stmt, name: ast.Name) -> ValueUse:
    scope = analysis.scope_of(statement)
    owner = scope.owner(name.id)
    binding = next((b for b in (owner.bindings[name.id] if owner else ()) if b.node is name), None)
    if binding is None or owner is not scope or name.id in scope.globals or name.id in scope.nonlocals:
        return Refusal(reason=Reason.SCOPE_ESCAPES)
    if scope.kind is ScopeKind.MODULE:
        return Refusal(reason=Reason.STORED)
    if scope.kind is not ScopeKind.FUNCTION:
        return Refusal(reason=Reason.STORED_ON_SELF)
    loads = tuple(scope.reads.get(name.id, ()))
    refused = _unprovable(analysis, scope, binding, loads)
    return refused or Bound(statement, binding, loads)


def _unprovable(analysis: Analysis, scope: Scope, binding: Binding, loads: tuple[Load, ...]) -> Refusal | None:
    name = binding.name
    bindings = [b for b in scope.bindings[name] if b.kind is not BindingKind.ANNOTATION]
    if len(bindings) > 1 or binding.written_in is not scope:
        return Refusal(reason=Reason.REBOUND, name=name)
    if reads_by_name(analysis, scope):
        return Refusal(reason=Reason.SCOPE_ESCAPES)
    if any(name in inner.nonlocals for inner in scope.walk()):
        return Refusal(reason=Reason.REBOUND, name=name)
    for load in loads:
        if runs_later(load.scope, scope):
            return Refusal(reason=Reason.CLOSED_OVER, name=name)
        if not dominates(analysis, binding.statement, load.statement):
            return Refusal(reason=Reason.CONDITIONAL, name=name)
    return None


def runs_later(inner: Scope, outer: Scope) -> bool:
    """Whether the code of a scope may run at another time than that of one around it."""
    while inner is not outer:
        if inner.kind in (ScopeKind.FUNCTION, ScopeKind.LAMBDA) or inner.parent is None:
            return True
        inner = inner.parent
    return False


def dominates(analysis: Analysis, first: ast.stmt, then: ast.stmt) -> bool:
    """Whether every way to ``then`` leads through ``first``: a statement before it in its block, or in one around."""
    block = analysis.parents[first]
    child: ast.AST = then
    while analysis.parents.get(child) is not block:
        if child not in analysis.parents:
            return False
        child = analysis.parents[child]
    return position(first) < position(child) and in_one_branch(block, first, child)


def in_coroutine(scope: Scope) -> bool:
    """Whether an ``await`` can stand in the text of a scope: a coroutine's own, or a comprehension's in it."""
    while scope.kind is ScopeKind.COMPREHENSION and scope.parent is not None:
        scope = scope.parent
    return isinstance(scope.node, ast.AsyncFunctionDef) and scope.kind is ScopeKind.FUNCTION


# --- what is done with a value --------------------------------------------------------------------------------------


def consumption(analysis: Analysis, value: ast.expr) -> Refusal | None:
    """Why more is done with a value than to ask for its presence; ``None``: nothing more."""
    if is_probe(analysis, value):
        return None
    parent = analysis.parents[value]
    match parent:
        case ast.Attribute(attr=attribute):
            return Refusal(reason=Reason.MEMBER, name=f".{attribute}")
        case ast.Subscript():
            return Refusal(reason=Reason.MEMBER, name="[…]")
        case ast.Compare(ops=ops):
            identity = any(isinstance(op, ast.Is | ast.IsNot) for op in ops)
            return Refusal(reason=Reason.IDENTITY if identity else Reason.COMPARED)
        case ast.Call(func=ast.Name(id=function)) if function in _OBSERVERS:
            return Refusal(reason=Reason.TYPE_CHECKED)
        case ast.Call(func=function) if function is value:
            return Refusal(reason=Reason.MEMBER, name="(…)")
        case ast.Call() | ast.keyword() | ast.Starred():
            return Refusal(reason=Reason.PASSED)
        case ast.Return() | ast.Lambda():
            return Refusal(reason=Reason.RETURNED)
        case ast.Yield() | ast.YieldFrom():
            return Refusal(reason=Reason.YIELDED)
        case ast.FormattedValue():
            return Refusal(reason=Reason.FORMATTED)
        case ast.Await():
            return Refusal(reason=Reason.NO_RULE)
        case _:
            return _stored(parent)


def _stored(parent: ast.AST) -> Refusal:
    match parent:
        case ast.Assign(targets=targets) if any(isinstance(target, ast.Attribute) for target in targets):
            return Refusal(reason=Reason.STORED_ON_SELF)
        case ast.AnnAssign(target=ast.Attribute()):
            return Refusal(reason=Reason.STORED_ON_SELF)
        case ast.Assign(targets=[_, _, *_]) | ast.NamedExpr():
            return Refusal(reason=Reason.ALIASED)
        case ast.Assign(targets=[ast.Name()]) | ast.AnnAssign(target=ast.Name()):
            return Refusal(reason=Reason.ALIASED)
        case ast.Assign() | ast.AugAssign() | ast.List() | ast.Tuple() | ast.Dict() | ast.Set():
            return Refusal(reason=Reason.STORED)
        case ast.BoolOp() | ast.IfExp():
            return Refusal(reason=Reason.ALIASED)
        case _:
            return Refusal(reason=Reason.NO_RULE)


def is_probe(analysis: Analysis, value: ast.expr) -> bool:
    """Whether only presence or truth is asked of ``value``.

    A factory function's result and a class are both true and both not ``None``, so that either answers alike.
    """
    parent = analysis.parents[value]
    match parent:
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot()], comparators=[right]):
            other = right if left is value else left
            return isinstance(other, ast.Constant) and other.value is None
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Call(func=ast.Name(id="bool"), args=[argument], keywords=[]) if argument is value:
            return analysis.scope_of(value).owner("bool") is None
        case ast.BoolOp(op=operator, values=values):
            leads_on = isinstance(operator, ast.And) and value is not values[-1]
            return leads_on or is_probe(analysis, parent)
        case _:
            return _is_test(parent, value)


def _is_test(parent: ast.AST, value: ast.expr) -> bool:
    match parent:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
            return test is value
        case ast.comprehension(ifs=conditions):
            return any(value is condition for condition in conditions)
        case _:
            return False


# --- what is around a statement -------------------------------------------------------------------------------------


def expects_effect(analysis: Analysis, statement: ast.stmt) -> bool:
    """Whether a ``with`` around the statement is there to see it raise, warn or log."""
    return any(
        leaf(item.context_expr) in _EXPECTING
        for node in _around(analysis, statement)
        if isinstance(node, ast.With | ast.AsyncWith)
        for item in node.items
    )


def observed_by_try(analysis: Analysis, statement: ast.stmt) -> bool:
    """Whether a ``try`` around the statement, in the same scope, is there to see an import fail.

    A handler that names ``ImportError`` says so; a broad one does if the body has nothing else that could fail.
    """
    child: ast.AST = statement
    for node in _around(analysis, statement):
        if isinstance(node, ast.Try | ast.TryStar) and any(child is each for each in node.body):
            caught = {name for handler in node.handlers for name in _caught(handler)}
            if caught & {"ImportError", "ModuleNotFoundError"}:
                return True
            rest = [s for s in node.body if s is not statement and _can_fail(s)]
            if caught & {"", "Exception", "BaseException", "AttributeError"} and not rest:
                return True
        child = node
    return False


def _can_fail(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return True
    return any(isinstance(node, ast.Call | ast.Await | ast.Subscript) for node in ast.walk(statement))


def _caught(handler: ast.ExceptHandler) -> list[str]:
    match handler.type:
        case None:
            return [""]
        case ast.Tuple(elts=elements):
            return [leaf(element) for element in elements]
        case expression:
            return [leaf(expression)]


def _around(analysis: Analysis, statement: ast.stmt) -> list[ast.AST]:
    """The nodes around a statement up to the function, class or module that it stands in, inner first."""
    found = []
    node = analysis.parents.get(statement)
    while node is not None and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
        found.append(node)
        node = analysis.parents.get(node)
    return found
