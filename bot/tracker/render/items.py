"""The checklist items, each with its evidence or what is missing."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import assert_never

from bot.domain.checklist_item import ChecklistItem, UsageEvidence
from bot.markdown.blocks import fold
from bot.markdown.links import linked
from bot.markdown.text import code, count, plain, prose
from bot.tracker.models import CannotTell, Holds, ItemStatus, Missing, NoBox, Note, Proof
from bot.tracker.render.parts import Part, moment

_LEGEND = "<sub>✅ done, box ticked · ⬜ open, box cleared · ❔ unknown, box not changed · times are UTC</sub>"
_NOTES = {
    Note.WITHDRAWN: "done before; cleared because",
    Note.BY_HAND: "ticked by hand; cleared because",
}
_NOT_FOUND = {
    NoBox.ABSENT: "no matching box in the text",
    NoBox.AMBIGUOUS: "several boxes match, so none is changed",
    NoBox.NO_BOX: "listed without a box",
}


def evidence(statuses: Sequence[ItemStatus]) -> Part:
    """Every item with its evidence; the short form leaves out what is done."""
    if not statuses:
        return Part(forms=("",))
    held = sum(isinstance(status.verdict, Holds) for status in statuses)
    title = f"Evidence: {held} of {count(len(statuses), 'item')} done"
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
    remarks = [f"{_NOTES[status.note]} {_missing(status.item)}"] if status.note else []
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


def _missing(item: ChecklistItem) -> str:
    return "usages remain" if isinstance(item.evidence, UsageEvidence) else "evidence is missing"


def _proof(proof: Proof) -> str:
    what = prose(proof.text) + (f" #{proof.pull}" if proof.pull else "")
    shown = code(proof.commit[:7]) if proof.commit else "see"
    where = linked(shown, proof.link) if proof.link else (shown if proof.commit else "")
    places = ", ".join(filter(None, (where, moment(proof.at) if proof.at else "")))
    return f"{what} ({places})" if places else what
