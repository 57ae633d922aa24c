"""Edits put together and applied."""

import pytest

from bot.domain.finding import Edit, Finding, Fix, Kind, Range
from bot.domain.migration import Applicability
from bot.engine.rewrite import EditConflict, apply_edits, apply_fixes
from bot.engine.rewrite.edits import combine


def edit(start: int, end: int, text: str = "") -> Edit:
    return Edit(start=start, end=end, text=text)


def fix(*edits: Edit, applicability: Applicability = Applicability.SAFE) -> Fix:
    return Fix(edits=edits, applicability=applicability)


def finding(given: Fix | None, *, ignored: str | None = None) -> Finding:
    place = Range(start=0, end=1, line=1, column=1, end_line=1, end_column=2)
    applicability = given.applicability if given else Applicability.DISPLAY_ONLY
    return Finding(
        migration="m", path="a.py", range=place, kind=Kind.CALL, symbol="s", message="", fix=given, ignored=ignored,
        applicability=applicability,
    )  # fmt: skip


def test_equal_fixes_are_applied_once() -> None:
    given = fix(edit(0, 1, "x"))
    assert apply_fixes(b"abc", [finding(given), finding(given), finding(None)]) == b"xbc"


def test_unsafe_and_ignored_fixes_wait() -> None:
    unsafe = fix(edit(0, 1, "x"), applicability=Applicability.UNSAFE)
    assert apply_fixes(b"abc", [finding(unsafe)]) == b"abc"
    assert apply_fixes(b"abc", [finding(unsafe)], unsafe=True) == b"xbc"
    assert apply_fixes(b"abc", [finding(unsafe, ignored="why")], unsafe=True) == b"abc"


@pytest.mark.parametrize(
    ("fixes", "expected"),
    [
        pytest.param([fix(edit(0, 4)), fix(edit(1, 2))], b"e", id="a deletion in a deletion"),
        pytest.param([fix(edit(0, 3)), fix(edit(2, 4))], b"e", id="deletions that overlap"),
        pytest.param([fix(edit(0, 2)), fix(edit(2, 4))], b"e", id="deletions that touch"),
        pytest.param([fix(edit(1, 1, "x")), fix(edit(1, 3, "y"))], b"axyde", id="an insertion before a replacement"),
        pytest.param([fix(edit(1, 3, "y")), fix(edit(3, 3, "x"))], b"ayxde", id="an insertion behind a replacement"),
        pytest.param([fix(edit(1, 1, "x")), fix(edit(1, 1, "x"))], b"axbcde", id="equal insertions"),
        pytest.param([], b"abcde", id="nothing"),
    ],
)
def test_fixes_that_go_together(fixes: list[Fix], expected: bytes) -> None:
    assert apply_edits(b"abcde", combine(fixes)) == expected


@pytest.mark.parametrize(
    "fixes",
    [
        pytest.param([fix(edit(0, 2, "x")), fix(edit(1, 3, "y"))], id="replacements that overlap"),
        pytest.param([fix(edit(0, 2, "x")), fix(edit(0, 2, "y"))], id="two texts for one place"),
        pytest.param([fix(edit(0, 3)), fix(edit(1, 1, "x"))], id="an insertion into a deletion"),
        pytest.param([fix(edit(4, 9, "x"))], id="outside the file"),
    ],
)
def test_fixes_that_contradict_each_other_are_refused(fixes: list[Fix]) -> None:
    with pytest.raises(EditConflict):
        apply_fixes(b"abcde", [finding(each) for each in fixes])


def test_a_text_that_the_encoding_lacks_is_refused() -> None:
    source = "# coding: latin-1\nx = 'é'\n".encode("latin-1")
    assert apply_edits(source, [edit(len(source), len(source), "é")]) == source + b"\xe9"
    with pytest.raises(EditConflict):
        apply_edits(source, [edit(len(source), len(source), "\u20ac")])
