"""What is read through the star import of a deprecated module, and comes through its successor's star as well."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.domain.migration import TargetKind
from bot.engine.rewrite.reasons import Refusal
from bot.engine.rewrite.replacements import ImportReplacement
from bot.engine.rewrite.rules import successor
from bot.engine.usages.analysis import Use


def with_brought(
    replacement: ImportReplacement, candidates: Sequence[Use], doubt: Callable[[Use, bool], Refusal | None]
) -> ImportReplacement:
    """The replacement of a star import with the usages that need nothing else: their names stay as they are.

    Where the star import may not change, each of them is spelled alone.
    """
    imported = replacement.binding.imported
    if imported is None or imported.name != "*" or replacement.refusals or not replacement.uses:
        return replacement
    star = replacement.uses[0]
    more = [use for use in candidates if use.star is replacement.binding and _comes_along(star, use)]
    served = [use for use in more if doubt(use, False) is None]
    return replace(replacement, uses=(*replacement.uses, *served))


def _comes_along(star: Use, use: Use) -> bool:
    """Whether a usage names a member of the module, and its successor is the same member of the star's successor."""
    target = successor(star)
    if target is None or use.target.kind is not TargetKind.MODULE or use.expression is not use.node:
        return False
    return successor(use) == target + use.symbol[len(star.symbol) :] and use.symbol.startswith(f"{star.symbol}.")
