"""Classes as they are written."""

import pytest

from bot.engine.program.bound import names_bound
from bot.engine.program.classes import Class, class_of, top_of
from bot.engine.program.index import Index
from bot.engine.resolve.exports import parse

BODY = [
    pytest.param("x = 1", {"x"}, id="assignment"),
    pytest.param("x, (y, *z) = a", {"x", "y", "z"}, id="unpacking"),
    pytest.param("x: int", {"x"}, id="annotation"),
    pytest.param("def f(self):\n        x = 1", {"f"}, id="method, not what is local to it"),
    pytest.param("async def f(self):\n        x = 1", {"f"}, id="coroutine"),
    pytest.param("class Inner:\n        x = 1", {"Inner"}, id="inner class, not its members"),
    pytest.param("if a:\n        def f(self): ...\n    else:\n        g = 1", {"f", "g"}, id="condition"),
    pytest.param("for x in a:\n        y = x", {"x", "y"}, id="loop"),
    pytest.param("import a.b, c as d", {"a", "d"}, id="import"),
    pytest.param("from a import b as c, d", {"c", "d"}, id="import of names"),
    pytest.param("x.y = a[z] = 1", set(), id="what is written is no member"),
    pytest.param("pass", set(), id="nothing"),
]


def the_class(text: str) -> Class:
    found = class_of(Index(), "a.py", text.encode(), "C")
    assert found is not None
    return found


@pytest.mark.parametrize(("body", "members"), BODY)
def test_the_members_of_a_class(body: str, members: set[str]) -> None:
    assert the_class(f"class C:\n    {body}\n").members == members
    assert names_bound(parse(body.replace("\n    ", "\n").encode()).body[0]) == members


@pytest.mark.parametrize(
    ("head", "bases", "written"),
    [
        pytest.param("", (), (), id="none"),
        pytest.param("(A)", ("A",), ("A",), id="one"),
        pytest.param("(A, m.B)", ("A", "m.B"), ("A", "m.B"), id="of a module"),
        pytest.param("(str, enum.Enum)", (), ("str", "enum.Enum"), id="that bring no values"),
        pytest.param("(str, A, Enum)", ("A",), ("str", "A", "Enum"), id="some that bring no values"),
        pytest.param("(A, metaclass=B)", ("A",), ("A",), id="a metaclass is none"),
    ],
)
def test_the_bases_of_a_class(head: str, bases: tuple[str, ...], written: tuple[str, ...]) -> None:
    found = the_class(f"class C{head}: ...\n")
    assert (found.bases, found.written) == (bases, written)


@pytest.mark.parametrize(
    ("text", "certain"),
    [
        pytest.param("class C:\n    x = 1\n", True, id="plain"),
        pytest.param("class C(A): ...\n", True, id="base"),
        pytest.param("class C(metaclass=EnumMeta): ...\n", True, id="metaclass of an enumeration"),
        pytest.param("class C(metaclass=abc.ABCMeta): ...\n", True, id="metaclass of a module"),
        pytest.param("class C(A, metaclass=M): ...\n", False, id="another metaclass"),
        pytest.param("class C(A, metaclass=ABCMeta, x=EnumMeta): ...\n", False, id="a word for the base"),
        pytest.param("class C(x=ABCMeta): ...\n", False, id="a word like a metaclass"),
        pytest.param("class C(**a): ...\n", False, id="words of somebody"),
        pytest.param("class C(a()): ...\n", False, id="a computed base"),
        pytest.param("class C(A, a()): ...\n", False, id="a computed base beside another"),
        pytest.param("class C(*a): ...\n", False, id="bases of somebody"),
        pytest.param("@a\nclass C: ...\n", False, id="decorator"),
        pytest.param("class C:\n    locals()['x'] = 1\n", False, id="names that are computed"),
        pytest.param("class C:\n    for n in a:\n        vars()[n] = 1\n", False, id="names of a loop"),
        pytest.param("class C:\n    x = 1\n    exec(a)\n", False, id="code that is computed"),
        pytest.param("class C:\n    x = a.exec(1)\n", True, id="a method of that name"),
        pytest.param("class C:\n    x = dict(a=1)\n", True, id="another call"),
        pytest.param("class C:\n    def f(self):\n        exec(a)\n", True, id="within a method"),
    ],
)
def test_whether_nothing_else_gives_it_members(text: str, certain: bool) -> None:
    found = the_class(text)
    assert found.certain is certain
    assert found.has("absent") is (False if certain else None)
    assert all(found.has(member) for member in found.members)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x = 1\n", id="no class"),
        pytest.param("class C: ...\nclass C: ...\n", id="two"),
        pytest.param("class C: ...\nC = 1\n", id="bound again"),
        pytest.param("if a:\n    class C: ...\n", id="under a condition"),
        pytest.param("class C(\n", id="does not parse"),
    ],
)
def test_there_is_not_one_class_of_the_name(text: str) -> None:
    assert class_of(Index(), "a.py", text.encode(), "C") is None


@pytest.mark.parametrize(
    ("text", "constants"),
    [
        pytest.param("A = 1\nB: str = 'x'\n", {"A", "B"}, id="literals"),
        pytest.param("A = B = a.c = 1\n", {"A", "B"}, id="several at once"),
        pytest.param("A = f()\nB: int = C\nD: int\n", set(), id="other values"),
        pytest.param("A, B = 1, 2\n", set(), id="unpacking"),
        pytest.param("if a:\n    A = 1\n", set(), id="under a condition"),
    ],
)
def test_the_names_that_a_literal_is_bound_to(text: str, constants: set[str]) -> None:
    assert top_of(Index(), "a.py", text.encode()).constants == constants
