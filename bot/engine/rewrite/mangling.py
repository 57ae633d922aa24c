"""Private names: inside a class ``__name`` is ``_Class__name`` (language reference, "Private name mangling")."""

import ast
from collections.abc import Iterable, Iterator

from bot.engine.usages.analysis import Analysis, Use


def mangled(analysis: Analysis, use: Use, written: Iterable[ast.AST]) -> str | None:
    """The first name in ``written`` that would be another one where ``use`` stands."""
    node: ast.AST | None = use.expression or use.node
    while node is not None:
        if isinstance(node, ast.ClassDef) and node.name.strip("_"):
            return next((name for tree in written for name in _names(tree) if is_private(name)), None)
        node = analysis.parents.get(node)
    return None


def is_private(name: str) -> bool:
    """Whether a class mangles ``name``."""
    return name.startswith("__") and not name.endswith("__")


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
