"""When the code around a usage is evaluated: with the file's import, or at another time."""

import ast

from bot.engine.resolve.bindings import Scope, ScopeKind
from bot.engine.usages.analysis import Analysis, Use

_LATER = (ScopeKind.FUNCTION, ScopeKind.LAMBDA)


def in_function(scope: Scope) -> bool:
    """Whether the code of a scope runs at another time than the module's."""
    inner: Scope | None = scope
    while inner is not None:
        if inner.kind in _LATER:
            return True
        inner = inner.parent
    return False


def is_evaluated_once(analysis: Analysis, use: Use) -> bool:
    """Whether a usage is certainly evaluated while its file is imported, and never again.

    Not an annotation (PEP 649), a type alias or a bound (PEP 695), nor what a generator may be asked for later.
    """
    if use.expression is None or use.string is not None or in_function(use.scope):
        return False
    scope: Scope | None = use.scope
    while scope is not None:
        if scope.kind is ScopeKind.TYPE_PARAMETERS or isinstance(scope.node, ast.GeneratorExp):
            return False
        scope = scope.parent
    return not _in_annotation(analysis, use.node)


def is_kept_as_text(analysis: Analysis, node: ast.AST) -> bool:
    """Whether a node belongs to an annotation of a file that evaluates none: ``from __future__ import annotations``."""
    return _in_annotation(analysis, node) and _evaluates_none(analysis.tree)


def _in_annotation(analysis: Analysis, node: ast.AST) -> bool:
    child, parent = node, analysis.parents.get(node)
    while parent is not None and not isinstance(child, ast.stmt):
        if child in (getattr(parent, "annotation", None), getattr(parent, "returns", None)):
            return True
        child, parent = parent, analysis.parents.get(parent)
    return False


def _evaluates_none(tree: ast.Module) -> bool:
    future = (each for each in tree.body if isinstance(each, ast.ImportFrom) and each.module == "__future__")
    return any(alias.name == "annotations" for each in future for alias in each.names)
