"""From the usages of one file to a verdict on each, in stages: see `bot/engine/README.md`.

Each stage is a function of values that gives values and refusals: outcomes → moves → removals → imports → groups →
proof.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.domain.migration import Applicability
from bot.engine.resolve.bindings import Binding
from bot.engine.resolve.exports import newer_parts
from bot.engine.rewrite.astray import is_left
from bot.engine.rewrite.composition import composed, raised
from bot.engine.rewrite.covered import covered_uses, without
from bot.engine.rewrite.crossing import newly_read, uncrossed
from bot.engine.rewrite.groups import Changes, Group, grouped
from bot.engine.rewrite.identity import one_object
from bot.engine.rewrite.import_plan import planned
from bot.engine.rewrite.judged import judged
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.moves import moves
from bot.engine.rewrite.outcomes import Outcomes, alone, outcomes
from bot.engine.rewrite.proving import proved
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.removals import removals
from bot.engine.rewrite.replacements import ImportReplacement
from bot.engine.rewrite.shown import shown, within
from bot.engine.rewrite.sites import Planner
from bot.engine.source.failures import running
from bot.engine.usages.analysis import Analysis, Use, Verdict

_DEFAULT = Refusal(reason=Reason.NO_RULE)
Refusals = dict[Use, Refusal]


def plan_fixes(analysis: Analysis) -> Mapping[int, Verdict]:
    """The verdict on each usage, by its position in ``analysis.uses``.  Raises nothing that the source can cause."""
    if not analysis.editable:
        return {n: _refused(Refusal(reason=Reason.ENCODING)) for n in range(len(analysis.uses))}
    if newer_parts(analysis.tree) is not None:
        refusal = Refusal(reason=Reason.NEWER, name=running())
        return {n: _refused(refusal) for n in range(len(analysis.uses))}
    covered = covered_uses(analysis)
    planner = Planner(Layout(without(analysis, covered)))
    groups, refusals = _proposed(planner)
    kept, given_up = proved(planner.analysis, groups, _proposed_again)
    verdicts = _settled(planner, kept, {**refusals, **given_up})
    return {n: verdicts[covered.get(use, use)] for n, use in enumerate(analysis.uses)}


def _proposed_again(analysis: Analysis) -> list[Group]:
    return _proposed(Planner(Layout(without(analysis, covered_uses(analysis)))))[0]


def _proposed(planner: Planner) -> tuple[list[Group], Refusals]:
    """What would be done, unproved, and why the rest would not."""
    layout = planner.layout
    first = outcomes(planner)
    moved, second, needed = _arranged(planner, first, _divided(planner, moves(layout, first.dropped_in, planner.doubt)))
    rewrites = composed(layout, (*first.rewrites, *second.rewrites))
    going, kept = removals(planner, rewrites, moved, needed)
    rewrites, going = raised(rewrites, going)
    links = tuple((move.binding, use) for move in moved for use in move.waits_for)
    changes = planned(
        layout, Changes(rewrites=tuple(rewrites), removals=tuple(going), replacements=tuple(moved), links=links)
    )
    groups, given_up = grouped(layout, changes)
    refusals = {**first.refusals, **second.refusals}
    groups, hidden = _unseen(layout, groups)
    later = {**kept, **given_up, **hidden}
    kept_by = {use for use, refusal in refusals.items() if refusal.reason is Reason.TAKEN}
    known = {
        use: refusal
        for use, refusal in later.items()
        if use not in refusals or (refusal.reason is not Reason.NO_RULE and use not in kept_by)
    }
    return one_object(planner.analysis, judged(planner.analysis, groups)), {**refusals, **known}


def _divided(planner: Planner, found: Sequence[ImportReplacement]) -> list[ImportReplacement]:
    """The moves; of one of which a part is not safe only that, so that the rest need not wait for it.

    The rest is spelled by imports of its own.  Where that cannot be, it waits.
    """
    kept = [part for each in found if (part := _part(planner, each)) is not None]
    there = {each.binding for each in kept}
    return [each for each in kept if each.doubles is None or each.doubles in there]


def _part(planner: Planner, move: ImportReplacement) -> ImportReplacement | None:
    """What of a move is not safe, if the rest of it can be spelled alone; ``None`` where each usage is."""
    if not move.is_divisible or move.itself is None:
        return None if move.is_divisible else move
    layout, safe = planner.layout, move.safe_parts
    if alone(planner, safe).refusals:
        return move
    part = move.without(safe, {layout.span(use.node) for use in safe})
    written = {edit.start: edit.text.partition(".")[0] for edit in part.edits}
    names = {written.get(layout.span(use.node)[0], move.binding.name) for use in part.uses if use is not move.itself}
    if move.bound is None or move.bound in names:
        return part
    return replace(part, line=None) if is_left(layout, part, move.uses) else move


def _arranged(
    planner: Planner, first: Outcomes, moved: Sequence[ImportReplacement]
) -> tuple[list[ImportReplacement], Outcomes, frozenset[Binding]]:
    """The moves of imports that nothing newly goes through, what is spelled alone beside them, and those imports."""
    moved = list(moved)
    while True:
        of_moves = {use for move in moved for use in move.uses}
        second = alone(planner, [use for use in first.dropped_in if use not in of_moves])
        needed = newly_read(planner.layout, (*first.rewrites, *second.rewrites), moved)
        left = uncrossed(planner.analysis, moved, needed)
        if len(left) == len(moved):
            return moved, second, needed
        moved = left


def _unseen(layout: Layout, groups: list[Group]) -> tuple[list[Group], Refusals]:
    """The groups that change nothing that a formatted string shows."""
    spans = shown(layout) if groups else []
    seen = {group: None for group in groups if within(spans, group.fix.edits)}
    refusals = {use: Refusal(reason=Reason.SHOWN) for group in seen for use in group.uses}
    return [group for group in groups if group not in seen], refusals


def _settled(planner: Planner, groups: Sequence[Group], refusals: Mapping[Use, Refusal]) -> dict[Use, Verdict]:
    missing_modules = frozenset(planner.missing_modules)
    found: dict[Use, Verdict] = {}
    for group in groups:
        for use in group.uses:
            refusal = group.refusals.get(use)
            if refusal is None and group.fix.applicability is not Applicability.SAFE:
                refusal = next(iter(group.refusals.values()), _DEFAULT)
            found[use] = Verdict(
                applicability=group.fix.applicability, fix=group.fix, missing_modules=missing_modules,
                reason=_sentence(refusal), reason_code=refusal.reason.value if refusal else None,
            )  # fmt: skip
    for use in planner.analysis.uses:
        if use not in found:
            found[use] = _refused(refusals.get(use, _DEFAULT), missing_modules)
    return found


def _sentence(refusal: Refusal | None) -> str | None:
    if refusal is None:
        return None
    return refusal.name if refusal.reason is Reason.RULE and refusal.name else refusal.sentence


def _refused(refusal: Refusal, missing_modules: frozenset[str] = frozenset()) -> Verdict:
    code = refusal.reason.value
    return Verdict(
        applicability=Applicability.DISPLAY_ONLY,
        reason=_sentence(refusal),
        reason_code=code,
        missing_modules=missing_modules,
    )  # fmt: skip
