"""What a call is given, by the definition of what it calls."""

import ast

import pytest

from bot.engine.program.index import Index
from bot.engine.rewrite.signatures import Signature, signature

DEFINITIONS = {
    "a function": ("def f(a, b=1, *c, d, **e): ...\n", ("a", "b"), 0),
    "by position only": ("def f(a, b, /, c): ...\n", ("a", "b", "c"), 2),
    "a coroutine": ("async def f(a): ...\n", ("a",), 0),
    "a class": ("class f:\n    def __init__(self, a, b): ...\n", ("a", "b"), 0),
    "a class, by position only": ("class f:\n    def __init__(self, a, /, b): ...\n", ("a", "b"), 1),
    "a class, itself by position only": ("class f:\n    def __init__(self, /, a): ...\n", ("a",), 0),
    "a class that makes itself": ("class f:\n    def __new__(cls, a): ...\n", ("a",), 0),
    "a class with neither": ("class f:\n    def other(self, a): ...\n", (), 0),
    "a decorator that keeps them": ("@functools.lru_cache(maxsize=1)\ndef f(a): ...\n", ("a",), 0),
    "a decorator by its own name": ("@cache\ndef f(a): ...\n", ("a",), 0),
}


@pytest.mark.parametrize(("source", "positional", "unnamed"), DEFINITIONS.values(), ids=DEFINITIONS)
def test_the_parameters_of_a_definition(source: str, positional: tuple[str, ...], unnamed: int) -> None:
    found, missing = signature(Index.build([("m.py", source.encode())]), "m.f")
    assert (found, missing) == (Signature(positional=positional, unnamed=unnamed), frozenset())


UNKNOWN = {
    "a class with both": "class f:\n    def __new__(cls, a): ...\n    def __init__(self, a): ...\n",
    "a class with neither, of one that is not in view": "class f(B):\n    def other(self, a): ...\n",
    "a class with a decorator": "@dataclass\nclass f:\n    def __init__(self, a): ...\n",
    "a decorator that may change them": "@wrapped\ndef f(a): ...\n",
    "one of two that may": "@cache\n@mock.patch('x')\ndef f(a): ...\n",
    "a value": "f = 1\n",
    "something else": "def g(a): ...\n",
    "a coroutine that makes it": "class f:\n    async def __init__(self, a): ...\n",
}


@pytest.mark.parametrize("source", UNKNOWN.values(), ids=UNKNOWN)
def test_parameters_that_are_not_known(source: str) -> None:
    assert signature(Index.build([("m.py", source.encode())]), "m.f")[0] is None


def test_a_definition_that_is_not_there_is_asked_for() -> None:
    assert signature(Index.build([]), "m.f") == (None, frozenset({"m"}))
    files = [("n.py", b"from m import f\n")]
    assert signature(Index.build(files), "n.f") == (None, frozenset({"m"}))


CALLS = {
    "f(1, 2)": {"a": "1", "b": "2"},
    "f(1, b=2)": {"a": "1", "b": "2"},
    "f(1, c=3)": {"a": "1", "c": "3"},
    "f()": {},
    "f(1, 2, 3)": None,
    "f(*x)": None,
    "f(**x)": None,
    "f(1, b=2, **x)": None,
    "f(1, 2, b=3)": None,
    "f(a=1)": None,
}


@pytest.mark.parametrize(("text", "expected"), CALLS.items(), ids=CALLS)
def test_the_arguments_of_a_call(text: str, expected: dict[str, str] | None) -> None:
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    found = Signature(positional=("a", "b"), unnamed=1).bound(call.args, call.keywords)
    written = None if found is None else {name: ast.unparse(value) for name, value in found.items()}
    assert written == expected
