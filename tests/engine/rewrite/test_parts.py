"""Small questions that the stages ask: of trees, of texts and of blocks."""

import ast

import pytest

from bot.domain.finding import Edit
from bot.engine.program.index import Index
from bot.engine.resolve.flow import in_one_branch
from bot.engine.rewrite.intended import same, spelled
from bot.engine.rewrite.order import Touch, stays, touch
from bot.engine.rewrite.precedence import enclosed
from bot.engine.rewrite.proof import Prover
from bot.engine.usages.analysis import Analysis
from bot.engine.usages.detect import analyse


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def analysed(source: str) -> Analysis:
    found = analyse(source.encode(), "x.py", [], Index.build(()))
    assert isinstance(found, Analysis)
    return found


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("f(1)", "f( 1 )", True),
        ("f(1)", "f(2)", False),
        ("f(1)", "f(1, 2)", False),
        ("f(a)", "f(1)", False),
        ("f(a=1)", "f(b=1)", False),
        ("a or (b or c)", "a or b or c", True),
        ("(a and b) and c", "a and b and c", True),
        ("a or (b and c)", "a or b or c", False),
        ("a or b", "a and b", False),
        ("a or b", "a or b or c", False),
        ("-a", "+a", False),
        ("[]", "()", False),
    ],
)
def test_equal_trees(one: str, other: str, equal: bool) -> None:
    assert same(expression(one), expression(other), {}) is equal


def test_a_part_of_a_tree_may_be_meant_to_be_another() -> None:
    whole = expression("a or x")
    assert isinstance(whole, ast.BoolOp)
    instead = {id(whole.values[1]): expression("b or c")}
    assert same(whole, expression("a or b or c"), instead)
    assert not same(whole, expression("a or x"), instead)
    assert not same(whole, expression("a or (b and c)"), instead)


@pytest.mark.parametrize("name", ["a", "a.b", "a(1)[2]", "a\n.b"])
def test_a_name_as_it_is_written(name: str) -> None:
    assert ast.dump(spelled(name)) == ast.dump(expression(f"({name})"))


def test_what_cannot_be_written_is_like_nothing_else() -> None:
    assert ast.dump(spelled("a b")) == ast.dump(ast.Name(id="a b", ctx=ast.Load()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(a)", True), ("(a, (b))", True), ("((a))", True), ("(a) + (b)", False), ("a", False), ("", False),
        ("(a", False), ("[a]", False), ("('(')", True), ("(a)(b)", False),
    ],
)  # fmt: skip
def test_one_pair_of_brackets_around_all(text: str, expected: bool) -> None:
    assert enclosed(text) is expected


BLOCK = "with x as y:\n    a\n    b\nif c:\n    d\n    e\nelse:\n    f\n"


@pytest.mark.parametrize(
    ("block", "first", "other", "expected"),
    [
        (0, "body.0", "body.1", True),
        (1, "body.0", "body.1", True),
        (1, "body.0", "orelse.0", False),
        (1, "orelse.0", "body.0", False),
        (1, "orelse.0", "orelse.0", True),
        (1, "test", "body.0", False),
        (0, "items.0", "body.0", False),
    ],
)
def test_parts_of_one_list_of_statements(block: int, first: str, other: str, expected: bool) -> None:
    statement = ast.parse(BLOCK).body[block]

    def part(path: str) -> ast.AST:
        name, _, at = path.partition(".")
        found: ast.AST = getattr(statement, name)[int(at)] if at else getattr(statement, name)
        return found

    assert in_one_branch(statement, part(first), part(other)) is expected


TOUCHES = {
    "1": Touch.NOTHING, "'a'": Touch.NOTHING, "-1": Touch.NOTHING, "1 + 2": Touch.NOTHING, "(1, 2)": Touch.NOTHING,
    "local": Touch.NOTHING, "len": Touch.NOTHING, "ONCE": Touch.NOTHING, "lambda: g()": Touch.NOTHING,
    "local is None": Touch.NOTHING, "local is not TWICE": Touch.READS, "TWICE": Touch.READS,
    "ONCE is None": Touch.NOTHING, "(local, ONCE)": Touch.NOTHING, "[local, 1]": Touch.NOTHING,
    "{1: local}": Touch.NOTHING, "local if ONCE else 1": Touch.READS, "[TWICE]": Touch.READS,
    "local.x": Touch.READS, "local[0]": Touch.READS, "local == 1": Touch.READS, "local + 1": Touch.READS,
    "-local": Touch.READS, "local in ()": Touch.READS, "local is None is (local == 1)": Touch.READS,
    "g()": Touch.CHANGES, "[g()]": Touch.CHANGES, "h(a=g())": Touch.CHANGES, "(x := 1)": Touch.CHANGES,
    "[*local]": Touch.CHANGES, "[*(1, 2)]": Touch.NOTHING, "[*[local]]": Touch.NOTHING, "f'{local}'": Touch.READS,
    "[g() for i in ()]": Touch.CHANGES, "(g() for i in ())": Touch.READS, "(1 for i in g())": Touch.CHANGES,
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TOUCHES.items(), ids=TOUCHES)
def test_what_an_expression_touches(text: str, expected: Touch) -> None:
    source = f"ONCE = 1\nTWICE = 1\nTWICE = 2\ndef f(local):\n    used({text})\n"
    found = analysed(source)
    (call,) = (node for node in ast.walk(found.tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "used")
    assert touch(found, call.args[0]) is expected


@pytest.mark.parametrize(("above", "expected"), [("", Touch.NOTHING), ("from a import *\n", Touch.READS)])
def test_a_name_that_nothing_binds_is_built_in(above: str, expected: Touch) -> None:
    found = analysed(f"{above}len\n")
    (name,) = (node for node in ast.walk(found.tree) if isinstance(node, ast.Name))
    assert touch(found, name) is expected


STAYS = {
    "1": True, "ONCE": True, "len": True, "(ONCE, 1)": True, "local": True, "inner": True,
    "TWICE": False, "looped": False, "item": False, "local.x": False, "g()": False, "both": False,
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), STAYS.items(), ids=STAYS)
def test_what_keeps_its_value(text: str, expected: bool) -> None:
    source = (
        "ONCE = 1\nTWICE = 1\nTWICE = 2\ndef f(local):\n    for item in local:\n        looped = 1\n"
        "    while 1:\n        def h():\n            inner = 1\n            used(inner)\n"
        f"    both = 1\n    both = 2\n    {'h()' if text == 'inner' else f'used({text})'}\n"
    )
    found = analysed(source)
    calls = [node for node in ast.walk(found.tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "used"]
    wanted = next(call for call in calls if ast.unparse(call.args[0]) == ast.unparse(expression(text)))
    assert stays(found, wanted.args[0]) is expected


FAULTS = {
    "nothing": ("x = 1\n", [(4, 5, "2")], None),
    "edits that overlap": ("x = 1\n", [(0, 5, "y"), (4, 5, "2")], "does not fit the file"),
    "it does not parse": ("x = 1\n", [(4, 5, "(")], "it does not parse"),
    "a string becomes the docstring": ("x\n'a'\n", [(0, 2, "")], "a string becomes a docstring"),
    "another statement changes": ("x\ny = 1\n", [(0, 1, "f('''")], "it does not parse"),
    "a comment takes the next statement in": ("x; y = 1\n", [(0, 1, "x #")], "a statement outside the edits changed"),
    "too deep for pyflakes": ("x = 1\n", [(4, 5, "1" + " + 1" * 900)], "nested too deeply"),
    "a name is undefined": ("import a\na\n", [(0, 8, "pass")], "undefined name"),
}


@pytest.mark.parametrize(("source", "edits", "wrong"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_with_a_result(source: str, edits: list[tuple[int, int, str]], wrong: str | None) -> None:
    found = Prover(analysed(source)).fault([Edit(start=start, end=end, text=text) for start, end, text in edits])
    assert (found is None) is (wrong is None)
    assert (wrong or "") in (found or "")
