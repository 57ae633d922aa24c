"""The state of each checklist item, and the result of updating the issue's body.

``bot.tracker.evidence`` and ``checklist`` decide, and ``bot.tracker.render`` words it.

Sentences (``text``, ``why``) are plain English in which names are between back-ticks.  They may hold other people's
words: only the renderer makes Markdown of them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.checklist_item import ChecklistItem
from bot.domain.migration import Migration
from bot.domain.references import Sha
from bot.domain.tracked import TrackedFacts

# --- verdicts: what follows from them ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One piece of evidence that an item is done, or is not."""

    text: str
    link: str | None = None
    commit: Sha | None = None
    at: datetime | None = None
    pull: int | None = None
    """The pull request that ``text`` ends with: "… was added in"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """The item is done."""

    because: tuple[Proof, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The item is not done: ``what`` says what is missing, or was added again."""

    what: tuple[Proof, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotTell:
    """The state of the item is unknown: its box is not changed."""

    why: tuple[str, ...]


ItemVerdict = Holds | Missing | CannotTell


class Note(StrEnum):
    """Why the bot cleared a ticked box."""

    WITHDRAWN = "withdrawn"
    """The item was done, and is not any more."""
    BY_HAND = "by-hand"
    """A person ticked it without the evidence."""


class NoBox(StrEnum):
    """Why an item of the configuration has no box."""

    ABSENT = "absent"
    AMBIGUOUS = "ambiguous"
    """Several tasks match."""
    NO_BOX = "no-box"
    """Its text is there, without a box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStatus:
    """One item of the configured checklist."""

    item: ChecklistItem
    verdict: ItemVerdict
    found: "int | NoBox"
    """The line of its task in the body, from 1."""
    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything that the bot's section shows."""

    migration: Migration
    facts: TrackedFacts
    statuses: tuple[ItemStatus, ...]


# --- outcomes: what becomes of a body ---------------------------------------------------------------------------


class ConflictKind(StrEnum):
    """Why a body is not written."""

    REMOVED = "removed"
    """The section was there before, and is gone."""
    BEGIN_MISSING = "begin-missing"
    END_MISSING = "end-missing"
    DOUBLED = "doubled"
    ORDER = "order"
    """The markers are in the wrong order, or another section's are between them."""
    ALTERED = "altered"
    """A marker was edited, or somebody made it up."""
    OTHER_ISSUE = "other-issue"
    """The section was copied from another issue."""
    HIDDEN = "hidden"
    """It is, or would be, in a list, a quotation, a code block or a comment."""
    TOO_LONG = "too-long"
    TOO_COMPLEX = "too-complex"
    """What people wrote takes too long to be read."""


DAMAGE = frozenset(
    {
        ConflictKind.BEGIN_MISSING,
        ConflictKind.END_MISSING,
        ConflictKind.DOUBLED,
        ConflictKind.ORDER,
        ConflictKind.ALTERED,
        ConflictKind.OTHER_ISSUE,
    }
)
"""Conflicts after which somebody may delete what is left of the section, to have it written again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """The body was not written; ``text`` says why."""

    kind: ConflictKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """The body is up to date."""

    statuses: tuple[ItemStatus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The body as it should be."""

    body: str
    statuses: tuple[ItemStatus, ...]
    ticked: tuple[str, ...] = ()
    """Ids of the items whose boxes were ticked, and of those whose boxes were cleared."""
    cleared: tuple[str, ...] = ()


BodyUpdate = Conflict | Unchanged | Changed
