"""The items of the checklist, each with what it rests on or what is missing."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import assert_never

from bot.markdown.blocks import fold
from bot.markdown.links import linked
from bot.markdown.text import code, count, plain, prose
from bot.tracker.models import CannotTell, Holds, ItemStatus, Missing, NoBox, Note, Proof
from bot.tracker.render.parts import Part, moment

_LEGEND = (
    "<sub>✅ holds · ⬜ missing, so the box is clear · ❔ not known, so the box stays as it is · times are UTC</sub>"
)
_NOTES = {
    Note.WITHDRAWN: "it held before, and the box was cleared",
    Note.BY_HAND: "the box was ticked by hand, and put right",
}
_NOT_FOUND = {
    NoBox.ABSENT: "no such box in the text",
    NoBox.AMBIGUOUS: "several boxes could be meant, so none is touched",
    NoBox.NO_BOX: "listed without a box",
}


def evidence(statuses: Sequence[ItemStatus]) -> Part:
    """Every item with what it rests on; the short form leaves out what holds."""
    if not statuses:
        return Part(forms=("",))
    held = sum(isinstance(status.verdict, Holds) for status in statuses)
    title = f"Evidence: {held} of {count(len(statuses), 'item')} {'holds' if held == 1 else 'hold'}"
    missing = [status for status in statuses if not isinstance(status.verdict, Holds)]
    whole = fold(title, "\n\n".join((*_phases(statuses), _LEGEND)), strong=True)
    short = fold(title, "\n\n".join((*_phases(missing), _LEGEND)), strong=True)
    return Part(forms=(whole, short, f"**{title}.**"))


def _phases(statuses: Iterable[ItemStatus]) -> Iterator[str]:
    for phase, group in groupby(statuses, key=lambda status: status.item.phase):
        lines = "\n".join(map(_item, group))
        yield f"**{plain(phase.strip())}**\n\n{lines}" if phase and phase.strip() else lines


def _item(status: ItemStatus) -> str:
    text = plain(status.item.text)
    remarks = [_NOTES[status.note]] if status.note else []
    if isinstance(status.found, NoBox):
        remarks.append(_NOT_FOUND[status.found])
    remark = f" _({'; '.join(remarks)})_" if remarks else ""
    match status.verdict:
        case Holds(because=proofs):
            return f"- ✅ {text}: {'; '.join(map(_proof, proofs))}{remark}"
        case Missing(what=proofs):
            return f"- ⬜ {text}: {'; '.join(map(_proof, proofs))}{remark}"
        case CannotTell(why=why):
            return f"- ❔ {text}: {'; '.join(map(prose, dict.fromkeys(why)))}{remark}"
        case _:
            assert_never(status.verdict)


def _proof(proof: Proof) -> str:
    what = prose(proof.text) + (f" #{proof.pull}" if proof.pull else "")
    shown = code(proof.commit[:7]) if proof.commit else "see"
    where = linked(shown, proof.link) if proof.link else (shown if proof.commit else "")
    places = ", ".join(filter(None, (where, moment(proof.at) if proof.at else "")))
    return f"{what} ({places})" if places else what
