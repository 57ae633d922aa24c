"""Import statements edited as LibCST reads them: comments, brackets, line ends, and edits that can be put together."""

import ast
from collections.abc import Sequence

import pytest

from bot.engine.rewrite.import_list import ListChange, NotExact, comments, edited, extended
from bot.engine.rewrite.token_edits import TextEdit, changed


def applied(text: str, edits: Sequence[TextEdit]) -> str:
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


DROPPED = [
    pytest.param("from m import k, f, z", {1}, "from m import k, z", id="between"),
    pytest.param("from m import f, z", {0}, "from m import z", id="first"),
    pytest.param("from m import k, f", {1}, "from m import k", id="last"),
    pytest.param("from m import a, b, c, d", {1, 2}, "from m import a, d", id="two in a row"),
    pytest.param("from m import a, b, c, d", {0, 3}, "from m import b, c", id="both ends"),
    pytest.param("from m import a, b, c, d", {0, 1, 3}, "from m import c", id="all but one"),
    pytest.param("from m import(k,f)", {1}, "from m import(k)", id="narrow"),
    pytest.param("from m import (k, f,)", {1}, "from m import (k,)", id="last comma"),
    pytest.param("from m import (\n    k,\n    f\n)", {1}, "from m import (\n    k,\n)", id="line, no last comma"),
    pytest.param("from m import (k,\n    f)", {1}, "from m import (k)", id="closed on its line"),
    pytest.param(
        "from m import (k,  # of k\n    f)", {1}, "from m import (k  # of k\n)", id="closed, a comment before"
    ),
    pytest.param("from m import (\n    k, f,\n    z,\n)", {1}, "from m import (\n    k,\n    z,\n)", id="ends a line"),
    pytest.param("from m import (\n    f, k,\n    z,\n)", {0}, "from m import (\n    k,\n    z,\n)", id="opens a line"),
    pytest.param(
        "from m import (\n    a,\n    b, c,  # of both\n    d,\n)",
        {2},
        "from m import (\n    a,\n    b,  # of both\n    d,\n)",
        id="a comment of the line",
    ),
    pytest.param(
        "from m import (  # noqa\n    f,  # f\n    z,  # z\n)",
        {0},
        "from m import (  # noqa\n    z,  # z\n)",
        id="noqa of the opening line",
    ),
    pytest.param(
        "from m import (  # type: ignore[attr-defined]\n    k,\n    f,  # f\n)",
        {1},
        "from m import (  # type: ignore[attr-defined]\n    k,\n)",
        id="type: ignore of the opening line",
    ),
    pytest.param(
        "from m import (\n    k,  # k\n    f,  # noqa\n)", {1}, "from m import (\n    k,  # k\n)", id="its own noqa"
    ),
    pytest.param(
        "from m import (\n    # of k\n    k,\n    # of f\n    f,\n    # tail\n)",
        {1},
        "from m import (\n    # of k\n    k,\n    # of f\n    # tail\n)",
        id="lines of comments stay",
    ),
    pytest.param("from m import k, \\\n    f", {1}, "from m import k", id="backslash before"),
    pytest.param("from m import f, \\\n    k", {0}, "from m import k", id="backslash behind"),
    pytest.param("from m import (a\n    , f\n    , b)", {1}, "from m import (a\n    , b)", id="commas in front"),
    pytest.param("import a.b, c as d, e", {1}, "import a.b, e", id="modules"),
    pytest.param("from m import (\n\tk,\n\tf,\n)", {0}, "from m import (\n\tf,\n)", id="tabs"),
    pytest.param("from m import (\n    k,\n\n    f,\n)", {0}, "from m import (\n\n    f,\n)", id="a blank line"),
]


@pytest.mark.parametrize(("text", "gone", "after"), DROPPED)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_names_go(text: str, gone: set[int], after: str, newline: str) -> None:
    if newline == "\r" and "\\" in text:
        pytest.skip("a backslash before CR alone is no continuation to LibCST")
    text, after = text.replace("\n", newline), after.replace("\n", newline)
    edits = edited(text, ListChange(items=dict.fromkeys(gone)), newline)
    assert applied(text, edits) == after
    assert all(not edit.text for edit in edits)


@pytest.mark.parametrize(("text", "gone", "after"), DROPPED)
def test_one_fix_takes_a_name_and_another_one_more(text: str, gone: set[int], after: str) -> None:
    for part in ({n} for n in gone):
        less = edited(text, ListChange(items=dict.fromkeys(part)), "\n")
        more = edited(text, ListChange(items=dict.fromkeys(gone)), "\n")
        covered = {at for edit in more for at in range(edit.start, edit.end)}
        assert covered.issuperset(at for edit in less for at in range(edit.start, edit.end))


CHANGED = [
    pytest.param("from m import f", {0: "g"}, None, "from m import g", id="name"),
    pytest.param("from m import f  as  h, k", {0: "g as h"}, None, "from m import g  as  h, k", id="alias kept"),
    pytest.param("from m import f as g", {0: "g"}, None, "from m import g", id="alias gone"),
    pytest.param("from m import f", {0: "g as f"}, None, "from m import g as f", id="alias new"),
    pytest.param("from  m  import (f)", {}, "n.o", "from  n.o  import (f)", id="module"),
    pytest.param("from ..m import f", {}, ".n", "from .n import f", id="relative module"),
    pytest.param("from .m import f", {}, ".", "from . import f", id="package itself"),
    pytest.param("from . import f", {}, "n", "from n import f", id="absolute again"),
    pytest.param("from  m  import *", {}, "n", "from  n  import *", id="star"),
    pytest.param("import a.b as c, d", {0: "x.y as c"}, None, "import x.y as c, d", id="module with alias"),
    pytest.param(
        "from m import (  # noqa\n    f,  # f\n    k,  # k\n)",
        {0: "g"},
        "n",
        "from n import (  # noqa\n    g,  # f\n    k,  # k\n)",
        id="comments stay in place",
    ),
]


@pytest.mark.parametrize(("text", "items", "module", "after"), CHANGED)
def test_names_change(text: str, items: dict[int, str | None], module: str | None, after: str) -> None:
    assert applied(text, edited(text, ListChange(items=items, module=module), "\n")) == after


EXTENDED = [
    pytest.param("from m import k", "from m import k, x, y", id="line"),
    pytest.param("from m import (k)", "from m import (k, x, y)", id="brackets"),
    pytest.param("from m import (k,)", "from m import (k, x, y,)", id="last comma"),
    pytest.param("from m import (a, k,  # c\n)", "from m import (a, k, x, y,  # c\n)", id="a comment of the line"),
    pytest.param(
        "from m import (\n    a,\n    k,\n)", "from m import (\n    a,\n    k,\n    x,\n    y,\n)", id="own lines"
    ),
    pytest.param(
        "from m import (\n    a,\n    k\n)", "from m import (\n    a,\n    k,\n    x,\n    y\n)", id="no last comma"
    ),
    pytest.param("from m import (a,\n    k)", "from m import (a,\n    k,\n    x,\n    y)", id="closed on its line"),
    pytest.param(
        "from m import (\n    a,\n    k,  # k\n)",
        "from m import (\n    a,\n    k,  # k\n    x,\n    y,\n)",
        id="the comment stays with its name",
    ),
    pytest.param(
        "from m import (\n    a,\n    k  # k\n)",
        "from m import (\n    a,\n    k,  # k\n    x,\n    y,\n)",
        id="the comment stays, a comma comes",
    ),
    pytest.param(
        "from m import (\n    a,\n    k,\n    # tail\n)",
        "from m import (\n    a,\n    k,\n    x,\n    y,\n    # tail\n)",
        id="a comment at the end",
    ),
    pytest.param("import a", "import a, x, y", id="modules"),
]


@pytest.mark.parametrize(("text", "after"), EXTENDED)
def test_names_come(text: str, after: str) -> None:
    assert applied(text, edited(text, ListChange(items={}, added=["x", "y"]), "\n")) == after
    edits = extended(text, ["x", "y"], "\n")
    assert set(edits) == {*extended(text, ["x"], "\n"), *extended(text, ["y"], "\n")}
    assert sorted(alias.name for alias in _names(applied(text, edits))) == sorted(alias.name for alias in _names(after))


def _names(text: str) -> list[ast.alias]:
    statement = ast.parse(text).body[0]
    assert isinstance(statement, ast.Import | ast.ImportFrom)
    return statement.names


NO_OPS = [
    "from m import f",
    "from m import (\n    f,  # c\n)",
    "import a.b as c , d",
    "from . import *",
    "from m import f as f",
]


@pytest.mark.parametrize("text", NO_OPS)
def test_no_change_is_no_edit(text: str) -> None:
    assert edited(text, ListChange(items={}), "\n") == []
    assert extended(text, [], "\n") == []


REFUSED = ["x = 1", "from m import (", "import a; import b", "if a: import b", "", "from m import f\n\n"]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_import_statement_is_refused(text: str) -> None:
    with pytest.raises(NotExact):
        edited(text, ListChange(items={}), "\n")


def test_a_star_has_no_names_beside_it() -> None:
    with pytest.raises(NotExact):
        extended("from m import *", ["x"], "\n")


def test_comments_are_told_by_name() -> None:
    text = "from m import (  # all\n    a,  # of a\n    b, c,  # of the line\n    d  # of d\n)"
    assert comments(text, "\n") == ("# all", ("# of a", "", "", "# of d"))
    assert comments("from m import a, b", "\n") == ("", ("", ""))


DIFFERENCES = [
    pytest.param("a b", "a b", [], id="same"),
    pytest.param("abc", "abd", [TextEdit(10, 13, "abd")], id="whole tokens"),
    pytest.param(",\n    b,\n    ", ",\n    ", [TextEdit(12, 19, "")], id="a whole line goes"),
    pytest.param(",  # c\n)", ",  # c\n    x,\n)", [TextEdit(17, 17, "    x,\n")], id="a whole line comes"),
    pytest.param("", "x", [TextEdit(10, 10, "x")], id="from nothing"),
    pytest.param("x", "", [TextEdit(10, 11, "")], id="to nothing"),
]


@pytest.mark.parametrize(("old", "new", "edits"), DIFFERENCES)
def test_differences_keep_to_tokens_and_lines(old: str, new: str, edits: list[TextEdit]) -> None:
    assert changed(old, new, 10) == edits
