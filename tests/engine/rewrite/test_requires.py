"""What a fix asks of the canonical definition, and of the type of an argument."""

import pytest

from bot.domain.migration import Applicability, Migration, Requirement, Rewrite, Target
from bot.engine.program.index import Index
from bot.engine.rewrite.requires import accepts
from tests.engine.rewrite.tools import rewrite

DEFINITIONS = [
    pytest.param("class G:\n    def __init__(self, context): ...\n", True, id="constructor"),
    pytest.param("class G:\n    def __init__(self, *, context=None): ...\n", True, id="keyword only"),
    pytest.param("class G:\n    def __init__(self, **more): ...\n", True, id="rest"),
    pytest.param("class G:\n    def __init__(self): ...\n", False, id="constructor without"),
    pytest.param("class G:\n    def __init__(self, context, /): ...\n", False, id="by position only"),
    pytest.param("class G:\n    def __new__(cls, context): ...\n", True, id="__new__"),
    pytest.param("class G:\n    def __new__(cls): ...\n    def __init__(self, context): ...\n", False, id="both must"),
    pytest.param("class G: ...\n", False, id="no constructor"),
    pytest.param("class B:\n    def __init__(self, context): ...\nclass G(B): ...\n", True, id="inherited"),
    pytest.param("class G(unknown.B): ...\n", None, id="inherited from elsewhere"),
    pytest.param("@dataclass\nclass G:\n    context: int\n", True, id="dataclass"),
    pytest.param("@dataclass\nclass G:\n    other: int\n", False, id="dataclass without"),
    pytest.param("class _G:\n    def __init__(self, context): ...\nG = _G\n", True, id="alias"),
    pytest.param("from new.impl import _G as G\n", True, id="re-export"),
    pytest.param("def G(context): ...\n", True, id="function"),
    pytest.param("async def G(other): ...\n", False, id="function without"),
    pytest.param("G = make()\n", None, id="computed"),
    pytest.param("def (", None, id="does not parse"),
    pytest.param("G = 1\n", None, id="a value"),
    pytest.param("@dataclass\nclass G:\n    context: int\n", True, id="a dataclass's field"),
    pytest.param("@dataclasses.dataclass(frozen=True)\nclass G:\n    context: int = 1\n", True, id="with arguments"),
    pytest.param("@dataclass\nclass G:\n    other: int\n", False, id="a dataclass without"),
    pytest.param("@dataclass\nclass G:\n    context = 1\n", False, id="no field of a dataclass"),
    pytest.param("@other\nclass G:\n    context: int\n", False, id="no dataclass"),
    pytest.param("class G:\n    context: int\n", False, id="no decorator"),
    pytest.param("class G(x.B): ...\n", None, id="a base that is not known"),
    pytest.param("class B: ...\nclass G(B): ...\n", False, id="a base without"),
    pytest.param(
        "class A: ...\nclass B:\n    def __init__(self, context): ...\nclass G(A, B): ...\n", True, id="a second base"
    ),
    pytest.param("class G:\n    def other(self, context): ...\n", False, id="another method"),
    pytest.param("class G:\n    async def __init__(self, context): ...\n", True, id="a coroutine"),
]
IMPL = ("new/impl.py", b"class _G:\n    def __init__(self, context): ...\n")


@pytest.mark.parametrize(("source", "accepted"), DEFINITIONS)
def test_what_a_definition_accepts(source: str, accepted: bool | None) -> None:
    index = Index.build([("new/mod.py", source.encode()), IMPL])
    assert accepts(index, "new.mod.G", "context")[0] is accepted


def test_a_definition_that_is_not_known_is_asked_for() -> None:
    assert accepts(Index.build([]), "new.mod.G", "context") == (None, frozenset({"new.mod"}))


def migration(**safe_if: str) -> Migration:
    rule = Rewrite(
        match="$deprecated($c)", replace="$canonical(context=$c)", safe_if={f"${k}": v for k, v in safe_if.items()},
        applicability=Applicability.UNSAFE if safe_if else Applicability.SAFE,
    )  # fmt: skip
    return Migration(
        name="m", targets=(Target(name="old.mod.f", canonical="new.mod.G"),), rewrites=(rule,),
        requires=(Requirement(symbol="$canonical", parameter="context"),),
    )  # fmt: skip


@pytest.mark.parametrize(("source", "accepted"), DEFINITIONS)
def test_a_fix_is_safe_only_if_the_requirement_is_met(source: str, accepted: bool | None) -> None:
    files = {"new/mod.py": source, IMPL[0]: IMPL[1].decode()}
    found = rewrite("from old.mod import f\nf(1)\n", migration(), files=files)
    assert (found.text == "from new.mod import G\nG(context=1)\n") is (accepted is True)
    assert found.codes == [None if accepted else "requirement-not-met"] * 2


CONTEXT = "from lib.ctx import Ctx\n"
TYPED = [
    pytest.param("def a(c: Ctx):\n    return f(c)\n", id="parameter"),
    pytest.param("def a(c: 'Ctx'):\n    return f(c)\n", id="string annotation"),
    pytest.param("def a(x):\n    c = Ctx(x)\n    return f(c)\n", id="constructed"),
    pytest.param("def a(x):\n    c: Ctx = x\n    return f(c)\n", id="annotated variable"),
    pytest.param("def a(x):\n    return f(Ctx(x))\n", id="constructed in place"),
    pytest.param("def a(x):\n    c = Ctx.of(x)\n    return f(c)\n", id="a classmethod that says so"),
    pytest.param("def a(x):\n    c = Ctx.itself(x)\n    return f(c)\n", id="a classmethod that returns Self"),
]
TYPED += [
    pytest.param("def a(c: Annotated[Ctx, 1]):\n    return f(c)\n", id="annotated, with more"),
    pytest.param("def a(c: typing.Annotated['Ctx', 1]):\n    return f(c)\n", id="annotated, by its module, a string"),
    pytest.param("import lib.ctx\ndef a(c: lib.ctx.Ctx):\n    return f(c)\n", id="a dotted annotation"),
    pytest.param("def a(x):\n    c = Ctx()\n    c = Ctx(x)\n    return f(c)\n", id="constructed twice"),
]
UNTYPED = [
    pytest.param("def a(c: Annotated[int, Ctx]):\n    return f(c)\n", id="annotated, as more"),
    pytest.param("def a(c: 'Ctx ('):\n    return f(c)\n", id="a string that does not parse"),
    pytest.param("def a(c: '\"Ctx\"'):\n    return f(c)\n", id="a string in a string"),
    pytest.param("def a(*c: Ctx):\n    return f(Ctx.nothing())\n", id="a method that is not there"),
    pytest.param("def a(x):\n    return f(Other.of(x))\n", id="another class's method"),
    pytest.param("def a(x):\n    return f(x().of(x))\n", id="a method of something"),
    pytest.param("def a(x):\n    for c in Ctx(x):\n        return f(c)\n", id="a part of it"),
    pytest.param("def a():\n    return f(c)\n", id="a name that nothing binds"),
    pytest.param("def a(c):\n    return f(c)\n", id="no annotation"),
    pytest.param("def a(c: Ctx | None):\n    return f(c)\n", id="perhaps None"),
    pytest.param("def a(c: 'Other'):\n    return f(c)\n", id="another type"),
    pytest.param("def a(c: Ctx):\n    c = None\n    return f(c)\n", id="bound to None"),
    pytest.param("def a(c: Ctx):\n    c = 1\n    return f(c)\n", id="bound to something else"),
    pytest.param("def a(x):\n    if x:\n        c = Ctx(x)\n    return f(c)\n", id="bound on one path"),
    pytest.param("def a(x):\n    c = Ctx.other(x)\n    return f(c)\n", id="a method that says something else"),
    pytest.param("def a(x):\n    return f(x.c)\n", id="an attribute"),
    pytest.param("def a(Ctx):\n    c = Ctx()\n    return f(c)\n", id="the class is hidden"),
]
FILES = {
    "new/mod.py": "class G:\n    def __init__(self, context): ...\n",
    "lib/ctx.py": "class Ctx:\n    def of(cls, x) -> 'Ctx': ...\n"
    "    def itself(cls) -> Self: ...\n    def other(self) -> int: ...\n",
}


@pytest.mark.parametrize("body", TYPED)
def test_a_type_that_is_proved(body: str) -> None:
    found = rewrite(f"{CONTEXT}from old.mod import f\n{body}", migration(c="lib.ctx.Ctx"), files=FILES)
    assert found.codes == [None, None]


@pytest.mark.parametrize("body", UNTYPED)
def test_a_type_that_is_not_proved(body: str) -> None:
    source = f"{CONTEXT}from old.mod import f\n{body}"
    found = rewrite(source, migration(c="lib.ctx.Ctx"), files=FILES)
    assert found.text == source
    assert found.codes == ["type-not-proved"] * 2
