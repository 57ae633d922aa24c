"""Annotations that are kept as text, because of ``from __future__ import annotations`` (PEP 563)."""

import ast

from bot.engine.usages.analysis import Analysis


def is_kept_as_text(analysis: Analysis, node: ast.AST) -> bool:
    """Whether a node belongs to an annotation of a file that evaluates none."""
    child, parent = node, analysis.parents.get(node)
    while parent is not None and not isinstance(child, ast.stmt):
        if child in (getattr(parent, "annotation", None), getattr(parent, "returns", None)):
            return _evaluates_none(analysis.tree)
        child, parent = parent, analysis.parents.get(parent)
    return False


def _evaluates_none(tree: ast.Module) -> bool:
    future = (each for each in tree.body if isinstance(each, ast.ImportFrom) and each.module == "__future__")
    return any(alias.name == "annotations" for each in future for alias in each.names)
