"""Why the result of a rule cannot be written where its match stands."""

import ast
import re
from collections.abc import Mapping

from bot.domain.migration import Rewrite
from bot.engine.resolve.bindings import Scope
from bot.engine.rewrite import rendering
from bot.engine.rewrite.capturing import taken_inside
from bot.engine.rewrite.intended import spelled
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.mangling import mangled
from bot.engine.rewrite.matching import Match
from bot.engine.rewrite.patterns import CANONICAL, Template, metavariable
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.usages.analysis import Use


def unfit(
    layout: Layout, use: Use, rewrite: Rewrite, template: Template, match: Match, names: Mapping[str, str]
) -> Refusal | None:
    """The first reason; ``names`` are the spellings of what the template names besides its captures."""
    if CANONICAL in template.names and CANONICAL not in names:
        return Refusal(reason=Reason.NO_SUCCESSOR)
    written: list[ast.AST] = [template.tree, *map(spelled, names.values())]
    if (private := mangled(layout.analysis, use, written)) is not None:
        return Refusal(reason=Reason.PRIVATE, name=private)
    if (empty := _given_none(use, rewrite, match)) is not None:
        return Refusal(reason=Reason.GIVEN_NONE, name=empty)
    if any(not isinstance(node, ast.Constant) for node in rendering.outside(layout, match)):
        return Refusal(reason=Reason.MOVED_ARGUMENT)
    if (taken := taken_inside(use.scope, template, match)) is not None:
        return Refusal(reason=Reason.NAME_TAKEN, name=taken)
    return Refusal(reason=Reason.STRING_OPERAND) if _joins_string(template, match) else None


def _joins_string(template: Template, match: Match) -> bool:
    """Whether a captured string becomes an operand of ``|``: that raises, where the name in it is a type."""
    binary = [node for node in ast.walk(template.tree) if isinstance(node, ast.BinOp)]
    sides = [side for node in binary if isinstance(node.op, ast.BitOr) for side in (node.left, node.right)]
    operands = [match.one.get(metavariable(side) or "") for side in sides]
    return any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in operands)


def _given_none(use: Use, rewrite: Rewrite, match: Match) -> str | None:
    """The required parameter that the rewrite would give ``None``: worse than the usage that it replaces."""
    for requirement in use.migration.requires:
        given = re.search(rf"\b{re.escape(requirement.parameter)}\s*=\s*\$(\w+)", rewrite.replace or "")
        node = match.one.get(given[1]) if given else None
        if node is not None and _is_none(node, use.scope):
            return requirement.parameter
    return None


def _is_none(node: ast.expr, scope: Scope) -> bool:
    """Whether an expression is certainly ``None``: the literal, or a variable that is never anything else."""
    if isinstance(node, ast.Constant):
        return node.value is None
    owner = scope.owner(node.id) if isinstance(node, ast.Name) else None
    if owner is None or not isinstance(node, ast.Name):
        return False
    values = [binding.value for binding in owner.bindings[node.id]]
    return all(isinstance(value, ast.Constant) and value.value is None for value in values)
