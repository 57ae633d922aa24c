"""A suggestion does exactly what the fix does, by whole lines of one hunk, and leaves a sound file."""

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.file_result import Suggestion
from bot.domain.finding import Edit, Fix
from bot.domain.migration import Applicability
from bot.engine.diff.suggest import Sides, SuggestionRefused, apply_suggestion, suggest
from bot.engine.diff.unified import hunks
from bot.engine.rewrite.edits import spliced
from tests.engine.diff.engine import edits

HEAD = b"""\
from pkg.old import dep
from pkg.new import Dep


def f():
    x = dep()
    return x, Dep
"""


def swap(source: bytes, old: bytes, new: str) -> Edit:
    start = source.index(old)
    return Edit(start=start, end=start + len(old), text=new)


def insert(source: bytes, before: bytes, text: str) -> Edit:
    start = source.index(before) if before else len(source)
    return Edit(start=start, end=start, text=text)


def added(head: bytes) -> Sides:
    """The sides of an added file: all of it is one hunk."""
    return Sides(head, hunks(b"", head))


def lines(start: int, end: int, text: str | None) -> Suggestion:
    return Suggestion(start_line=start, end_line=end, text=text)


BOTH = edits(swap(HEAD, b"from pkg.old import dep\n", ""), swap(HEAD, b"dep()", "Dep()"))
MANY = b"x = 1\n" * 9_000
TWO, CRLF = b"x = 1\ny = 2\n", b"x = 1\r\ny = 2\r\n"
FITS = {
    "import above, call below": (HEAD, BOTH, lines(1, 6, "from pkg.new import Dep\n\n\ndef f():\n    x = Dep()")),
    "one line": (TWO, edits(swap(TWO, b"2", "3")), lines(2, 2, "y = 3")),
    "one line of CRLF": (CRLF, edits(swap(CRLF, b"2", "3")), lines(2, 2, "y = 3")),
    "one line made two, CRLF": (CRLF, edits(swap(CRLF, b"2", "2\r\nz = 3")), lines(2, 2, "y = 2\nz = 3")),
    "line deleted": (TWO, edits(swap(TWO, b"y = 2\n", "")), lines(2, 2, None)),
    "line deleted, CRLF": (CRLF, edits(swap(CRLF, b"x = 1\r\n", "")), lines(1, 1, None)),
    "last line without its end": (TWO[:-1], edits(swap(TWO, b"2", "3")), lines(2, 2, "y = 3")),
    "last line without its end deleted": (TWO[:-1], edits(swap(TWO, b"y = 2", "")), lines(2, 2, None)),
    "line inserted": (TWO, edits(insert(TWO, b"y", "z = 3\n")), lines(2, 2, "z = 3\ny = 2")),
    "line inserted above": (TWO, edits(insert(TWO, b"x", "z = 3\n")), lines(1, 1, "z = 3\nx = 1")),
    "line appended": (TWO, edits(insert(TWO, b"", "z = 3\n")), lines(2, 2, "y = 2\nz = 3")),
    "lines joined": (TWO, edits(swap(TWO, b"\ny", "; y")), lines(1, 2, "x = 1; y = 2")),
    "line made blank": (b"a = 1\nx = 1\ny = 2\n", edits(Edit(start=6, end=11, text="")), lines(2, 3, "\ny = 2")),
    "statement on two lines": (b"x = (\n1)\n", edits(Edit(start=4, end=8, text="2")), lines(1, 2, "x = 2")),
    "back-ticks": (TWO, edits(swap(TWO, b"2", "'```'")), lines(2, 2, "y = '```'")),
}
UNFIT = {
    "import left idle": (HEAD, edits(swap(HEAD, b"dep()", "Dep()")), "`pkg.old.dep` (UnusedImport)"),
    "import gone, call left": (HEAD, edits(swap(HEAD, b"from pkg.old import dep\n", "")), "`dep` would be undefined"),
    "does not parse": (TWO, edits(swap(TWO, b"2", "(")), "would not parse"),
    "mixed line ends": (b"x = 1\r\ny = 2\n", edits(swap(TWO, b"x = 1", "x = 3")), "mixes line endings"),
    "lone carriage return": (b"x = 1 # a\rb = 1\ny = 2\n", edits(Edit(start=4, end=5, text="3")), "mixes line endings"),
    "latin-1": (b"# coding: latin-1\nx = 1\n", edits(Edit(start=22, end=23, text="2")), "not UTF-8"),
    "not what the cookie says": (b"x = '\xff'\n", edits(Edit(start=0, end=1, text="y")), "not UTF-8"),
    "byte-order mark": (b"\xef\xbb\xbfx = 1\n", edits(Edit(start=7, end=8, text="2")), "byte-order mark"),
    "end of the last line gained": (b"x = 1", edits(Edit(start=5, end=5, text="\n")), "Whole lines cannot"),
    "only line made blank": (b"x = 1\n", edits(Edit(start=0, end=5, text="")), "Whole lines cannot"),
    "bidi control": ("x = '\u202e'\n".encode(), edits(Edit(start=0, end=1, text="y")), "U+202E RIGHT-TO-LEFT OVERRIDE"),
    "homoglyph": ("d\u0435p = 1\n".encode(), edits(Edit(start=7, end=8, text="2")), "U+0435 CYRILLIC SMALL LETTER IE"),
    "zero width in the new text": (TWO, edits(swap(TWO, b"2", "'\u200b'")), "U+200B ZERO WIDTH SPACE"),
    "too long": (MANY, edits(insert(MANY, b"x", "y = 2\n"), insert(MANY, b"", "z = 3\n")), "too many lines for"),
    "display-only": (TWO, edits(swap(TWO, b"2", "3"), applicability=Applicability.DISPLAY_ONLY), "No rewrite matches"),
    "no edits": (TWO, edits(), "No rewrite matches"),
}  # fmt: skip


@pytest.mark.parametrize(("head", "fix", "expected"), FITS.values(), ids=FITS.keys())
def test_a_fix_is_offered(head: bytes, fix: Fix, expected: Suggestion) -> None:
    assert suggest(fix, added(head)) == expected
    assert apply_suggestion(head, expected) == spliced(head, fix.edits)


@pytest.mark.parametrize(("head", "fix", "reason"), UNFIT.values(), ids=UNFIT.keys())
def test_a_fix_is_not_offered(head: bytes, fix: Fix, reason: str) -> None:
    found = suggest(fix, added(head))
    assert isinstance(found, SuggestionRefused)
    assert reason in found.reason


def test_an_unsafe_fix_is_offered_for_review() -> None:
    fix = edits(swap(TWO, b"2", "3"), applicability=Applicability.UNSAFE)
    assert suggest(fix, added(TWO)) == lines(2, 2, "y = 3")


def test_a_hazard_elsewhere_in_the_file_does_not_count() -> None:
    head = "text = '\u202e'\n".encode() + TWO
    assert suggest(edits(swap(head, b"2", "3")), added(head)) == lines(3, 3, "y = 3")


def test_a_fault_that_was_there_before_does_not_count() -> None:
    head = b"import os\nmissing()\nx = 1\n"
    assert suggest(edits(swap(head, b"1", "2")), added(head)) == lines(3, 3, "x = 2")


LONG = b"".join(b"a%d = %d\n" % (n, n) for n in range(40))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param([5, 9], True, id="one hunk"),
        pytest.param([5, 30], False, id="two hunks"),
        pytest.param([30], False, id="one of the lines outside"),
        pytest.param([], False, id="outside of the diff"),
    ],
)
def test_all_edits_lie_in_one_hunk(changed: list[int], expected: bool) -> None:
    base = LONG
    for n in changed:
        base = base.replace(b"a%d = %d\n" % (n, n), b"old\n")
    last = changed[-1] if changed else 5
    fix = edits(*(swap(LONG, b"a%d = " % n, "b = ") for n in {5, last}))
    found = suggest(fix, Sides(LONG, hunks(base, LONG)))
    assert isinstance(found, Suggestion) is expected
    if isinstance(found, SuggestionRefused):
        assert "`/ssot migrate`" in found.reason


def test_context_lines_can_be_replaced() -> None:
    sides = Sides(LONG, hunks(LONG.replace(b"a9 = 9\n", b""), LONG))
    fix = edits(swap(LONG, b"a7 = 7", "b = 7"), swap(LONG, b"a9 = 9", "b = 9"))
    assert suggest(fix, sides) == lines(8, 10, "b = 7\na8 = 8\nb = 9")


@pytest.mark.parametrize(
    ("line", "expected"), [(13, lines(13, 13, "z = 0\na12 = 12")), (14, lines(13, 13, "a12 = 12\nz = 0"))]
)
def test_what_is_inserted_at_the_end_of_a_hunk_is_part_of_its_last_line(line: int, expected: Suggestion) -> None:
    sides = Sides(LONG, hunks(LONG.replace(b"a9 = 9\n", b""), LONG))
    assert sides.hunks[0].head_lines[-1] == 13
    at = sides.lines.starts[line - 1]
    assert suggest(edits(Edit(start=at, end=at, text="z = 0\n")), sides) == expected


STATEMENTS = st.sampled_from(["x = 1", "def f():\n    return x", "if x:\n    y = 2", "", "# note", "z = [\n    1,\n]"])


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    before=st.lists(STATEMENTS, min_size=1, max_size=8),
    after=st.lists(STATEMENTS, min_size=1, max_size=8),
    crlf=st.booleans(),
    cut=st.booleans(),
    spots=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 12), STATEMENTS), max_size=3),
)
def test_what_is_offered_is_what_the_fix_does(
    before: list[str], after: list[str], crlf: bool, cut: bool, spots: list[tuple[int, int, str]]
) -> None:
    newline = "\r\n" if crlf else "\n"
    base, head = (("x = 0\n" + "\n".join(each) + "\n").replace("\n", newline).encode() for each in (before, after))
    head = head.rstrip(b"\r\n") if cut else head
    fix, at = [], 0
    for start, length, text in sorted(spots):
        if at <= start <= len(head) and head[start - 1 : start + 1] != b"\r\n":
            at = min(len(head), start + length)
            fix.append(Edit(start=start, end=at, text=text.replace("\n", newline)))
    sides = Sides(head, hunks(base, head))
    found = suggest(edits(*fix), sides)
    if isinstance(found, Suggestion):
        assert applied_by_hand(head, found, newline) == spliced(head, fix)
        assert sum(hunk.holds(found.start_line, found.end_line) for hunk in sides.hunks) == 1
        with warnings.catch_warnings(action="ignore", category=SyntaxWarning):  # odd programs, but programs
            compile(spliced(head, fix), "head.py", "exec")


def applied_by_hand(head: bytes, suggestion: Suggestion, newline: str) -> bytes:
    """GitHub's view: a list of lines, some of them replaced."""
    text = head.decode().split(newline)
    new = [] if suggestion.text is None else suggestion.text.split("\n")
    text[suggestion.start_line - 1 : suggestion.end_line] = new
    whole_end = suggestion.text is None and len(text) == suggestion.start_line - 1
    return (newline.join(text) + (newline if whole_end and text else "")).encode()
