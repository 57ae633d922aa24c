"""Lines of a source, found in two ways."""

import codecs

from hypothesis import given
from hypothesis import strategies as st

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
