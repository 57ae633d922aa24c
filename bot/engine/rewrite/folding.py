"""Imports that go, in a statement of which other names move: one change of the statement for both."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from bot.domain.migration import Applicability
from bot.engine.analysis import Use
from bot.engine.rewrite.moves import ImportReplacement
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.removals import Removal
from bot.engine.rewrite.rules import UsageRewrite


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What is left, and what became part of the moves."""

    removals: list[Removal]
    moves: list[ImportReplacement]
    sites: list[UsageRewrite]
    refusals: dict[Use, Refusal] = field(default_factory=dict)


def fold(
    removals: Sequence[Removal],
    moves: Sequence[ImportReplacement],
    sites: Sequence[UsageRewrite],
    linked: Collection[UsageRewrite],
) -> Folded:
    """The removals, but for those of names in a statement of which other names move: these become moves too.

    What is not safe cannot: then the name stays, and the statement with it.  ``linked`` are the sites that have to
    change together with others.
    """
    found = Folded(removals=[], moves=list(moves), sites=list(sites))
    moving = {move.binding.statement for move in moves}
    for removal in removals:
        if removal.statement not in moving:
            found.removals.append(removal)
        elif removal.use is None:
            continue
        elif removal.applicability is Applicability.SAFE and _is_simple(removal, removals, linked):
            found.moves.append(_as_move(removal, removal.use))
            found.sites[:] = [site for site in found.sites if site not in removal.sites]
        else:
            found.refusals[removal.use] = Refusal(reason=Reason.STILL_USED)
    return found


def _is_simple(removal: Removal, removals: Sequence[Removal], linked: Collection[UsageRewrite]) -> bool:
    """Whether the usages need nothing but one import at most, in the place of the one that goes."""
    shared = {site for other in removals if other is not removal for site in other.sites}
    return len(_additions(removal)) <= 1 and not any(
        site in shared
        or site in linked
        or site.deletes
        or site.export
        or any(a.anchor is not removal.statement for a in site.additions)
        for site in removal.sites
    )


def _additions(removal: Removal) -> list[object]:
    return list(dict.fromkeys(addition for site in removal.sites for addition in site.additions))


def _as_move(removal: Removal, use: Use) -> ImportReplacement:
    lines = [addition.line for site in removal.sites for addition in site.additions]
    edits = [edit for site in removal.sites for edit in site.edits]
    return ImportReplacement(
        binding=removal.binding, line=lines[0] if lines else None, edits=tuple(sorted(edits)),
        uses=(use, *(site.use for site in removal.sites)),
    )  # fmt: skip
