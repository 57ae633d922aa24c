"""The section of a body that the bot owns: where it is, and whether it may be written.

It is between two signed markers, which name the migration and the issue.  Nothing else in a body counts as the bot's;
and where somebody changed the markers, the body is not written.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

from bot.domain.effects import MAX_BODY
from bot.identity.kinds import MarkerKind, count_tracker_openings
from bot.identity.markers import Marker, MarkerKeys
from bot.identity.places import MarkerPlace
from bot.tracker.checklist.questions import Question
from bot.tracker.checklist.tasklist import html_blocks, line_start
from bot.tracker.models import Conflict, ConflictKind

_BEGIN, _MEMORY, _END = MarkerKind.TRACKER_BEGIN, MarkerKind.TRACKER_MEMORY, MarkerKind.TRACKER_END
_TEXTS = {
    ConflictKind.REMOVED: "The checklist section was removed from the text.",
    ConflictKind.BEGIN_MISSING: "The hidden comment before the checklist section is missing.",
    ConflictKind.END_MISSING: "The hidden comment after the checklist section is missing.",
    ConflictKind.DOUBLED: "The checklist section is there twice.",
    ConflictKind.ORDER: "The hidden comments around the checklist section are out of order.",
    ConflictKind.ALTERED: "A hidden comment around the checklist section was edited, or was not written by this bot.",
    ConflictKind.OTHER_ISSUE: "The checklist section belongs to another issue.",
    ConflictKind.HIDDEN: "The checklist section would be inside a list, a quotation, a code block or a comment.",
    ConflictKind.TOO_COMPLEX: "The text of the issue, or the configured checklist, is too complex to be read.",
    ConflictKind.TOO_LONG: f"There is no room for the checklist section: GitHub allows {MAX_BODY:,} characters.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose section it is."""

    keys: MarkerKeys = field(repr=False)
    place: MarkerPlace
    """What the markers are signed for: the issue's conversation, or the file."""
    migration: str
    issue: int | None
    """``None`` for a local file."""
    limit: int = MAX_BODY
    """Characters of a body."""

    @property
    def name(self) -> tuple[str, str]:
        """The values of its markers."""
        return self.migration, f"issue-{self.issue}" if self.issue else "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The section's place in a body, markers included: ``[start, end)`` in characters.  Empty if new."""

    start: int
    end: int
    memory: tuple[str, ...] = ()
    """The values of the hidden memory."""


def conflict(kind: ConflictKind) -> Conflict:
    return Conflict(kind=kind, text=_TEXTS[kind])


def locate(body: str, owner: Owner, *, written: bool) -> Section | Conflict:
    """The section of ``owner``, or its place at the end of the body.  ``written``: it was written before."""
    begins, ends = (kind.find(owner.keys, owner.place, body) for kind in (_BEGIN, _END))
    memories = _MEMORY.find(owner.keys, owner.place, body)
    if count_tracker_openings(body) != len(begins) + len(ends) + len(memories):
        return conflict(ConflictKind.ALTERED)
    begin, end = _own(begins, owner), _own(ends, owner)
    for wrong in (_foreign((*begin, *end), owner), _unpaired(begin, end, written=written)):
        if wrong is not None:
            return conflict(wrong)
    if not begin:
        return Section(start=len(body), end=len(body))
    found = Section(start=begin[0].start, end=end[0].end)
    if any(found.start < marker.start < found.end for marker in (*begins, *ends) if marker not in (begin[0], end[0])):
        return conflict(ConflictKind.ORDER)  # another migration's section is inside: it would be lost
    inside = [marker.values for marker in memories if found.start < marker.start < found.end and marker.authentic]
    return Section(start=found.start, end=found.end, memory=inside[0] if inside else ())


def _own(markers: Sequence[Marker], owner: Owner) -> list[Marker]:
    return [marker for marker in markers if marker.values[0] == owner.migration]


def _foreign(markers: Sequence[Marker], owner: Owner) -> ConflictKind | None:
    if any(marker.values != owner.name for marker in markers):
        return ConflictKind.OTHER_ISSUE
    return None if all(marker.authentic for marker in markers) else ConflictKind.ALTERED


def _unpaired(begin: Sequence[Marker], end: Sequence[Marker], *, written: bool) -> ConflictKind | None:
    match len(begin), len(end):
        case 0, 0:
            return ConflictKind.REMOVED if written else None
        case 1, 1:
            return ConflictKind.ORDER if end[0].start < begin[0].start else None
        case 0, 1:
            return ConflictKind.BEGIN_MISSING
        case 1, 0:
            return ConflictKind.END_MISSING
        case _:
            return ConflictKind.DOUBLED


def masked(body: str, section: Section) -> str:
    """``body`` with a comment of the same length in the section's place: what people wrote, at its own offsets."""
    length = section.end - section.start
    return f"{body[: section.start]}<!--{'-' * (length - 7)}-->{body[section.end :]}" if length else body


def put(
    body: str, section: Section, owner: Owner, memory: Sequence[str], show: Callable[[int], str | None]
) -> Generator[Question, frozenset[int], str | Conflict]:
    """``body`` with the section's text replaced, or put at its end.  Asks where Markdown sees the section's begin.

    ``show`` gives the text (lines ending in a line feed) that fits in so many characters, or ``None``.
    """
    before, after = body[: section.start], body[section.end :]
    line_end = line_end_of(before + after)
    if section.start == section.end:
        if owner.issue is None and before.endswith(line_end):
            after = line_end  # a file's last line stays whole
        before += _gap(before, line_end)
    opening = f"{_BEGIN.write(owner.keys, owner.place, owner.name)}\n\n"
    remembered = f"{_MEMORY.write(owner.keys, owner.place, memory)}\n" if memory else ""
    closing = f"\n{remembered}{_END.write(owner.keys, owner.place, owner.name)}"
    text = _fitting(show, opening, closing, line_end, owner.limit - len(before) - len(after))
    if text is None:
        return conflict(ConflictKind.TOO_LONG)
    whole = before + text + after
    visible = masked(whole, Section(start=len(before), end=len(before) + len(text)))
    seen = yield Question(html_blocks, (visible,))
    return whole if line_start(visible, len(before)) in seen else conflict(ConflictKind.HIDDEN)


def _fitting(show: Callable[[int], str | None], opening: str, closing: str, line_end: str, room: int) -> str | None:
    """The section with its markers; once more, shorter, when line ends of two characters make it too long."""
    space = room - len(opening) - len(closing)
    for _ in range(3):
        shown = show(space) if space > 0 else None
        if shown is None:
            return None
        text = (opening + shown.rstrip("\n") + "\n" + closing).replace("\n", line_end)
        if len(text) <= room:
            return text
        space -= len(text) - room + len(line_end)
    return None


def line_end_of(text: str) -> str:
    """The line end that most lines of ``text`` have."""
    windows = text.count("\r\n")
    return "\r\n" if windows > text.count("\n") - windows else "\n"


def _gap(before: str, line_end: str) -> str:
    """What to put behind people's text so that a blank line follows it."""
    if not before:
        return ""
    if before.endswith(line_end * 2):
        return ""
    return line_end if before.endswith(line_end) else line_end * 2
