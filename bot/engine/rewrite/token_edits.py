"""The edits that make one short text of another, along the borders of tokens and, where that can be, of lines."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

_TOKEN = re.compile(r"[\w.]+|\r\n|[\r\n]|[ \t\f]+|#[^\r\n]*|.", re.DOTALL)
_BREAKS = frozenset({"\r\n", "\r", "\n"})


class TextEdit(NamedTuple):
    """Replace the characters ``[start, end)`` of a text by ``text``."""

    start: int
    end: int
    text: str


def changed(old: str, new: str, at: int = 0) -> list[TextEdit]:
    """The edits from ``old`` to ``new``, sorted; ``at`` is where ``old`` starts in the text that they are for."""
    if old == new:
        return []
    one, two = _TOKEN.findall(old), _TOKEN.findall(new)
    starts = [at]
    for token in one:
        starts.append(starts[-1] + len(token))
    return [TextEdit(starts[i], starts[j], "".join(two[k:m])) for i, j, k, m in _blocks(one, two)]


def _blocks(one: Sequence[str], two: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """``one[i:j]`` becomes ``two[k:m]``."""
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "delete":
            shift = _slide(one, i, j)
            yield i - shift, j - shift, k, m
        elif tag == "insert":
            shift = _slide(two, k, m)
            yield i - shift, j - shift, k - shift, m - shift
        elif tag != "equal":
            yield i, j, k, m


def _slide(tokens: Sequence[str], start: int, end: int) -> int:
    """By how many tokens a run can begin earlier so that it begins a line; 0 if it cannot, or does already."""
    shift = 0
    while start - shift > 0 and tokens[start - shift - 1] not in _BREAKS:
        if tokens[start - shift - 1] != tokens[end - shift - 1]:
            return 0
        shift += 1
    return shift if start - shift > 0 else 0
