"""Fixes as GitHub suggestions: whole lines of one hunk, applied one by one, each right without the others.

GitHub replaces the commented lines by the block's text and keeps the file's own line ends:
https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/incorporating-feedback-in-your-pull-request
"""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.domain.file_result import Suggestion
from bot.domain.finding import Edit, Fix
from bot.domain.migration import Applicability
from bot.engine.diff.hazards import hazards
from bot.engine.diff.lines import LineMap
from bot.engine.diff.soundness import Soundness
from bot.engine.diff.unified import Hunk, commentable, same_hunk
from bot.engine.rewrite.edits import spliced
from bot.engine.source.second_parser import SecondParser
from bot.engine.source.text import Undecodable, decode

_COMMANDS = {Applicability.SAFE: "/ssot migrate", Applicability.UNSAFE: "/ssot migrate --unsafe"}
"""What commits a fix to the branch, where no hunk is in the way."""


MAX_TEXT = 20_000
"""Characters of one suggestion: a comment ends at 65,536, and nobody reads so much before accepting it."""


@dataclass(frozen=True)
class Sides:
    """The head of one file and its diff, with what several suggestions ask of it."""

    head: bytes
    hunks: Sequence[Hunk]

    @cached_property
    def lines(self) -> LineMap:
        return LineMap.of(self.head)

    @cached_property
    def soundness(self) -> Soundness:
        return Soundness(self.head)

    @cached_property
    def second_parser(self) -> SecondParser:
        return SecondParser(self.head)

    @cached_property
    def line_end(self) -> bytes | None:
        """``\\n`` or ``\\r\\n``; ``None`` when the file mixes them, so that nobody knows what GitHub would write."""
        returns = self.head.count(b"\r")
        if not returns:
            return b"\n"
        return b"\r\n" if returns == self.head.count(b"\r\n") == self.head.count(b"\n") else None

    @cached_property
    def commentable(self) -> frozenset[int]:
        return commentable(self.hunks)

    def in_one_hunk(self, first: int, last: int) -> bool:
        return same_hunk(self.hunks, first, last)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionRefused:
    """No suggestion; ``reason`` is for the author."""

    reason: str


def refused(why: str, fix: Fix) -> SuggestionRefused:
    """No suggestion, but a command that does the same."""
    return SuggestionRefused(reason=f"{why} `{_COMMANDS[fix.applicability]}` can commit it.")


def suggest(fix: Fix, sides: Sides) -> Suggestion | SuggestionRefused:
    """The suggestion that does exactly what ``fix`` does, or why there is none."""
    if fix.applicability is Applicability.DISPLAY_ONLY or not fix.edits:
        return SuggestionRefused(reason="No rewrite matches this usage.")
    if not _is_utf8(sides.head):
        return SuggestionRefused(reason="The file is not UTF-8, and a suggestion would convert it.")
    if sides.line_end is None:
        return refused("The file mixes line endings, and a suggestion cannot keep them.", fix)
    placed = next((lines for lines in _line_ranges(fix, sides.lines) if sides.in_one_hunk(*lines)), None)
    if placed is None:
        return refused("The lines that change together are not in one hunk of this diff.", fix)
    suggestion = _replacement(fix, sides.lines, *placed)
    return _fault(suggestion, fix, sides) or suggestion


def _fault(suggestion: Suggestion, fix: Fix, sides: Sides) -> SuggestionRefused | None:
    """Why this suggestion, though it has a place, is not to be offered."""
    if suggestion.start_line == 1 and sides.head.startswith(codecs.BOM_UTF8):
        return refused("The first line begins with a byte-order mark, and a suggestion would drop it.", fix)
    start, end = sides.lines.span(suggestion.start_line, suggestion.end_line)
    if len(suggestion.text or "") > MAX_TEXT:
        return refused("The change spans too many lines for a comment.", fix)
    seen = hazards(sides.head[start:end].decode() + (suggestion.text or ""))
    if seen:
        return SuggestionRefused(reason=f"These lines contain characters that can mislead a reader: {', '.join(seen)}.")
    expected = spliced(sides.head, fix.edits)
    if suggestion.text == "" or apply_suggestion(sides.head, suggestion) != expected:
        return refused("Whole lines cannot express this change.", fix)
    wrong = sides.soundness.fault(expected) or sides.second_parser.fault(expected)
    return refused(f"Applied alone, {wrong}.", fix) if wrong else None


def _is_utf8(source: bytes) -> bool:
    try:
        return decode(source).encoding == "utf-8"
    except Undecodable:
        return False


def _line_ranges(fix: Fix, lines: LineMap) -> list[tuple[int, int]]:
    """The whole lines that hold the edits; what is inserted between two lines can be shown as part of either."""
    below = [(lines.line_at(edit.start), lines.line_at(max(edit.start, edit.end - 1))) for edit in fix.edits]
    above = [
        (lines.line_at(edit.start - 1),) * 2 if edit.start == edit.end and edit.start in lines.starts[1:] else at
        for edit, at in zip(fix.edits, below, strict=True)
    ]
    return [_widened(fix, lines, min(each)[0], max(last for _, last in each)) for each in (below, above)]


def _widened(fix: Fix, lines: LineMap, first: int, last: int) -> tuple[int, int]:
    """One line more where the edits join two lines, or leave a blank one: an empty block would delete it."""
    start, end = lines.span(first, last)
    after = _within(fix, lines, start, end)
    joins = after and lines.source[start:end].endswith(b"\n") and not after.endswith(b"\n")
    blank = after.rstrip(b"\r\n") == b"" and after.count(b"\n") == 1
    return (first, last + 1) if (joins or blank) and last < lines.count else (first, last)


def _within(fix: Fix, lines: LineMap, start: int, end: int) -> bytes:
    """The bytes ``[start, end)`` after the edits, which all lie in them or at their ends."""
    shifted = [Edit(start=edit.start - start, end=edit.end - start, text=edit.text) for edit in fix.edits]
    return spliced(lines.source[start:end], shifted)


def _replacement(fix: Fix, lines: LineMap, first: int, last: int) -> Suggestion:
    start, end = lines.span(first, last)
    text = _within(fix, lines, start, end).decode()
    if not text:
        return Suggestion(start_line=first, end_line=last, text=None)
    text = text.removesuffix("\n").removesuffix("\r").replace("\r\n", "\n")
    return Suggestion(start_line=first, end_line=last, text=text)


def apply_suggestion(head: bytes, suggestion: Suggestion) -> bytes:
    """The file after a person accepted the suggestion: its lines replaced, with the line ends of the file."""
    lines = LineMap.of(head)
    start, end = lines.span(suggestion.start_line, suggestion.end_line)
    if suggestion.text is None:
        return head[:start] + head[end:]
    crlf = b"\r\n" in head
    text = suggestion.text.encode().replace(b"\n", b"\r\n" if crlf else b"\n")
    if head[start:end].endswith(b"\n"):
        text += b"\r\n" if crlf else b"\n"
    return head[:start] + text + head[end:]
