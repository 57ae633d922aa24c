import re
from pathlib import Path

import pytest
from cmarkgfm import cmark
from hypothesis import example, given
from hypothesis import strategies as st

from bot.tracker.checklist.tasklist import Item, parse, set_boxes


def as_github_renders(body: str) -> list[tuple[int, bool]]:
    """Line and state of each box in the HTML of cmark-gfm, which GitHub's own renderer is built on.

    One quirk of it is left out: a lazy line of a quotation that looks like a task gives a box, or its own state, to
    the item around the quotation.  So a box counts only where its line has one, and its state only in plain cases.
    """
    html = cmark.markdown_to_html_with_extensions(
        body, options=cmark.Options.CMARK_OPT_SOURCEPOS, extensions=["tasklist", "table", "strikethrough"]
    )
    lines = re.split(r"\r\n|\n|\r", body)
    boxes = re.findall(r'<li data-sourcepos="(\d+):[^"]*"><input type="checkbox"([^>]*)>', html)
    found = [(int(line), "checked" in attributes) for line, attributes in boxes]
    return [(line, checked) for line, checked in found if re.search(r"\[[ xX]\]", lines[line - 1])]


def only(body: str) -> Item:
    (item,) = parse(body)
    return item


@pytest.mark.parametrize(
    ("body", "checked", "text"),
    [
        ("- [ ] a", False, "a"),
        ("* [x] a", True, "a"),
        ("+ [X] a", True, "a"),
        ("1. [ ] a", False, "a"),
        ("23) [x] a", True, "a"),
        ("  -   [ ]   a  ", False, "a"),
        ("-\t[ ]\ta", False, "a"),
        ("- [ ] a\n  more", False, "a more"),
        ("- [ ] **a** `b` [c](d)", False, "**a** `b` [c](d)"),
        ("- [ ] a\u2028b\x0cc", False, "a b c"),
        ("\r\n- [ ] a\r\n", False, "a"),
        ("text\r- [ ] a", False, "a"),
        ("- [ ] ", False, ""),
        ("- [ ]\x0ba", False, "a"),
        ("- [ ] a\n  ---", False, "a"),
        ("- [ ] a\n    - ", False, "a"),
        ("- [ ] a\n  ===\n  b", False, "a"),
        ("- [ ] a | b\n  --- | ---", False, "a"),
        ("- [ ] [a]: /url", False, "[a]: /url"),
        ("- [ ] `b` | a\n\n| x |\n| - |\n| - [ ] no |", False, "`b` | a"),
    ],
)
def test_a_task_is_found(body: str, checked: bool, text: str) -> None:
    item = only(body)
    assert (item.checked, item.text) == (checked, text)
    assert body[item.box - 1] + body[item.box + 1] == "[]"
    assert as_github_renders(body) == [(item.line, checked)]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[ ] a",
        "- [] a",
        "- [ ]",
        "- [ ]a",
        "- [ ]\xa0a",
        "-     [ ] a",
        "- [y] a",
        "- a [ ] b",
        "- a\n\n  [ ] b",
        "-\n  [ ] a",
        "```\n- [ ] a\n```",
        "~~~\n- [ ] a",
        "    - [ ] a",
        "<!--\n- [ ] a\n-->",
        "<div>\n- [ ] a\n</div>",
        "# - [ ] a",
        "| a |\n| - |\n| - [ ] b |",
        "> - [ ] a",
        "- > q\n      * [X] c",
        "`x\n- [ ] a`"[:2],
        "[ ]: https://example.com\n- a",
    ],
)
def test_what_github_does_not_render_as_a_task_is_none(body: str) -> None:
    assert parse(body) == ()
    assert as_github_renders(body) == []


def test_nesting_headings_and_lines() -> None:
    body = "# T\n## A ##\n- [ ] one\n  1. [x] two\n     - [ ] three\n\nB\n-\n* [ ] four\n\n**C**\n\n- [ ] five\n"
    assert [(i.text, i.line, i.depth, i.headings) for i in parse(body)] == [
        ("one", 3, 0, ("T", "A")),
        ("two", 4, 1, ("T", "A")),
        ("three", 5, 2, ("T", "A")),
        ("four", 9, 0, ("T", "B")),
        ("five", 13, 0, ("T", "B", "C")),
    ]


def test_a_task_that_is_a_heading_is_no_phase() -> None:
    assert [(i.text, i.headings) for i in parse("# A\n- [ ] a\n  ---\n- [ ] b\n")] == [("a", ("A",)), ("b", ("A",))]


ITEMS = ("- [ ] a\n", "- [x] b\n", "  * [X] c\n", "1. [ ] d\n", "- ")
AROUND = (
    "text\n",
    "\n",
    "> q\n",
    "```\n",
    "    ",
    "# h\n",
    "\r\n",
    "<!--",
    "-->\n",
)
# No tabs: the two implementations differ in how a tab indents.
FRAGMENTS = st.sampled_from([*ITEMS, *AROUND])


@example("- [ ] a\n    - ")
@example("- - - - - - - - - - [ ] a\n- [ ] a\n")
@example("- > q\n      * [X] c\n")
@example("- [x] b\n    > q\n        - [ ] a\n")
@given(st.lists(FRAGMENTS, max_size=25).map("".join))
def test_the_items_are_those_of_an_independent_implementation(body: str) -> None:
    assert [item.line for item in parse(body)] == [line for line, _ in as_github_renders(body)]


@given(st.lists(FRAGMENTS | st.text(max_size=8), max_size=25).map("".join))
def test_writing_the_states_that_are_there_changes_nothing(body: str) -> None:
    assert set_boxes(body, {item.box: item.checked for item in parse(body)}) == body


@given(st.lists(FRAGMENTS, max_size=25).map("".join))
def test_only_the_boxes_change(body: str) -> None:
    items = parse(body)
    flipped = set_boxes(body, {item.box: not item.checked for item in items})
    boxes = {item.box for item in items}
    assert [c for n, c in enumerate(flipped) if n not in boxes] == [c for n, c in enumerate(body) if n not in boxes]
    assert [item.checked for item in parse(flipped)] == [not item.checked for item in items]


@pytest.mark.parametrize("offset", [-1, 0, 1, 2, 4, 5, 99])
def test_only_a_box_can_be_set(offset: int) -> None:
    with pytest.raises(ValueError, match="no box at offset"):
        set_boxes("- [ ] a"[:6], {offset: True})


def test_a_box_that_is_right_keeps_its_capital() -> None:
    assert set_boxes("- [X] a", {3: True}) == "- [X] a"


def test_mis_encoded_bytes_survive() -> None:
    raw = b"### Phase \xff\xe2\x8f\n- [ ] caf\xe9 \xf0\x9f\n"
    body = raw.decode("utf-8", "surrogateescape")
    item = only(body)
    assert set_boxes(body, {item.box: True}).encode("utf-8", "surrogateescape") == raw.replace(b"[ ]", b"[x]")


def test_the_module_never_splits_at_other_characters() -> None:
    source = Path(__file__).parents[3] / "bot/tracker/checklist/tasklist.py"
    assert ".splitlines(" not in source.read_text()
