"""What is read through the star import of a deprecated module, and comes through its successor's star or not."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.domain.migration import TargetKind
from bot.engine.program import stars
from bot.engine.program.taken import needed_elsewhere
from bot.engine.rewrite.astray import with_astray
from bot.engine.rewrite.flow import observed_by_try
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.namespaces import reads_by_name
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.replacements import ImportReplacement
from bot.engine.rewrite.rules import successor
from bot.engine.usages.analysis import Analysis, Use


def with_brought(
    layout: Layout,
    replacement: ImportReplacement,
    candidates: Sequence[Use],
    doubt: Callable[[Use, bool], Refusal | None],
) -> ImportReplacement:
    """The replacement of a star import with the usages that need nothing else: their names stay as they are.

    Where the star import may not change, each of them is spelled alone.  What goes elsewhere changes with it where the
    successor lacks that, and where nothing else is read through it, so that the import goes.
    """
    imported = replacement.binding.imported
    if imported is None or imported.name != "*" or replacement.refusals or not replacement.uses:
        return replacement
    star = replacement.uses[0]
    read = [use for use in candidates if use.star is replacement.binding]
    certain = [use for use in read if doubt(use, False) is None]
    along = [use for use in certain if _comes_along(star, use)]
    astray = [use for use in certain if use not in along]
    lost = stars.lost(layout.analysis, star, successor(star) or "")
    is_left = not along and certain == read and _is_left(layout.analysis, star, astray)
    if lost is None and not is_left:
        return replace(replacement, uses=(*replacement.uses, *along))
    bound = _with_all(layout, replacement, astray)
    if bound is None:
        missing = {star: Refusal(reason=Reason.MISSING, name=lost)} if lost else {}
        return replace(replacement, refusals=missing)
    return replace(bound, line=None if is_left else replacement.line, uses=(*bound.uses, *along))


def _with_all(layout: Layout, replacement: ImportReplacement, astray: Sequence[Use]) -> ImportReplacement | None:
    """The replacement with what goes elsewhere, if that is all that does: with it goes what the successor lacks."""
    gone = stars.elsewhere(layout.analysis, replacement.uses[0])
    return with_astray(layout, replacement, astray) if gone <= {use.load for use in astray} else None


def _is_left(analysis: Analysis, star: Use, astray: Sequence[Use]) -> bool:
    """Whether nobody has a use for what a star import brings, once some of what is read through it goes elsewhere."""
    index, root, statement = analysis.index, analysis.root, star.statement
    known = index.source_of(star.symbol)
    if not astray or not isinstance(known, tuple) or analysis.is_package or reads_by_name(analysis, root):
        return False
    exports = index.exports(*known)
    if exports.stars or exports.dynamic or observed_by_try(analysis, statement):
        return False
    loads = {use.load for use in astray}
    for name in (each for each in exports.origins if index.offers(star.symbol, each)):
        listed = any(export.name == name for export in analysis.exports)
        if listed or needed_elsewhere(analysis, name) or not loads.issuperset(root.reads.get(name, ())):
            return False
    return True


def _comes_along(star: Use, use: Use) -> bool:
    """Whether a usage names a member of the module, and its successor is the same member of the star's successor."""
    target = successor(star)
    if target is None or use.target.kind is not TargetKind.MODULE or use.expression is not use.node:
        return False
    return successor(use) == target + use.symbol[len(star.symbol) :] and use.symbol.startswith(f"{star.symbol}.")
