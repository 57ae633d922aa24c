"""Places where code tells the deprecated thing and its successor apart: they would be one after a rewrite."""

import ast
from collections.abc import Iterator, Sequence

from bot.engine.program.definition import leaf
from bot.engine.program.literals import is_plain
from bot.engine.program.nature import value_of
from bot.engine.resolve.annotation import last_name
from bot.engine.rewrite.asking import asks_for_itself
from bot.engine.rewrite.requires import dotted_names
from bot.engine.usages.analysis import Analysis, Use

_SORTING = frozenset({"isinstance", "issubclass"})
_WARNS = frozenset({"warns", "deprecated_call", "assertWarns", "assertWarnsRegex"})
"""The last component of what asks code for a warning."""


def told_apart(analysis: Analysis, use: Use, target: str) -> bool:
    """Whether the usage stands where the successor (or another name for it to come) is asked for as something else."""
    index = analysis.index
    names = index.resolution(use.symbol).names
    if use.expression is None or target in names or is_plain(value_of(index, use.symbol)):
        return False
    new_names = {target, *index.resolution(target).names} - {*names}
    others = {other.expression for other in analysis.uses if other.successor == target and other.symbol != use.symbol}
    if asks_for_itself(analysis, use, target):
        return True
    for node in _beside(analysis, use.expression):
        if node is not use.expression and (
            node in others or not new_names.isdisjoint(dotted_names(analysis, node, node))
        ):
            return True
    return False


def _beside(analysis: Analysis, node: ast.expr) -> Sequence[ast.expr]:
    """What stands beside an expression where only one of two may be: base classes, keys, what is compared …"""
    parents = analysis.parents
    parent, child = parents.get(node), node
    while isinstance(parent, ast.Tuple):
        child, parent = parent, parents.get(parent)
    match parent:
        case ast.ClassDef(bases=bases) if child in bases:
            return bases
        case ast.Dict(keys=keys) if child in keys:
            return [key for key in keys if key is not None]
        case ast.Set(elts=elements):
            return elements
        case ast.Compare():
            return [*_flat(parent.left), *(each for part in parent.comparators for each in _flat(part))]
        case ast.Call(func=ast.Attribute(value=held, attr="register")):
            text = ast.unparse(held)
            return [each for call in _calls(analysis.tree, "register") if _held(call) == text for each in call.args]
        case ast.MatchClass() | ast.Call() | ast.ExceptHandler() if _sorts(parent, child):
            return list(_sorted_in(_around(analysis, node)))
        case _:
            return ()


def _held(call: ast.Call) -> str:
    return ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _calls(tree: ast.AST, last: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == last:
            yield node


def _sorts(parent: ast.AST, child: ast.AST) -> bool:
    match parent:
        case ast.MatchClass(cls=sort) | ast.ExceptHandler(type=sort):
            return sort is child
        case ast.Call(func=ast.Name(id=name), args=[_, sort]):
            return name in _SORTING and sort is child
        case _:
            return False


def _sorted_in(tree: ast.AST) -> Iterator[ast.expr]:
    """The classes that code asks objects for."""
    for node in ast.walk(tree):
        match node:
            case ast.MatchClass(cls=sort):
                yield sort
            case ast.ExceptHandler(type=ast.expr() as sort):
                yield from _flat(sort)
            case ast.Call(func=ast.Name(id=name), args=[_, sort]) if name in _SORTING:
                yield from _flat(sort)
            case _:
                pass


def _flat(node: ast.expr) -> Sequence[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]


def _around(analysis: Analysis, node: ast.AST) -> ast.AST:
    """The function around a node, or the file."""
    while not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
        node = analysis.parents[node]
    return node


def asks_for_warning(analysis: Analysis, use: Use) -> bool:
    """Whether the code around a usage wants a warning of it: ``pytest.warns``, ``assertWarns`` and their like."""
    node: ast.AST = use.node
    while not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
        if isinstance(node, ast.Call) and use.node is not node.func and last_name(node.func) in _WARNS:
            return True
        if isinstance(node, ast.With | ast.AsyncWith) and any(map(_wants, node.items)):
            return True
        node = analysis.parents[node]
    return False


def _wants(item: ast.withitem) -> bool:
    last = leaf(item.context_expr)
    recorded = isinstance(item.context_expr, ast.Call) and any(k.arg == "record" for k in item.context_expr.keywords)
    return last in _WARNS or (last == "catch_warnings" and recorded)
