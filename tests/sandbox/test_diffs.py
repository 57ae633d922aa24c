"""Positions and moved lines in patches."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.diffs import FileDiff, hunks


def diff_of(old: list[str], new: list[str]) -> FileDiff:
    lines = list(difflib.unified_diff(old, new, lineterm=""))[2:]
    return FileDiff(
        path="a.py", previous_path=None, status="modified", old_sha="", new_sha="", additions=0, deletions=0,
        text="\n".join(lines) or None,
    )  # fmt: skip


LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=25)


@given(LINES, LINES)
def test_a_line_that_is_said_to_move_is_the_same_line(old: list[str], new: list[str]) -> None:
    diff = diff_of(old, new)
    moved = [diff.moved(line) for line in range(1, len(old) + 1)]
    kept = [line for line in moved if line is not None]
    assert kept == sorted(set(kept))
    assert all(new[to - 1] == old[at] for at, to in enumerate(moved) if to is not None)
    assert len(kept) == len(old) - sum(line.startswith("-") for hunk in hunks(diff.text or "") for line in hunk.lines)


@given(LINES, LINES)
def test_places_hold_the_lines_they_name(old: list[str], new: list[str]) -> None:
    diff = diff_of(old, new)
    texts = (diff.text or "").split("\n")
    for (side, line), place in diff.places.items():
        assert texts[place.position][1:] == (old if side == "LEFT" else new)[line - 1]
        assert diff.hunk_until(place).split("\n")[-1] == texts[place.position]


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("@@ -1 +1 @@\n-a\n+b", 1), ("@@ -1 +1 @@\n-@@ -1 +1 @@\n+b\n@@ -9,0 +10 @@ def f():\n+c", 2)],
)
def test_hunks(text: str, count: int) -> None:
    assert len(list(hunks(text))) == count
