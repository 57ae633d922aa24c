"""Which files are parsed for the names that they give to others."""

from collections.abc import Mapping

import pytest

from bot.engine.resolve.exports import parse
from bot.engine.resolve.renamed import renamed, taken_by

OLD = frozenset({"old"})

CASES = {
    "at the top": ("new = m.old\n", True),
    "in a class": ("class C:\n    new = m.old\n", False),
    "in a function": ("def f():\n    new = m.old\n", False),
    "in a function of a class": ("class C:\n\tdef f(self):\n\t\tnew = m.old\n", False),
    "in a class, another at the top": ("class C:\n    new = m.old\n\nnewer = m.old\n", True),
    "under a condition": ("if x:\n    new = m.old\n", True),
    "under a condition behind a byte order mark": ("\ufeffif x:\n    new = m.old\n", True),
    "in the else of a try": ("try:\n    pass\nexcept E:\n    pass\nelse:\n    new = m.old\n", True),
    "in a loop": ("for x in y:\n    new = m.old\n", True),
    "in a context": ("with x:\n    new = m.old\n", True),
    "in a case": ("match x:\n    case 1:\n        new = m.old\n", True),
    "on lines that end with CR alone": ("if x:\r    new = m.old\r", True),
    "on a line that goes on": ("newer = \\\n    new = m.old\n", True),
    "behind a form feed": ("class C: pass\n  \f" + "new = m.old\n", True),
    "under a condition behind a form feed": ("class C: pass\n\fif x:\n    new = m.old\n", True),
}


@pytest.mark.parametrize(("source", "asks"), CASES.values(), ids=CASES)
def test_a_file_is_parsed_where_a_line_may_run_with_the_module(source: str, asks: bool) -> None:
    asked = []

    def taken(text: bytes) -> Mapping[str, frozenset[str]]:
        asked.append(text)
        return taken_by(text)

    found = renamed(source.encode(), OLD, taken=taken)
    assert bool(asked) is asks
    assert found == frozenset(name for name, to in taken_by(source.encode()).items() if not OLD.isdisjoint(to))


def test_a_tree_that_is_asked_for_again_and_again_stays() -> None:
    first = parse(b"first = 1\n")
    for n in range(20):
        parse(f"x{n} = {'1' * 30_000!r}\n".encode())
        assert parse(b"first = 1\n") is first, "the module of the targets is asked for in every file"
