"""Entries that are taken out of a list: the rest stays as it is written."""

import ast

import pytest

from bot.engine.program.index import Index
from bot.engine.rewrite.edits import apply_edits
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.lists import remove_items
from bot.engine.usages.analysis import Analysis
from bot.engine.usages.detect import analyse

CASES = {
    "the first": ("[a, x, b]", "[x, b]", "a"),
    "the one in the middle": ("[x, a, y]", "[x, y]", "a"),
    "the last": ("[x, a]", "[x]", "a"),
    "the last, with a comma": ("[x, a,]", "[x,]", "a"),
    "all": ("[a, b]", "[]", "ab"),
    "all, with a comma": ("[a, b, ]", "[]", "ab"),
    "the only one": ("[a]", "[]", "a"),
    "two that meet": ("[x, a, b, y]", "[x, y]", "ab"),
    "two apart": ("[a, x, b]", "[x]", "ab"),
    "two at the end": ("[x, a, b]", "[x]", "ab"),
    "a line of its own": ("[\n    x,\n    a,\n    y,\n]", "[\n    x,\n    y,\n]", "a"),
    "a line of its own with a comment": ("[\n    x,\n    a,  # so\n    y,\n]", "[\n    x,\n    y,\n]", "a"),
    "the last line without a comma": ("[\n    x,\n    a\n]", "[\n    x,\n]", "a"),
    "all lines": ("[\n    a,\n    b,\n]", "[\n]", "ab"),
    "the first of a line": ("[\n    a, x,\n    y,\n]", "[\n    x,\n    y,\n]", "a"),
    "the last of a line": ("[\n    x, a,\n    y,\n]", "[\n    x,\n    y,\n]", "a"),
    "the last of a line, the list's last": ("[\n    x, a,\n]", "[\n    x,\n]", "a"),
    "two of a line": ("[\n    a, b,\n    y,\n]", "[\n    y,\n]", "ab"),
    "one of a tuple stays": ("(a, x)", "(x,)", "a"),
    "one of a tuple stays, the first": ("(x, a)", "(x,)", "a"),
    "one of a tuple stays, with its comma": ("(x, a,)", "(x,)", "a"),
    "one of a tuple stays, in the middle": ("(a, x, b)", "(x,)", "ab"),
    "one of a tuple stays on its line": ("(\n    x,\n    a,\n)", "(\n    x,\n)", "a"),
    "one of a tuple stays on its line without a comma": ("(\n    a,\n    x  # a, b\n)", "(\n    x,  # a, b\n)", "a"),
    "two of a tuple stay": ("(x, a, y)", "(x, y)", "a"),
    "none of a tuple": ("(a, b)", "()", "ab"),
    "one of a bare tuple": ("a, x", "x,", "a"),
    "one of a bare tuple, the first": ("x, a", "x,", "a"),
    "beside the bracket": ("[a,\n x]", "[x]", "a"),
    "the last beside the bracket": ("[x,\n a]", "[x]", "a"),
}


@pytest.mark.parametrize(("before", "after", "names"), CASES.values(), ids=CASES)
def test_the_rest_of_a_list_stays(before: str, after: str, names: str) -> None:
    source = f"items = {before}\n".encode()
    found = analyse(source, "x.py", [], Index.build(()))
    assert isinstance(found, Analysis)
    (display,) = (node for node in ast.walk(found.tree) if isinstance(node, ast.List | ast.Tuple))
    gone = [isinstance(each, ast.Name) and each.id in names for each in display.elts]
    edits = remove_items(Layout(found), display, gone)
    assert apply_edits(source, edits).decode() == f"items = {after}\n"
