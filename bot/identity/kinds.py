"""The register of marker kinds: their names, the places they are signed for, and the meaning of their values.

A marker is written and read through its kind, so every kind in use is listed here.  A kind's name in the marker's text
is stored on GitHub: it never changes, whatever the member is called.
"""

from collections.abc import Sequence
from enum import Enum

from bot.identity import markers
from bot.identity.markers import Marker, MarkerKeys
from bot.identity.places import MarkerPlace, PlaceKind

_OWNED = (PlaceKind.CONVERSATION, PlaceKind.FILE)


class MarkerKind(Enum):
    """A kind of marker: its name in the text, what it is signed for, and its values in order."""

    FINGERPRINTS = "fp", (PlaceKind.PULL_REQUEST,), ("fingerprint, of each finding that the text is about",)
    RESOLVED = "resolved", (PlaceKind.PULL_REQUEST,), ("fingerprint, of each finding whose thread the bot resolved",)
    """In the text of a review: such a thread that is open was opened again by a person."""
    REQUEST = "command", (PlaceKind.PULL_REQUEST,), ("request", "part, from 1", "number of parts")
    """In a commit's message, as a trailer: the commit is a part of what a request asked for."""

    ANSWER = "re", (PlaceKind.CONVERSATION,), ("comment id", "which of its commands, from 0", "reaction")
    APOLOGY = "sorry", (PlaceKind.CONVERSATION,), ("comment id", "which of its commands, from 0")
    """The command failed for good; it counts as without a reply."""
    ANSWER_ON_LINE = "re-line", (PlaceKind.CONVERSATION,), ("comment id", "which of its commands, from 0", "reaction")
    APOLOGY_ON_LINE = "sorry-line", (PlaceKind.CONVERSATION,), ("comment id", "which of its commands, from 0")
    """The same for a comment on a line of the diff: those have ids of their own."""
    REFUSAL = "told-permission", (PlaceKind.CONVERSATION,), ("id of the account that lacks the permission",)
    PRESS = "pressed", (PlaceKind.CONVERSATION,), ("press of a button",)

    SKIP = "skip", (PlaceKind.CONVERSATION,), ("fingerprint", "login, in hexadecimal", "reason, in hexadecimal")
    ATTEST = "attest", (PlaceKind.CONVERSATION,), ("checklist item", "login, in hexadecimal", "reason, in hexadecimal")
    """For both, login and reason are empty where the decision is undone."""

    TRACKER_BEGIN = "tracker-begin", _OWNED, ("migration", "`issue-<number>` or `file`")
    TRACKER_MEMORY = "tracker-memory", _OWNED, ("what `bot.tracker.checklist.memory` encodes",)
    TRACKER_END = "tracker-end", _OWNED, ("migration", "`issue-<number>` or `file`")
    TRACKER_NOTE = (
        "tracker-note",
        (PlaceKind.CONVERSATION,),
        ("migration", "`contested`, the kind of the conflict, or `refused-` and a digest of the reason"),
    )
    TRACKER_FINISHED = "tracker-finished", (PlaceKind.CONVERSATION,), ("migration", "`finished`")

    BATCH = "batch", (PlaceKind.MIGRATION,), ("migration", "slug", "tier", "comment id, or 0", "digest of what it says")
    BATCH_END = "batch-end", (PlaceKind.MIGRATION,), ("slug",)
    BATCH_CLOSED = "batch-closed", (PlaceKind.CONVERSATION,), ("`1`",)
    BATCH_LEFT = "batch-left", (PlaceKind.CONVERSATION,), ("`1`",)
    REMOVAL = "removal", (PlaceKind.REMOVAL,), ("migration",)
    REMOVAL_STATE = "removal-state", (PlaceKind.CONVERSATION,), ("migration", "`free`, or a digest of what uses it")

    ONBOARDING_BEGIN = (
        "onboarding-begin",
        (PlaceKind.ONBOARDING,),
        ("commit of the default branch, or 0", "head", "tracking issue, or 0"),
    )
    """What the text of the onboarding pull request is about; 0 where the preview is to be made again."""
    ONBOARDING_END = "onboarding-end", (PlaceKind.ONBOARDING,), ("`1`",)
    ONBOARDING_REQUEST = "onboarding-request", (PlaceKind.ONBOARDING,), ("`issue`",)
    """In the line of a checkbox: what somebody who ticks it asks for."""
    ONBOARDING_ISSUE = "onboarding-issue", (PlaceKind.ONBOARDING,), ("`1`",)
    ONBOARDING_CLOSED = "onboarding-closed", (PlaceKind.CONVERSATION,), ("`1`",)

    def __init__(self, wire: str, places: tuple[PlaceKind, ...], values: tuple[str, ...]) -> None:
        self.wire = wire
        """Its name in the marker's text, covered by the signature."""
        self.places = places
        """What it is signed for."""
        self.values = values
        """What each of its values means."""

    @property
    def opening(self) -> str:
        """How the comment begins, authentic or not."""
        return f"<!-- ssot:{self.wire}="

    @property
    def in_commits(self) -> bool:
        """Whether it is a trailer of commit messages, and no comment in a body."""
        return self is MarkerKind.REQUEST

    def write(self, keys: MarkerKeys, place: MarkerPlace, values: Sequence[str]) -> str:
        """The marker's text for ``place``.

        Raises ``ValueError`` for values with other characters than ``0-9a-z,.:-``, and for a place that is no
        place of this kind.
        """
        self._check(place)
        form = markers.write_trailer if self.in_commits else markers.write
        return form(keys, place, self.wire, values)

    def read(self, keys: MarkerKeys, place: MarkerPlace, text: str) -> tuple[str, ...]:
        """The values of all authentic markers of this kind, in order; of a commit's trailers only the last one's."""
        self._check(place)
        form = markers.read_trailer if self.in_commits else markers.read
        return form(keys, place, self.wire, text)

    def find(self, keys: MarkerKeys, place: MarkerPlace, body: str) -> tuple[Marker, ...]:
        """All comments in ``body`` that have the form of this kind, forged ones too, in order."""
        self._check(place)
        return markers.find(keys, place, self.wire, body)

    def _check(self, place: MarkerPlace) -> None:
        if not any(each.holds(place) for each in self.places):
            raise ValueError(f"a {self.wire} marker cannot be signed for {place}")


def count_tracker_openings(body: str) -> int:
    """How many comments begin like a tracker's marker, authentic or not."""
    return body.count("<!-- ssot:tracker-")
