"""The section's hidden, signed memory: the texts and the states of its items.

It holds only what cannot be found out again.  Without it the update is still correct, with fewer remarks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from bot.tracker.checklist.matching import Remembered
from bot.tracker.models import Holds, ItemVerdict, Missing, Note

_MOST = 16_000
"""Characters for the texts of items: a quarter of a body."""
_TIME = "%Y%m%dt%H%M%Sz"


class ItemState(StrEnum):
    """What an item was when the section was written."""

    HELD = "h"
    MISSING = "m"
    WITHDRAWN = "w"
    BY_HAND = "b"
    UNKNOWN = "u"


NOTES = {ItemState.WITHDRAWN: Note.WITHDRAWN, ItemState.BY_HAND: Note.BY_HAND}


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The whole memory of a section."""

    written_at: datetime | None = None
    """The ``read_at`` of the facts that the section shows."""
    states: Mapping[str, ItemState] = field(default_factory=dict)
    """By the item's id."""
    looks: Mapping[str, Remembered] = field(default_factory=dict)


def advance(before: ItemState, verdict: ItemVerdict, *, checked: bool) -> ItemState:
    """What an item is now.  ``checked``: its box is ticked, before anything is done about it."""
    if isinstance(verdict, Holds):
        return ItemState.HELD
    if not isinstance(verdict, Missing):
        return before
    if before is ItemState.HELD:
        return ItemState.WITHDRAWN
    if checked:
        return ItemState.BY_HAND
    return ItemState.MISSING if before is ItemState.UNKNOWN else before


def encode(memory: Memory) -> tuple[str, ...]:
    """The values of a marker, of at most `_MOST` characters: looks are left out where they are many."""
    time = [f"at:{memory.written_at.astimezone(UTC).strftime(_TIME)}"] if memory.written_at else []
    short = [_encode(name, state, None) for name, state in memory.states.items()]
    whole = [_encode(name, state, memory.looks.get(name)) for name, state in memory.states.items()]
    return (*time, *(whole if sum(map(len, whole)) < _MOST else short))


def _encode(name: str, state: ItemState, look: Remembered | None) -> str:
    seen = f":{look.text}:{look.place}:{'.'.join(sorted(look.words))}" if look else ""
    return f"item:{name}:{state}{seen}"


def decode(values: Iterable[str]) -> Memory:
    """The memory that :func:`encode` made these of; what it does not know (a later version wrote it) is left out."""
    written_at: datetime | None = None
    states: dict[str, ItemState] = {}
    looks: dict[str, Remembered] = {}
    for value in values:
        match value.split(":"):
            case ["at", time]:
                written_at = datetime.strptime(time, _TIME).replace(tzinfo=UTC)
            case ["item", name, state, *look] if state in set(ItemState):
                states[name] = ItemState(state)
                if len(look) == 3:
                    found = frozenset(filter(None, look[2].split(".")))
                    looks[name] = Remembered(text=look[0], place=look[1], words=found)
            case _:
                continue
    return Memory(written_at=written_at, states=states, looks=looks)
