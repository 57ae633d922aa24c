"""Which usages of a group people skipped, one by one.  Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.domain.facts import Waiver
from bot.domain.file_result import NewFinding
from bot.domain.finding import Finding


def without_skipped(
    new: NewFinding, waivers: Mapping[str, Waiver]
) -> tuple[NewFinding | None, tuple[tuple[NewFinding, Waiver], ...]]:
    """What is left of a group of usages, and those that are skipped, each by itself.

    An import goes with the last usage that it serves.  What is left has no fix: that changes all of them at once.
    """
    left = [usage for usage in new.decided if usage[1] not in waivers]
    served = [usage for usage in new.usages if usage not in new.decided]
    skipped = [(each, waivers[each.fingerprint]) for each in each_alone(new) if each.fingerprint in waivers]
    if not skipped:
        return new, ()
    if left:
        return _shown(new, [*left, *served]), tuple(skipped)
    (first, waiver), *others = skipped
    return None, ((_shown(first, [(first.finding, first.fingerprint), *served]), waiver), *others)


def each_alone(new: NewFinding) -> tuple[NewFinding, ...]:
    """The usages of a group that people decide on, each by itself."""
    return tuple(_shown(new, [usage]) for usage in new.decided)


def _shown(new: NewFinding, usages: Sequence[tuple[Finding, str]]) -> NewFinding:
    """A part of a group, shown where the group is if its first usage is in it."""
    (finding, fingerprint), *others = usages
    return NewFinding(
        finding=replace(finding, fix=None),
        fingerprint=fingerprint,
        line=new.line if fingerprint == new.fingerprint else None,
        no_suggestion="Its fix also changes a usage that was skipped.",
        also=tuple(replace(other, fix=None) for other, _ in others),
        also_fingerprints=tuple(fingerprint for _, fingerprint in others),
    )
