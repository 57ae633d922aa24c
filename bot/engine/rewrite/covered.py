"""One place that is a usage for two migrations: the one whose target is the longer decides for both.

A module is moved by one migration, and a member of it by another: whatever moves the member has the last word on where
it goes, as it has where one migration names both.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from bot.domain.migration import TargetKind
from bot.engine.usages.analysis import Analysis, Use


def covered_uses(analysis: Analysis) -> dict[Use, Use]:
    """The usages of a module's member for which another migration has that member, or a part of it, as its target.

    Each with the usage that decides for it.
    """
    if len({use.migration.name for use in analysis.uses}) < 2:
        return {}
    places: dict[object, list[Use]] = defaultdict(list)
    for use in analysis.uses:
        places[use.load or use.node].append(use)
    found = {}
    for uses in places.values():
        for use in uses:
            closer = [other for other in uses if _is_closer(analysis, other, use)]
            if closer:
                found[use] = max(closer, key=lambda other: len(other.target.name))
    return found


def _is_closer(analysis: Analysis, other: Use, use: Use) -> bool:
    """Whether the other target is the member itself: under its own name, or the one that a façade gives to it."""
    if use.target.kind is not TargetKind.MODULE or other.migration.name == use.migration.name:
        return False
    if other.target.name.startswith(f"{use.target.name}."):
        return True
    return other.target.kind is TargetKind.SYMBOL and other.symbol in analysis.index.resolution(use.symbol).names[1:]


def without(analysis: Analysis, covered: Mapping[Use, Use]) -> Analysis:
    """The analysis of the other usages."""
    return replace(analysis, uses=tuple(use for use in analysis.uses if use not in covered)) if covered else analysis
