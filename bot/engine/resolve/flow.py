"""Which of a name's bindings can reach a place: straight-line order and blocks, without evaluating anything."""

import ast
import bisect
from collections.abc import Mapping, Sequence

from bot.engine.resolve.bindings import Binding, BindingKind, Load, Scope, ScopeKind
from bot.engine.resolve.scope import owner_at
from bot.engine.resolve.walk import position

Parents = Mapping[ast.AST, ast.AST]
_FOR = (ast.For, ast.AsyncFor)
_LOOPS = (*_FOR, ast.While)
_NOT_BINDING = (BindingKind.ANNOTATION,)
_BRANCHES = ("body", "orelse", "finalbody", "handlers")


def reaching(load: Load, parents: Parents) -> tuple[Binding, ...]:
    """The bindings that may have given the name its value at ``load``, in the order of the source.

    In the scope of the variable, those above the load that no later unconditional one replaces, and those below it in
    the same loop.  From an inner scope, which runs later: those that hold at the end of the variable's scope.
    """
    owner = owner_at(load)
    if owner is None:
        return ()
    bindings = [b for b in owner.bindings[load.node.id] if b.kind not in _NOT_BINDING]
    if len(bindings) < 2:
        return tuple(bindings)
    if not runs_with(load.scope, owner):
        return reaching_end(bindings, parents)
    return _before(load, bindings, parents) or tuple(bindings)


def bound_above(load: Load, parents: Parents) -> tuple[Binding, ...]:
    """As `reaching` in the scope of the variable: but none where all stand below the load, so that none has run."""
    owner = owner_at(load)
    bindings = owner.bindings[load.node.id] if owner else ()
    return _before(load, [b for b in bindings if b.kind not in _NOT_BINDING], parents)


def reaching_end(bindings: Sequence[Binding], parents: Parents) -> tuple[Binding, ...]:
    """The bindings that hold when the scope that they are in has run."""
    found: list[Binding] = []
    for binding in bindings:
        if binding.kind is BindingKind.ANNOTATION:
            continue
        block = parents.get(binding.statement)
        if block is binding.scope.node and binding.written_in is binding.scope:
            found.clear()
        found.append(binding)
    return tuple(found)


def runs_with(scope: Scope, owner: Scope) -> bool:
    """Whether the text of ``scope`` runs where it stands in ``owner``: itself, a comprehension or class in it."""
    while scope is not owner:
        if scope.kind in (ScopeKind.FUNCTION, ScopeKind.LAMBDA) or scope.parent is None:
            return False
        scope = scope.parent
    return True


def _before(load: Load, bindings: Sequence[Binding], parents: Parents) -> tuple[Binding, ...]:
    around = _ancestors(load.statement, parents)
    place = position(load.node)
    found: list[Binding] = []
    for binding in bindings:
        if _follows(binding, load, place):
            if any(node in around and _repeats(node, binding) for node in _ancestors(binding.statement, parents)):
                found.append(binding)
            continue
        if binding.written_in is binding.scope and _always_before(binding, load, around, parents):
            found.clear()
        found.append(binding)
    return tuple(found)


def _repeats(node: ast.AST, binding: Binding) -> bool:
    """Whether the text of the binding runs again for each turn of a loop: not what the loop itself goes through."""
    return isinstance(node, _LOOPS) and not (node is binding.statement and isinstance(node, _FOR))


def _follows(binding: Binding, load: Load, place: tuple[int, int]) -> bool:
    """Whether a binding is made after the load: below it, or by the statement whose value the load is part of."""
    if binding.statement is load.statement:
        if isinstance(binding.statement, _FOR) and position(binding.node) < position(binding.statement.iter) <= place:
            return True  # the target is bound after what the loop goes through is evaluated
        if binding.kind in (BindingKind.LOOP, BindingKind.WITH, BindingKind.WALRUS, BindingKind.PARAMETER):
            return position(binding.node) > place
        return True
    return position(binding.statement) > place


def _always_before(
    binding: Binding, load: Load, around: Mapping[ast.AST, ast.AST | None], parents: Parents
) -> bool:  # fmt: skip
    """Whether every way to the load leads through the binding: its block holds the load, in the same branch."""
    statement = binding.statement
    if binding.kind is BindingKind.PARAMETER or statement is load.statement:
        return True
    block = parents.get(statement)
    if block is None or block not in around:
        return False
    branch = around[block]
    return branch is None or in_one_branch(block, statement, branch)


def _ancestors(node: ast.AST, parents: Parents) -> dict[ast.AST, ast.AST | None]:
    """The nodes around ``node``, each with its child on the way; the node itself with ``None``."""
    found: dict[ast.AST, ast.AST | None] = {node: None}
    child, parent = node, parents.get(node)
    while parent is not None:
        found[parent] = child
        child, parent = parent, parents.get(parent)
    return found


def in_one_branch(block: ast.AST, first: ast.AST, other: ast.AST) -> bool:
    """Whether two parts of a block are in the same list of its statements, say both in the ``else`` of an ``if``."""
    for name in _BRANCHES:
        body = getattr(block, name, None)
        if isinstance(body, list) and _holds(body, first):
            return _holds(body, other)
    return False


def _holds(body: Sequence[ast.AST], node: ast.AST) -> bool:
    """Whether ``node`` is in the list, which is in order: a file may have ten thousand usages in one block."""
    at = bisect.bisect_left(body, position(node), key=position)
    return at < len(body) and body[at] is node
