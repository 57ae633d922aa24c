"""The edits that turn a match into what was rendered for it: the smallest ones.

Captured expressions are not copied but left where they are, as long as the template keeps their order; what stands
between them is changed token by token, so that comments and line breaks there survive.
"""

import ast
import difflib
import itertools
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.finding import Edit
from bot.engine.rewrite.fstrings import fits_field, takes_anything
from bot.engine.rewrite.intended import agrees
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.lex import CLOSING, Token, breaks_line, comments, tokens
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.rendering import Captured, Rendered, stands_in_brackets
from bot.engine.rewrite.shown import shown, within


def plain(layout: Layout, rendered: Rendered, inner: Sequence[Edit] = ()) -> str:
    """The text of the result, captures copied with the edits ``inner`` applied to them."""
    return "".join(p if isinstance(p, str) else _edited(layout, p, inner) for p in rendered.pieces)


def _edited(layout: Layout, piece: Captured, inner: Sequence[Edit]) -> str:
    at, parts = piece.start, []
    for edit in sorted(e for e in inner if piece.start <= e.start and e.end <= piece.end):
        parts += [layout.text(at, edit.start), edit.text]
        at = edit.end
    return "".join([*parts, layout.text(at, piece.end)])


def in_order(rendered: Rendered) -> bool:
    """Whether the captures stand in the result as they stand in the source, so that they need not be copied."""
    edges = [rendered.start, *(edge for piece in rendered.captured for edge in (piece.start, piece.end)), rendered.end]
    return all(one <= other for one, other in itertools.pairwise(edges))


def edits(layout: Layout, rendered: Rendered) -> tuple[tuple[Edit, ...], bool] | Refusal:
    """The edits that make it so, and whether a comment is lost by them; or why the result would be another one."""
    before = layout.text(rendered.start, rendered.end)
    any_field = bool(rendered.quotes) and takes_anything(layout)
    for keep in _ways(rendered):
        if keep is None:
            whole = Edit(start=rendered.start, end=rendered.end, text=plain(layout, rendered))
            found = _apart(layout, rendered, _bracketed(layout, rendered, (whole,)))
        else:
            gaps = tuple(_gap_edits(layout, rendered, keep=keep))
            found = _apart(layout, rendered, _bracketed(layout, rendered, gaps))
        after = _apply(layout, rendered, found)
        if rendered.quotes and not (any_field or fits_field(after, rendered.quotes)):
            continue
        if agrees(layout, rendered.root, rendered.intended, found):
            return found, _lost(before, after)
    if rendered.quotes:
        return Refusal(reason=Reason.SHOWN if within(shown(layout), found) else Reason.IN_FSTRING)
    return Refusal(reason=Reason.OTHER_TREE)


def _ways(rendered: Rendered) -> tuple[bool | None, ...]:
    """The ways to write it, the best first: token by token, gap by gap, or (``None``) all of it again."""
    if not in_order(rendered):
        return (None,)
    shaped = any(isinstance(piece, str) and "\n" in piece for piece in rendered.pieces)
    return (False,) if shaped else (True, False)


def _apart(layout: Layout, rendered: Rendered, changes: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """With a space where the result would run into the word, or the brace of an f-string, beside it."""
    text = _apply(layout, rendered, changes)
    first, last = layout.source[rendered.start - 1 : rendered.start], layout.source[rendered.end : rendered.end + 1]
    before = " " if _run_together(first.decode(errors="replace"), text[:1]) else ""
    after = " " if _run_together(text[-1:], last.decode(errors="replace")) else ""
    if rendered.quotes and (text[:1], text[-1:]) != ("", ""):
        before = " " if first == b"{" == text[:1].encode() else before
        after = " " if last == b"}" == text[-1:].encode() else after
    return _wrapped(rendered, changes, before, after)


def _run_together(left: str, right: str) -> bool:
    """Whether two characters must not meet: of words and numbers, or of a word and the string behind it."""
    word = left.isalnum() or left == "_" or not left.isascii()
    return bool(left and right) and (
        (word and (right.isalnum() or right in "_'\"")) or (left in "'\"" and (right.isalpha() or right == "_"))
    )


def _bracketed(layout: Layout, rendered: Rendered, changes: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """In parentheses, if brackets went that let the expression span lines."""
    whole = isinstance(rendered.root, ast.stmt) or stands_in_brackets(layout, rendered.root)
    if whole or not breaks_line(_apply(layout, rendered, changes)):
        return changes
    return _wrapped(rendered, changes, "(", ")")


def _wrapped(rendered: Rendered, changes: tuple[Edit, ...], before: str, after: str) -> tuple[Edit, ...]:
    """With something more at the start and the end."""
    inner = list(changes)
    if before and inner and inner[0].start == rendered.start:
        inner[0] = replace(inner[0], text=before + inner[0].text)
    elif before:
        inner.insert(0, Edit(start=rendered.start, end=rendered.start, text=before))
    if after and inner and inner[-1].end == rendered.end:
        inner[-1] = replace(inner[-1], text=inner[-1].text + after)
    elif after:
        inner.append(Edit(start=rendered.end, end=rendered.end, text=after))
    return tuple(inner)


def _lost(before: str, after: str) -> bool:
    left = list(comments(after))
    return any(left.count(comment) < 1 for comment in comments(before))


def _apply(layout: Layout, rendered: Rendered, changes: Sequence[Edit]) -> str:
    at, parts = rendered.start, []
    for edit in changes:
        parts += [layout.text(at, edit.start), edit.text]
        at = edit.end
    return "".join([*parts, layout.text(at, rendered.end)])


def _gap_edits(layout: Layout, rendered: Rendered, *, keep: bool) -> list[Edit]:
    """What changes between the captures: token by token (``keep``), or each gap whole."""
    found: list[Edit] = []
    at, text = rendered.start, ""
    for piece in (*rendered.pieces, Captured(start=rendered.end, end=rendered.end)):
        if isinstance(piece, str):
            text += piece
            continue
        old = layout.text(at, piece.start)
        if keep:
            found += _token_edits(old, text, at)
        elif old != text:
            found.append(Edit(start=at, end=piece.start, text=text))
        at, text = piece.end, ""
    return found


def _token_edits(old: str, new: str, offset: int) -> list[Edit]:
    """Replace the tokens of ``old`` by those of ``new``; the trivia of ``old`` stay where their neighbours stay."""
    before, after = tokens(old), tokens(new)
    if not before or not after:
        return _whole(old, new, offset)
    matcher = difflib.SequenceMatcher(None, [t.text for t in before], [t.text for t in after], autojunk=False)
    found = []
    for tag, first, last, low, high in matcher.get_opcodes():
        if tag == "equal" or (tag == "delete" and _is_trailing_comma(before, first, last)):
            continue
        text = _slice(new, after, low, high)
        if tag == "insert" and _is_hanging(old, before, first):
            at = offset + len(old[: before[first - 1].end].encode())
            found.append(Edit(start=at, end=at, text=f" {text.rstrip()},"))
            continue
        start, end = _place(old, before, first, last, text)
        if old[end : end + 1].isspace():
            text = text.rstrip(" ")
        if tag == "delete":
            start, end = _with_line(old, start, _with_blanks(old, before, last, end))
        found.append(Edit(start=offset + len(old[:start].encode()), end=offset + len(old[:end].encode()), text=text))
    return found


def _with_blanks(old: str, before: Sequence[Token], last: int, end: int) -> int:
    """Past the blanks between a comma that goes and the bracket behind it."""
    follows = before[last].start if last < len(before) and before[last].text in CLOSING else end
    return follows if before[last - 1].text == "," and not old[end:follows].strip(" \t") else end


def _with_line(old: str, start: int, end: int) -> tuple[int, int]:
    """The whole line, break and all, of what stands alone on it."""
    first, last = old.rfind("\n", 0, start) + 1, old.find("\n", end)
    if not first or last < 0 or old[first:start].strip(" \t") or old[end:last].strip(" \t\r"):
        return start, end
    return first, last + 1


def _is_hanging(old: str, before: Sequence[Token], first: int) -> bool:
    """Whether token ``first`` is a bracket on a line of its own, behind a comma."""
    if not 0 < first < len(before) or before[first].text not in CLOSING or before[first - 1].text != ",":
        return False
    return "\n" in old[before[first - 1].end : before[first].start]


def _is_trailing_comma(before: Sequence[Token], first: int, last: int) -> bool:
    return last == first + 1 < len(before) and before[first].text == "," and before[last].text in CLOSING


def _whole(old: str, new: str, offset: int) -> list[Edit]:
    return [] if old == new else [Edit(start=offset, end=offset + len(old.encode()), text=new)]


def _slice(new: str, after: Sequence[Token], low: int, high: int) -> str:
    """The tokens ``[low, high)`` as the template writes them, with the space that parts them from the next."""
    if low == high:
        return ""
    end = after[high].start if high < len(after) else len(new)
    start = after[low].start if low else 0
    return new[start:end]


def _place(old: str, before: Sequence[Token], first: int, last: int, text: str) -> tuple[int, int]:
    if first < last:
        return before[first].start, before[last - 1].end if last < len(before) else _end(old, before, last)
    if first == len(before):
        return len(old), len(old)
    if text[:1] in ",)]}." and first:
        return before[first - 1].end, before[first - 1].end
    if text[:1] in ",)]}.":
        return 0, 0
    return before[first].start, before[first].start


def _end(old: str, before: Sequence[Token], last: int) -> int:
    """The end of replaced tokens at the end of a gap: their trailing trivia stay when they hold a comment or line."""
    end = before[last - 1].end
    return end if old[end:].strip(" ") else len(old)
