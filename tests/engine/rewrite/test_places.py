"""How tightly what stands at a place has to bind: brackets are written where it binds less."""

import ast

import pytest

from bot.engine.rewrite.precedence import place
from bot.engine.source.text import parse_expression

SAMPLES = {
    "yield": "yield a", "walrus": "a := b", "tuple": "a, b", "lambda": "lambda: a", "ternary": "a if b else c",
    "or": "a or b", "and": "a and b", "not": "not a", "compare": "a < b", "bit-or": "a | b", "bit-xor": "a ^ b",
    "bit-and": "a & b", "shift": "a << b", "add": "a + b", "times": "a * b", "factor": "-a", "power": "a ** b",
    "await": "await a", "atom": "a", "integer": "1",
}  # fmt: skip
"""From what binds least to what binds most."""


def taken(statement: str) -> set[str]:
    """The samples that can stand in the place of ``X`` without brackets."""
    tree = ast.parse(statement)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    node = next(each for each in ast.walk(tree) if isinstance(each, ast.Name) and each.id == "X")
    here = place(parents, node)
    return {name for name, text in SAMPLES.items() if here.takes(_tree(text), text)}


def _tree(text: str) -> ast.expr:
    found = parse_expression(f"({text})").body
    assert isinstance(found, ast.expr)
    return found


def stands(statement: str) -> set[str]:
    """The samples that, written there, are what stands there: by Python's own parser."""
    return {name for name, text in SAMPLES.items() if _is_whole(statement, text)}


def _is_whole(statement: str, text: str) -> bool:
    try:
        found, expected = (
            ast.dump(ast.parse(f"async def f():\n {statement.replace('X', each)}")) for each in (text, f"({text})")
        )
    except SyntaxError:
        return False
    return found == expected


PLACES = [
    "v = X ** x", "v = x ** X", "v = X * x", "v = x * X", "v = X + x", "v = x - X", "v = X << x", "v = x >> X",
    "v = X & x", "v = x & X", "v = X ^ x", "v = x ^ X", "v = X | x", "v = x | X", "v = -X", "v = ~X", "v = not X",
    "v = X < x", "v = x < X", "v = x in X", "v = X and x", "v = x and X", "v = X or x", "v = x or X",
    "v = X if x else y", "v = x if X else y", "v = x if y else X", "v = lambda: X", "v = lambda k=X: k", "v = X.y",
    "v = X[y]", "v = x[X]", "v = x[X:y]", "v = X(y)", "v = x(X, y)", "v = x(*X)", "v = x(**X)", "v = x(k=X)",
    "v = [X, x]", "v = [*X]", "v = {X, x}", "v = {X: x}", "v = {x: X}", "v = {**X}", "v = {x: y, **X}",
    "v = {**x, y: X}", "v = (X, x)", "v = [X for i in x]", "v = [i for i in X]", "v = [i for i in x if X]",
    "v = {X: i for i in x}", "v = {i: X for i in x}", "v = (X for i in x)", "v = {X for i in x}",
    "v = await X", "v = (yield X)", "v = (yield from X)", "X", "v = X", "v += X", "v: int = X", "v: X = 1",
    "return X", "assert X, x", "assert x, X", "raise X", "raise x from X", "if X: pass", "while X: pass",
    "for i in X: pass", "async for i in X: pass", "with X: pass", "with X as w: pass",
    "match X:\n  case 1: pass", "class C(X): pass", "class C(*X): pass", "class C(metaclass=X): pass",
]  # fmt: skip
ALIKE = {"v = X and x", "v = x and X", "v = X or x", "v = x or X"}
"""Here the same word groups otherwise without brackets, and means the same."""
STRICTER = {
    "v = x[X]": {"walrus"},  # older Pythons need them
    "v = (X, x)": {"walrus"},
    "with X: pass": {"tuple"},  # with brackets too, it would be two items
}
"""Where brackets are written that Python could do without."""


@pytest.mark.parametrize("statement", PLACES)
def test_what_can_stand_there_without_brackets(statement: str) -> None:
    found, expected = taken(statement), stands(statement)
    if statement in ALIKE:
        expected |= {"and" if " and " in statement else "or"}
    assert found == expected - STRICTER.get(statement, set())
