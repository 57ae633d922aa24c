"""Rewrites inside rewrites, and those that wait for an import: the values that groups are made of."""

import bisect
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.domain.finding import Edit, Kind
from bot.engine.rewrite import splice
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.removals import Removal
from bot.engine.rewrite.rendering import Rendered
from bot.engine.rewrite.rules import UsageRewrite, weight


def composed(layout: Layout, rewrites: Sequence[UsageRewrite]) -> list[UsageRewrite]:
    """Rewrites inside a rewrite whose captures are copied become part of it, and no more certain than it."""
    found = sorted(rewrites, key=lambda rewrite: max((r.end - r.start for r in rewrite.rendered), default=0))
    spans = _Spans(found)
    for n, outer in enumerate(found):
        copied = [rendered for rendered in outer.rendered if not splice.in_order(rendered)]
        inner = sorted({m for rendered in copied for m in spans.inside(rendered) if m < n})
        if not inner:
            continue
        worst = max((found[m] for m in (*inner, n)), key=lambda rewrite: weight(rewrite.applicability))
        edits = [edit for m in inner for edit in found[m].edits]
        for m in (*inner, n):
            found[m] = replace(found[m], applicability=worst.applicability, refusal=worst.refusal)
        for m in inner:
            found[m] = replace(found[m], edits=())
        for rendered in copied:
            found[n] = replace(found[n], edits=_around(layout, found[n], rendered, edits))
    return found


class _Spans:
    """Where rewrites stand, to be asked for those inside a place."""

    def __init__(self, rewrites: Sequence[UsageRewrite]) -> None:
        self._all = sorted(
            (min(r.start for r in rewrite.rendered), max(r.end for r in rewrite.rendered), n)
            for n, rewrite in enumerate(rewrites)
            if rewrite.rendered
        )

    def inside(self, rendered: Rendered) -> list[int]:
        """The positions of the rewrites of which all that is rendered stands inside ``rendered``, in their order."""
        first = bisect.bisect_left(self._all, (rendered.start,))
        last = bisect.bisect_right(self._all, (rendered.end, math.inf))
        return sorted(n for _, end, n in self._all[first:last] if end <= rendered.end)


def _around(layout: Layout, rewrite: UsageRewrite, rendered: Rendered, inner: Sequence[Edit]) -> tuple[Edit, ...]:
    whole = Edit(start=rendered.start, end=rendered.end, text=splice.plain(layout, rendered, inner))
    return tuple(whole if (e.start, e.end) == (whole.start, whole.end) else e for e in rewrite.edits)


def nested(rewrites: Sequence[UsageRewrite]) -> Iterator[tuple[UsageRewrite, UsageRewrite]]:
    """Rewrites of which one has taken in the edits of the other."""
    spans = _Spans(rewrites)
    for outer in rewrites:
        for rendered in outer.rendered:
            if not splice.in_order(rendered):
                found = (rewrites[n] for n in spans.inside(rendered))
                yield from ((outer, rewrite) for rewrite in found if rewrite is not outer)


def raised(rewrites: Sequence[UsageRewrite], removals: Sequence[Removal]) -> tuple[list[UsageRewrite], list[Removal]]:
    """What only makes an import useless goes together with it: not before the import may go."""
    later: dict[UsageRewrite, UsageRewrite] = {}
    for removal in removals:
        if removal.use is None or removal.use.kind is Kind.RE_EXPORT:
            continue
        own = [later.get(rewrite, rewrite) for rewrite in removal.rewrites]
        if any(weight(rewrite.applicability) == weight(removal.applicability) for rewrite in own):
            continue
        for old, rewrite in zip(removal.rewrites, own, strict=True):
            if weight(rewrite.applicability) < weight(removal.applicability):
                later[old] = replace(rewrite, applicability=removal.applicability, refusal=removal.refusal)
    found = [
        replace(removal, rewrites=tuple(later.get(rewrite, rewrite) for rewrite in removal.rewrites))
        for removal in removals
    ]
    return [later.get(rewrite, rewrite) for rewrite in rewrites], found
