"""LibCST as the second parser of the proof: what must come back byte for byte, and where two parses are enough."""

import pytest

from bot.engine.fix_file import migrate_file
from bot.engine.program.index import Index
from bot.engine.source.second_parser import SecondParser
from tests.engine.rewrite.tools import DROP_IN

EXACT, FORM_FEED, RETURNS = b"x = 1\n", b"x = 1\n\x0cdef f(): pass\n", b"a = 1\rb = 2\r"
HOLDS = [
    pytest.param(EXACT, b"y = 1\n", id="exact both"),
    pytest.param(EXACT, b"\xef\xbb\xbfx = 1", id="byte-order mark, no newline at the end"),
    pytest.param(EXACT, b"# coding: latin-1\nx = '\xe9'\r\n", id="latin-1"),
    pytest.param(EXACT, b"# coding: utf-7\nx = 1\n", id="utf-7"),
    pytest.param(EXACT, b"", id="nothing left"),
    pytest.param(FORM_FEED, FORM_FEED.replace(b"1", b"2"), id="form feed in both"),
    pytest.param(RETURNS, RETURNS.replace(b"1", b"2"), id="CR alone in both"),
    pytest.param(FORM_FEED, EXACT, id="exact again"),
]


@pytest.mark.parametrize(("before", "after"), HOLDS)
def test_a_result_holds(before: bytes, after: bytes) -> None:
    assert SecondParser(before).fault(after) is None


FAULTS = [
    pytest.param(EXACT, FORM_FEED, "LibCST does not give it back byte for byte", id="no longer exact"),
    pytest.param(EXACT, b"x = (\n", "LibCST does not parse it", id="does not parse"),
    pytest.param(FORM_FEED, b"x = (\n", "LibCST does not parse it", id="does not parse, before not exact"),
    pytest.param(b"x = (\n", FORM_FEED, "LibCST does not parse it", id="before does not parse"),
    pytest.param(EXACT, b"x = '\xff'\n", "LibCST does not parse it", id="no UTF-8"),
    pytest.param(EXACT, b"# coding: nope\n", "LibCST does not parse it", id="unknown encoding"),
    pytest.param(EXACT, b"if a:\n\tx\n        y\n", "LibCST does not parse it", id="tabs and spaces"),
]


@pytest.mark.parametrize(("before", "after", "wrong"), FAULTS)
def test_a_fault_is_told(before: bytes, after: bytes, wrong: str) -> None:
    parser = SecondParser(before)
    assert [parser.fault(after), parser.fault(EXACT), parser.fault(after)] == [wrong, None, wrong]


ODD = [
    pytest.param("from old.mod import f\n\x0cdef a():\n    f()\n", id="form feed before def"),
    pytest.param("from old.mod import f\rf()\r", id="CR alone"),
    pytest.param("from old.mod import f\r\nf()\n", id="mixed line ends"),
]


@pytest.mark.parametrize("text", ODD)
def test_a_file_that_libcst_does_not_give_back_is_migrated_all_the_same(text: str) -> None:
    source = text.encode()
    done = migrate_file(source, "app/x.py", [DROP_IN], Index.build([("app/x.py", source)]))
    assert done.after.decode() == text.replace("old.mod", "new.mod").replace("f()", "g()").replace(
        "import f", "import g"
    )
