"""Imports that are there for when the successor is not: of them nothing can be made that is worth having."""

import ast
from collections.abc import Iterator

from bot.engine.resolve.bindings import Binding
from bot.engine.resolve.walk import around
from bot.engine.usages.analysis import Analysis


def is_fallback(analysis: Analysis, binding: Binding, target: str) -> bool:
    """Whether the import behind ``binding`` stands in for ``target`` where that cannot be imported.

    A handler of the ``try`` that imports the successor; a branch, if the other one binds the same name to it.
    """
    if binding.imported is None:
        return False
    branches = list(_branches(analysis, binding.statement))
    if not branches:
        return False
    others = [other for bindings in binding.scope.bindings.values() for other in bindings]
    return any(_is_instead(analysis, binding, other, branches) for other in others if _brings(other, target))


def _brings(other: Binding, target: str) -> bool:
    """Whether an import brings the successor, what it is a member of, or all of its module."""
    imported = other.imported
    if imported is None:
        return False
    names = imported.modules if imported.name in (None, "*") else imported.origins
    return any(target == name or target.startswith(f"{name}.") for name in names)


def _is_instead(
    analysis: Analysis, binding: Binding, other: Binding, branches: list[tuple[ast.AST, ast.AST]]
) -> bool:  # fmt: skip
    theirs = dict(_branches(analysis, other.statement))
    for node, branch in branches:
        if node not in theirs or (isinstance(node, ast.If) and other.name != binding.name):
            continue
        if isinstance(node, ast.If):
            return (branch in node.body) != (theirs[node] in node.body)
        if isinstance(node, ast.Try | ast.TryStar):
            return theirs[node] in node.body and branch in node.handlers
    return False


def _branches(analysis: Analysis, statement: ast.stmt) -> Iterator[tuple[ast.AST, ast.AST]]:
    """The ``try`` and ``if`` statements around ``statement`` in its scope, each with the part that it stands in."""
    for parent, part in around(statement, analysis.parents, analysis.scopes):
        if isinstance(parent, ast.If | ast.Try | ast.TryStar):
            yield parent, part
