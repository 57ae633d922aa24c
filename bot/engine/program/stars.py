"""Names that come through star imports: the last one that has a name wins."""

from collections.abc import Set

from bot.engine.program.existence import lacks
from bot.engine.program.taken import is_needed
from bot.engine.resolve.bindings import Load
from bot.engine.resolve.walk import position
from bot.engine.usages.analysis import Analysis, Use


def rival(analysis: Analysis, use: Use) -> str | None:
    """The module of another star import by which the name may come instead, and mean something else."""
    if use.star is None or use.load is None or use.star.imported is None:
        return None
    index, name = analysis.index, use.load.node.id
    sure = any(index.brings(module, name) for module in use.star.imported.modules)
    for star in analysis.root.stars:
        below = position(star.statement) > position(use.star.statement)
        if star is use.star or star.imported is None or (sure and not below):
            continue
        for module in star.imported.modules:
            if index.brings(module, name) is not False and not _leads_to(analysis, f"{module}.{name}", use):
                return module
    return None


def lost(analysis: Analysis, use: Use, target: str, besides: Set[Load] = frozenset()) -> str | None:
    """Of ``from module import *``, which is to name ``target``: a name that would be lost, or come unasked for.

    What the file reads ``besides`` does not count.
    """
    binding = use.binding
    if binding is None or binding.imported is None or binding.imported.name != "*" or use.node is not binding.node:
        return None
    index, here = analysis.index, analysis.root
    old, new = index.source_of(use.symbol), index.source_of(target)
    if not isinstance(old, tuple) or not isinstance(new, tuple):
        return None
    names = {*here.reads, *here.bindings, *(export.name for export in analysis.exports)}
    offered = {name for name in index.exports(*old).origins if index.offers(use.symbol, name)}
    for name in sorted(offered):
        gone = lacks(index, f"{target}.{name}") or index.brings(target, name) is False
        if gone and is_needed(analysis, name, besides):
            return f"{target}.{name}"
    unasked = [n for n in index.exports(*new).origins if n in names and n not in offered and index.offers(target, n)]
    return f"a use of {min(unasked)} that is not of {target}" if unasked else None


def elsewhere(analysis: Analysis, use: Use) -> Set[Load]:
    """What is read through a star import and is a usage of another target than the whole module."""
    through = (other for other in analysis.uses if other.star is use.binding and other.load is not None)
    return {other.load for other in through if other.load and other.target != use.target and other.target.canonical}


def _leads_to(analysis: Analysis, dotted: str, use: Use) -> bool:
    return use.symbol in analysis.index.resolution(dotted).names
