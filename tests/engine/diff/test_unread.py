"""Which deprecated names stand on the added lines of a file that cannot be read."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.file_result import FileChange
from bot.engine.diff.unread import AddedNames, names_added
from bot.engine.source.text import ascii_stands_for_itself

NAMES = frozenset({"old", "older"})


def added(base: bytes | None, head: bytes | None) -> AddedNames | None:
    return names_added(FileChange(path="a.py", base_path="a.py", base=base, head=head), NAMES)


def _utf_7(text: str) -> bytes:
    return b"+" + base64.b64encode(text.encode("utf-16-be")).rstrip(b"=") + b"-"


@pytest.mark.parametrize(
    ("base", "head", "lines", "names"),
    [
        pytest.param(None, b"x = (\nold()\n", (2,), {"old"}, id="a new file"),
        pytest.param(b"x = (\n", b"x = (\nold(older)\n", (2,), {"old", "older"}, id="two on one line"),
        pytest.param(b"old()\nx\n", b"x\nold()\n", (), set(), id="a line that moved"),
        pytest.param(b"old()\n", b"old()\nold()\n", (2,), {"old"}, id="the same line once more"),
        pytest.param(b"old()\n", b"    old()\n", (1,), {"old"}, id="a line that was changed"),
        pytest.param(None, b"cold(); bold; old_; _old; old2\n", (), set(), id="only within longer names"),
        pytest.param(None, b"# old\n", (1,), {"old"}, id="in a comment: it may be code to another parser"),
        pytest.param(None, b"a\rold\r\nb\n", (2,), {"old"}, id="other line ends"),
        pytest.param(
            None, "\N{MATHEMATICAL BOLD SMALL O}ld\n".encode(), (1,), {"old"}, id="letters that stand for others"
        ),
        pytest.param(None, b"\xff old\n", (1,), {"old"}, id="bytes that are no UTF-8"),
        pytest.param(None, b"# coding: latin-1\n\xe4 = old\n", (2,), {"old"}, id="a declared encoding"),
        pytest.param(None, b"# coding: utf-7\n" + _utf_7("old"), (2,), {"old"}, id="utf-7"),
        pytest.param(b"# coding: utf-7\n" + _utf_7("old"), b"old\n", (), set(), id="the same line spelled otherwise"),
        pytest.param(None, b"# coding: raw_unicode_escape\n\\u006fld\n", (2,), {"old"}, id="escapes"),
        pytest.param(b"old\n", b"", (), set(), id="an emptied file"),
        pytest.param(b"old\n", None, (), set(), id="a deleted file"),
    ],
)
def test_the_names_on_added_lines(
    base: bytes | None, head: bytes | None, lines: tuple[int, ...], names: set[str]
) -> None:
    found = added(base, head)
    assert found is not None
    assert (found.lines, set(found.names)) == (lines, names)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"# coding: no-such\n", id="an unknown encoding"),
        pytest.param(b"# coding: hex\n6f6c64\n", id="an encoding of bytes"),
        pytest.param(b"# coding: utf-7\n\xff\n", id="bytes that its encoding does not have"),
    ],
)
def test_what_has_no_text_cannot_be_searched(head: bytes) -> None:
    assert added(None, head) is None
    assert added(head, b"x\n") is None


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_what_was_appended_is_found_whatever_stands_before_it(base: bytes, junk: bytes) -> None:
    found = added(base, base + b"\n" + junk.replace(b"coding", b"") + b"\n older \n")
    assert found is None or "older" in found.names


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252", "koi8-r", "euc-jp", "gbk", "big5", "shift_jis"])
def test_ascii_is_itself_in_what_people_write_in(encoding: str) -> None:
    assert ascii_stands_for_itself(encoding)


@pytest.mark.parametrize(
    "encoding",
    ["utf-7", "utf-16", "hz", "iso2022_jp", "unicode_escape", "punycode", "idna", "cp037", "hex", "?"],
)
def test_ascii_may_be_something_else(encoding: str) -> None:
    assert not ascii_stands_for_itself(encoding)
