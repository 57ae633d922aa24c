"""What a checklist says of a tracked migration's facts, and what becomes of the issue's body.

``bot.tracker.evidence`` and ``checklist`` decide, and ``bot.tracker.render`` words it.

Sentences (``text``, ``why``) are plain English in which names stand between back-ticks.  They may hold other people's
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
    """One piece of evidence for an item, or for its being untrue."""

    text: str
    link: str | None = None
    commit: Sha | None = None
    at: datetime | None = None
    pull: int | None = None
    """The pull request that ``text`` ends with: "… came in"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """The item is true."""

    because: tuple[Proof, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The item is not true: ``what`` says what is missing, or came back."""

    what: tuple[Proof, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotTell:
    """It cannot be told: the box stays as it is."""

    why: tuple[str, ...]


ItemVerdict = Holds | Missing | CannotTell


class Note(StrEnum):
    """Why a box is clear that was ticked before."""

    WITHDRAWN = "withdrawn"
    """Its evidence held, and holds no more."""
    BY_HAND = "by-hand"
    """A person ticked it without the evidence; the box was put right."""


class NoBox(StrEnum):
    """Why an item of the configuration has no box."""

    ABSENT = "absent"
    AMBIGUOUS = "ambiguous"
    """Several tasks could be meant."""
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
    """All that the owned section shows."""

    migration: Migration
    facts: TrackedFacts
    statuses: tuple[ItemStatus, ...]


# --- outcomes: what becomes of a body ---------------------------------------------------------------------------


class ConflictKind(StrEnum):
    """Why a body is not touched."""

    REMOVED = "removed"
    """The section was there, and is not."""
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
    """It would stand in a list, a quotation, a code block or a comment."""
    TOO_LONG = "too-long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """The body was not touched; ``text`` says why, and what would help."""

    kind: ConflictKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """The body says it all already."""

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
