"""Lines of a source, found in two ways."""

import codecs
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.source.mentions import occurrences, respelled
from bot.engine.source.text import SourceMap, line_around

TEXT = st.text("aé\u2028\f \n\r", max_size=40)


@given(text=TEXT, bom=st.booleans(), encoding=st.sampled_from(["utf-8", "iso8859-15"]), data=st.data())
def test_a_line_found_alone_is_the_line_of_the_map(text: str, bom: bool, encoding: str, data: st.DataObject) -> None:
    bom = bom and encoding == "utf-8"
    source = codecs.BOM_UTF8 * bom + text.encode(encoding, "replace")
    lines = SourceMap(source, encoding)
    offset = data.draw(st.integers(min_value=3 * bom, max_value=max(len(source) - 1, 3 * bom)))
    if source[offset - 1 : offset + 1] == b"\r\n":
        offset -= 1  # between the two bytes of one line end no node begins
    line, _ = lines.position(offset)
    assert line_around(source, offset, encoding) == lines.line_bytes(line).rstrip(b"\r\n").decode(encoding, "replace")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("\U0001d420et", "get"),
        ("m.\U0001d420et", "m.get"),
        ("\uff47et", "get"),
        ("get", ""),
        ("", ""),
        ("# \u00e9", ""),
        ("# coding: utf-7\n+AGcAZQB0-", "get"),
        ("# coding: utf-7\nx", ""),
        ("\n# coding: raw_unicode_escape\n\\u0067et", "get"),
        ("\n\n# coding: raw_unicode_escape\n\\u0067et", ""),
        ("# coding: latin-1\n\\u0067et", ""),
        ("m\u00aan", "man"),
        ("li\u017ft", "list"),
        ("\ufb02oat", "float"),
        ("get\u203f", ""),
        ("\0g\0e\0t\0", "get"),
        ("# coding: no-such\n", "anything"),
    ],
)
def test_names_that_stand_there_otherwise(text: str, read: str) -> None:
    source = text.encode()
    for found in (source, source + "\U0001d420".encode()):
        assert respelled(found, len(source), [read.encode() or b"get"]) is bool(read)


@pytest.mark.parametrize("encoding", ["shift_jis", "euc_jp", "gb18030", "big5", "utf-8"])
def test_names_in_full_width_letters_of_any_encoding(encoding: str) -> None:
    source = f"# coding: {encoding}\n\uff47\uff45\uff54()\n".encode(encoding)
    assert respelled(source, len(source), [b"get"])


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "iso8859-15"])
def test_names_in_other_letters_of_one_byte(encoding: str) -> None:
    source = f"# coding: {encoding}\nm\u00aan()\n".encode(encoding)
    assert respelled(source, len(source), [b"man"])


def test_every_character_that_is_read_as_an_ascii_one_is_known() -> None:
    for point in range(0x80, sys.maxunicode + 1):
        char = chr(point)
        if not 0xD800 <= point < 0xE000 and f"a{char}".isidentifier():
            read = unicodedata.normalize("NFKC", char)
            if any(each.isascii() for each in read):
                source = f"a{char}b".encode()
                assert respelled(source, len(source), [f"a{read}b".encode()]), hex(point)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("old", [(0, 3)]),
        ("old.old", [(0, 3), (4, 7)]),
        ("older bold _old old1", []),
        ("x old", [(2, 5)]),
        ("older old", [(6, 9)]),
        ("\u00e9old old\u00e9", []),
        ("", []),
    ],
)
def test_a_word_stands_alone(text: str, found: list[tuple[int, int]]) -> None:
    assert list(occurrences(text.encode(), ["old"])) == found


@pytest.mark.parametrize(
    ("source", "offset", "line"),
    [
        (b"a\nbc\nd", 2, "bc"),
        (b"a\nbc\nd", 3, "bc"),
        (b"a\nbc\nd", 0, "a"),
        (b"a\nbc\nd", 5, "d"),
        (b"a\rbc\rd", 2, "bc"),
        (b"a\r\nbc\r\nd", 3, "bc"),
        (b"a\rb\nc\rd", 2, "b"),
        (b"\xef\xbb\xbfa\nb", 3, "a"),
        (b"x\n\xef\xbb\xbfa", 5, "\ufeffa"),
        (b"\n\n", 1, ""),
        (b"abc", 1, "abc"),
    ],
)
def test_the_line_around_a_byte(source: bytes, offset: int, line: str) -> None:
    assert line_around(source, offset, "utf-8") == line
