"""Strings of a file that replace what is deprecated, and the usages that see it."""

import ast
from collections.abc import Sequence

from bot.domain.finding import Kind
from bot.engine.program.witness import is_same
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.rules import successor
from bot.engine.usages.analysis import Analysis, Use

_LOOKING = frozenset({
    "getattr", "hasattr", "import_string", "resolve_name", "locate", "import_module", "importorskip", "__import__",
    "find_spec", "find_loader", "run_module", "pytest_plugins", "get",
})  # fmt: skip
"""The last component of functions that are given a name, and give or run what has it."""


def patches(analysis: Analysis) -> list[Use]:
    """The strings that name a target, for a patch or a look-up, and do not name its successor's own member.

    Who writes it through a value, the program says (`bot.engine.program`).
    """
    strings = [use for use in analysis.uses if use.kind is Kind.STRING_REFERENCE and not use.through]
    return [use for use in strings if not is_same(analysis.index, use.symbol, successor(use))]


def refused(analysis: Analysis, strings: Sequence[Use], use: Use) -> Refusal | None:
    """Why a usage goes by a string: the function around it (or what decorates it or its class) patches the name, or
    looks it up."""
    found = _beside(analysis, strings, use)
    patching = next((each for each in found if not is_looked_up(analysis, each)), None)
    if patching is None and found and found[0].dotted is not None:
        return Refusal(reason=Reason.LOOKED_UP, name=found[0].dotted.function)
    return Refusal(reason=Reason.MONKEYPATCHED) if found else None


def is_looked_up(analysis: Analysis, string: Use) -> bool:
    """Whether a string only asks for what has the name, and puts nothing in its place."""
    last = string.dotted.function.rpartition(".")[2] if string.dotted else ""
    place = analysis.parents.get(string.node)
    if isinstance(place, ast.Subscript):
        return isinstance(place.ctx, ast.Load)
    return last in _LOOKING or isinstance(place, ast.Compare)


def _beside(analysis: Analysis, patched: Sequence[Use], use: Use) -> list[Use]:
    """The strings that concern what a usage reads, and stand in the function around it, or in none."""
    around = set[ast.AST]()
    node: ast.AST | None = use.statement
    while node is not None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            around.add(node)
        node = analysis.parents.get(node)
    concerned = (s for s in patched if s.target == use.target and _concerns(s.symbol, use.symbol))
    return [s for s in concerned if _around(analysis, s) & around or not _around(analysis, s)]


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
