"""Strings of a file that replace what is deprecated, and the usages that see it."""

import ast
from collections.abc import Sequence

from bot.domain.finding import Kind
from bot.engine.program.witness import is_same
from bot.engine.rewrite.rules import successor
from bot.engine.usages.analysis import Analysis, Use


def patches(analysis: Analysis) -> list[Use]:
    """The strings that name a target, for a patch or a look-up, and do not name its successor's own member."""
    strings = [use for use in analysis.uses if use.kind is Kind.STRING_REFERENCE]
    return [use for use in strings if not is_same(analysis.index, use.symbol, successor(use))]


def is_patched(analysis: Analysis, patched: Sequence[Use], use: Use) -> bool:
    """Whether the function around the usage (or what decorates it or its class) patches the name."""
    around = set[ast.AST]()
    node: ast.AST | None = use.statement
    while node is not None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            around.add(node)
        node = analysis.parents.get(node)
    return any(
        _around(analysis, string) & around or not _around(analysis, string)
        for string in patched
        if string.target == use.target and _concerns(string.symbol, use.symbol)
    )


def _around(analysis: Analysis, use: Use) -> frozenset[ast.AST]:
    """The function that a string stands in, or that it decorates, or the class that it decorates."""
    node: ast.AST | None = use.node
    while node is not None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return frozenset({node})
        node = analysis.parents.get(node)
    return frozenset()


def _concerns(patched: str, used: str) -> bool:
    """Whether who replaces one name changes what is read by the other: the thing itself, a member, what holds it."""
    return f"{patched}.".startswith(f"{used}.") or f"{used}.".startswith(f"{patched}.")
