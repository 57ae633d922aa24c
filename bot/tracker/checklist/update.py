"""The whole update of a body: boxes set by one character each, the owned section written, all else kept.

    outcome = update(issue.body, migration, facts, owner, section, written=known_from_records)

It is a pure function of the body, so that a three-way merge is the same call on the body as it is now: what people
changed between a read and a write is in it, and what is ours is computed again.  Applied to its own outcome with the
same facts it gives ``Unchanged``.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.checklist_item import ChecklistItem
from bot.domain.migration import Migration
from bot.domain.tracked import TrackedFacts
from bot.tracker.checklist.matching import Remembered, find, remember
from bot.tracker.checklist.memory import NOTES, ItemState, Memory, advance, decode, encode
from bot.tracker.checklist.questions import Question, answered_here
from bot.tracker.checklist.section import Owner, Section, locate, masked, put
from bot.tracker.checklist.tasklist import Bullet, Item, line_of, read, set_boxes
from bot.tracker.checklist.words import normal
from bot.tracker.evidence.evaluate import evaluate
from bot.tracker.models import (
    BodyUpdate,
    Changed,
    Conflict,
    Holds,
    ItemStatus,
    ItemVerdict,
    Missing,
    NoBox,
    Unchanged,
    View,
)

Show = Callable[[View, int], str | None]
"""The section's text within so many characters; ``None`` if that cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLook:
    """What the body and the facts say of each item, by its id."""

    found: Mapping[str, Item | NoBox]
    lines: Mapping[str, int]
    """Of those found."""
    looks: Mapping[str, Remembered]
    """What to remember of each item: nothing new of one that reads as the configuration has it."""
    verdicts: Mapping[str, ItemVerdict]


def update(
    body: str, migration: Migration, facts: TrackedFacts, owner: Owner, show: Show, *, written: bool
) -> BodyUpdate:
    """What ``body`` should be, found out in this process: see :func:`updating`."""
    return answered_here(updating(body, migration, facts, owner, show, written=written))


def updating(
    body: str, migration: Migration, facts: TrackedFacts, owner: Owner, show: Show, *, written: bool
) -> Generator[Question, Any, BodyUpdate]:
    """What ``body`` should be.

    ``written``: a section was written into this body before, so that its absence means that somebody removed it.
    """
    section = locate(body, owner, written=written)
    if isinstance(section, Conflict):
        return section
    memory = decode(section.memory)
    look: BodyLook = yield Question(look_at, (body, section, migration, facts, memory.looks))
    states = {name: _state(memory, name, verdict, look.found[name]) for name, verdict in look.verdicts.items()}
    statuses = tuple(_status(look, each, states) for each in migration.checklist)
    boxes = {name: _requested(verdict, look.found[name]) for name, verdict in look.verdicts.items()}
    changes = {name: task for name, task in boxes.items() if task is not None}
    marked = set_boxes(body, {task.box: not task.checked for task in changes.values()})
    known = Memory(states=states, looks=look.looks)
    after = yield from _write(
        marked, section, owner, View(migration=migration, facts=facts, statuses=statuses), known, memory, show
    )
    if isinstance(after, Conflict):
        return after
    if after == body:
        return Unchanged(statuses=statuses)
    return Changed(
        body=after,
        statuses=statuses,
        ticked=tuple(name for name, task in changes.items() if not task.checked),
        cleared=tuple(name for name, task in changes.items() if task.checked),
    )


def look_at(
    body: str, section: Section, migration: Migration, facts: TrackedFacts, known: Mapping[str, Remembered]
) -> BodyLook:
    """Finds each item in what people wrote; ``known`` is how it was last found.

    Takes the product of items, tasks and usages, at worst.
    """
    entries = read(masked(body, section))
    tasks = [entry for entry in entries if isinstance(entry, Item)]
    bullets = [entry for entry in entries if isinstance(entry, Bullet)]
    found = find(migration.checklist, tasks, bullets, known)
    return BodyLook(
        found=found,
        lines={name: line_of(body, task.box) for name, task in found.items() if isinstance(task, Item)},
        looks=_looks(migration, found, known),
        verdicts=verdicts_of(migration, facts),
    )


def verdicts_of(migration: Migration, facts: TrackedFacts) -> Mapping[str, ItemVerdict]:
    """What the facts say of each item, by its id."""
    return {item.id: evaluate(item.evidence, item.id, migration, facts) for item in migration.checklist}


def _looks(
    migration: Migration, found: Mapping[str, Item | NoBox], known: Mapping[str, Remembered]
) -> Mapping[str, Remembered]:
    looks = {}
    for item in migration.checklist:
        task, before = found[item.id], known.get(item.id)
        if isinstance(task, Item) and (before is not None or normal(task.text) != normal(item.text)):
            looks[item.id] = remember(task)
        elif before is not None:
            looks[item.id] = before
    return looks


def _state(memory: Memory, name: str, verdict: ItemVerdict, found: Item | NoBox) -> ItemState:
    checked = isinstance(found, Item) and found.checked
    return advance(memory.states.get(name, ItemState.UNKNOWN), verdict, checked=checked)


def _status(look: BodyLook, item: ChecklistItem, states: Mapping[str, ItemState]) -> ItemStatus:
    verdict, found = look.verdicts[item.id], look.found[item.id]
    place = look.lines[item.id] if isinstance(found, Item) else found
    note = NOTES.get(states[item.id]) if isinstance(verdict, Missing) else None
    return ItemStatus(item=item, verdict=verdict, found=place, note=note)


def _requested(verdict: ItemVerdict, found: Item | NoBox) -> Item | None:
    """The task if its box has to change."""
    if not isinstance(found, Item):
        return None
    right = (isinstance(verdict, Holds) and found.checked) or (isinstance(verdict, Missing) and not found.checked)
    return found if isinstance(verdict, Holds | Missing) and not right else None


def _write(
    body: str, section: Section, owner: Owner, view: View, known: Memory, before: Memory, show: Show
) -> Generator[Question, Any, str | Conflict]:
    """The body with its section.  When nothing but the time of reading is new, the time stays too."""
    if before.written_at is not None:
        old = replace(view, facts=replace(view.facts, read_at=before.written_at))
        memory = encode(replace(known, written_at=before.written_at))
        same = yield from put(body, section, owner, memory, lambda room: show(old, room))
        if same == body or isinstance(same, Conflict):
            return same
    memory = encode(replace(known, written_at=view.facts.read_at))
    return (yield from put(body, section, owner, memory, lambda room: show(view, room)))
