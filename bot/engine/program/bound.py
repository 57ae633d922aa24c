"""Which names a body of statements leaves bound when it has run: of a module what others can take from it then."""

import ast
from collections.abc import Iterable, Mapping, Sequence

from bot.engine.resolve.annotation import last_name

State = dict[str, bool | None]
"""By name: it is bound, it is not (any more), or (``None``) that depends on what happens."""
_CERTAIN = (3, 8)
"""A Python from which on every one that is in use is taken to be."""


def bound(body: Sequence[ast.stmt]) -> Mapping[str, bool | None]:
    """The names that are bound somewhere in a body, each with whether it is at its end."""
    state: State = {}
    _run(body, state)
    return state


def names_bound(node: ast.stmt) -> set[str]:
    """The names that a statement may bind where it stands."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return {name}
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant() | ast.Name()):
            return {name}  # most of them
        case _:
            return {name for each in ast.walk(node) for name in _bound_by(each)}


def _bound_by(node: ast.AST) -> Iterable[str]:
    """The names that one node binds."""
    if isinstance(node, ast.Name):
        return (node.id,) if isinstance(node.ctx, ast.Store) else ()
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (node.name,)
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    return ()


def _run(body: Iterable[ast.stmt], state: State) -> bool:
    """What statements do to a state; whether what stands below them is reached."""
    return all(_step(statement, state) for statement in body)


def _step(node: ast.stmt, state: State) -> bool:
    match node:
        case ast.Raise():
            return False
        case ast.Delete(targets=targets):
            state.update(dict.fromkeys((t.id for t in targets if isinstance(t, ast.Name)), False))
        case ast.AnnAssign(target=ast.Name(id=name), value=None):
            state.setdefault(name, False)
        case ast.If(test=test, body=body, orelse=orelse):
            return _chosen(truth(test), body, orelse, state)
        case ast.Try() | ast.TryStar():
            return _tried(node, state)
        case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
            names = {name for item in items if item.optional_vars for name in names_bound(ast.Expr(item.optional_vars))}
            state.update(dict.fromkeys(names, True))
            hides = any(_suppresses(item.context_expr) for item in items)
            return _branches([body, []], state) if hides else _run(body, state)
        case ast.For() | ast.AsyncFor() | ast.While():
            state.update(dict.fromkeys(names_bound(node), True))  # most loops turn
        case ast.Match(cases=cases):
            return _branches([*(case.body for case in cases), []], state)
        case _:
            state.update(dict.fromkeys(names_bound(node), True))
    return True


def _chosen(holds: bool | None, body: Sequence[ast.stmt], orelse: Sequence[ast.stmt], state: State) -> bool:
    """What an ``if`` does; the names of a branch that is never taken are not bound by it."""
    if holds is None:
        return _branches([body, orelse], state)
    for statement in orelse if holds else body:
        for name in names_bound(statement):
            state.setdefault(name, False)
    return _run(body if holds else orelse, state)


def _branches(bodies: Sequence[Sequence[ast.stmt]], state: State) -> bool:
    """What one of several bodies does."""
    ends: list[State] = []
    for body in bodies:
        end = dict(state)
        if _run(body, end):
            ends.append(end)
    _merge(ends, state)
    return bool(ends)


def _merge(ends: Sequence[State], state: State) -> None:
    for name in {name for end in ends for name in end}:
        seen = {end.get(name, False) for end in ends}
        state[name] = seen.pop() if len(seen) == 1 else None


def _tried(node: ast.Try | ast.TryStar, state: State) -> bool:
    """A ``try``: its body and its ``else``, or a part of the body and a handler; then the ``finally``."""
    before, whole = dict(state), dict(state)
    ends = [whole] if _run(node.body, whole) & _run(node.orelse, whole) else []
    for handler in node.handlers:
        end = dict(before)
        if _run(handler.body, end):
            if handler.name:
                end[handler.name] = False
            ends.append(end)
    _merge(ends, state)
    return _run(node.finalbody, state) and bool(ends)


def _suppresses(expression: ast.expr) -> bool:
    called = expression.func if isinstance(expression, ast.Call) else expression
    return last_name(called) == "suppress"


def truth(test: ast.expr) -> bool | None:
    """Whether a condition holds when a module is imported; ``None`` where that depends on something."""
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Name(id="TYPE_CHECKING" | "PY2") | ast.Attribute(attr="TYPE_CHECKING" | "PY2"):
            return False
        case ast.Name(id="PY3") | ast.Attribute(attr="PY3"):
            return True
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            found = truth(operand)
            return None if found is None else not found
        case ast.BoolOp(op=operator, values=values):
            decides, found_of = isinstance(operator, ast.Or), [truth(value) for value in values]
            rest = None if None in found_of else not decides
            return decides if decides in found_of else rest
        case ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]):
            return False
        case ast.Compare(left=left, ops=[operator], comparators=[limit]) if _is_version(left):
            return _compared(operator, limit)
        case _:
            return None


def _is_version(node: ast.expr) -> bool:
    node = node.value if isinstance(node, ast.Subscript) else node
    return isinstance(node, ast.Attribute) and node.attr in ("version_info", "major")


def _compared(operator: ast.cmpop, limit: ast.expr) -> bool | None:
    """Whether every Python in use is above a version, or below."""
    parts = limit.elts if isinstance(limit, ast.Tuple) else [limit]
    numbers = tuple(part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, int))
    if len(numbers) != len(parts) or not numbers:
        return None
    match operator:
        case ast.GtE() | ast.Gt() if numbers[:2] <= _CERTAIN:
            return True
        case ast.Lt() | ast.LtE() if numbers[:2] <= _CERTAIN and numbers != (3,):
            return False
        case ast.Eq():
            return None if numbers[0] >= 3 else False
        case _:
            return None
