"""Methods that are taken of objects: where a variable certainly holds one, and everywhere else."""

import pytest

from bot.domain.finding import Kind
from bot.domain.migration import Migration, Rewrite, Target
from tests.engine.rewrite.tools import PATH, SAFE, drop_in, rewrite, scan

METHOD = drop_in("lib.mod.C.old", "lib.mod.C.new")
FILES = {
    "lib/__init__.py": "from .mod import C\n",
    "lib/mod.py": "class C:\n    def new(self): ...\n    old = new\nclass D(C): ...\ndef make(): ...\n",
}
IMPORT = "from lib.mod import C, D, make\n"

MADE = [
    pytest.param(f"{IMPORT}c = C()\nc.old()\n", id="call"),
    pytest.param(f"{IMPORT}def a():\n    c = C(1)\n    return c.old\n", id="reference"),
    pytest.param(f"{IMPORT}c = C()\ndef a():\n    return [lambda: c.old() for x in y]\n", id="inner scopes"),
    pytest.param("from lib.mod import C as K\nc = K()\nc.old()\n", id="alias"),
    pytest.param("import lib.mod\nc = lib.mod.C()\nc.old()\n", id="module"),
    pytest.param(f"{IMPORT}c = C()\nC.old(c.old())\n", id="together with the class's"),
    pytest.param(f"{IMPORT}async def a():\n    c = C()\n    await c.old()\n", id="awaited"),
]


@pytest.mark.parametrize("before", MADE)
def test_a_method_of_what_a_class_made(before: str) -> None:
    assert rewrite(before, METHOD, files=FILES).text == before.replace("old", "new")


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(f"{IMPORT}def a(c: C):\n    c.old()\n", id="parameter"),
        pytest.param(f"{IMPORT}c: C = make()\nc.old()\n", id="variable"),
    ],
)
def test_a_declared_type_may_hide_a_subclass(before: str) -> None:
    done = rewrite(before, METHOD, files=FILES)
    assert (done.text, done.codes) == (before, ["type-not-proved"])
    assert rewrite(before, METHOD, files=FILES, unsafe=True).text == before.replace("old", "new")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("c = C()\nc = D()\nc.old()\n", id="bound twice"),
        pytest.param("c = C()\ndel c\nc.old()\n", id="deleted"),
        pytest.param("c = D()\nc.old()\n", id="a subclass"),
        pytest.param("c = make()\nc.old()\n", id="what a function gives"),
        pytest.param("c = C().x()\nc.old()\n", id="what a method gives"),
        pytest.param("c = [C()]\nc.old()\n", id="a list"),
        pytest.param("c = await C()\nc.old()\n", id="awaited before"),
        pytest.param("for c in C(): c.old()\n", id="a loop"),
        pytest.param("with C() as c: c.old()\n", id="a context manager"),
        pytest.param("def a(c):\n    c.old()\n", id="a parameter without a type"),
        pytest.param("def a(*c: C):\n    c.old()\n", id="a tuple of parameters"),
        pytest.param("def a(c: list[C]):\n    c.old()\n", id="a type around it"),
        pytest.param("c = C()\nc.x.old()\n", id="a member's member"),
        pytest.param("c = C()\n'c.old()'  # c.old\n", id="text"),
        pytest.param("c = elsewhere.C()\nc.old()\n", id="a homonym"),
    ],
)
def test_what_is_not_certain_is_no_usage(body: str) -> None:
    assert rewrite(IMPORT + body, METHOD, files=FILES).findings == ()


@pytest.mark.parametrize("successor", ["lib.mod.D.new", "lib.mod.make", "lib.new.C.new"])
def test_only_a_method_of_the_same_class_takes_its_place(successor: str) -> None:
    before = f"{IMPORT}c = C()\nc.old()\n"
    done = rewrite(before, drop_in("lib.mod.C.old", successor), files=FILES, unsafe=True)
    assert (done.text, done.codes) == (before, ["method-of-an-object"])


def test_a_rule_speaks_of_the_method_of_the_class() -> None:
    """Its first argument is the object, which a call of the object's method does not have."""
    rule = Rewrite(match="$deprecated($o)", replace="$canonical($o, 1)", applicability=SAFE)
    target = Target(name="lib.mod.C.old", canonical="lib.mod.C.new")
    before = f"{IMPORT}c = C()\nc.old(2)\nC.old(c)\n"
    for migration in (
        Migration(name="m", targets=(target,), rewrites=(rule,)),
        Migration(name="m", targets=(target,), rewrites=(rule,), drop_in=True),
    ):
        done = rewrite(before, migration, files=FILES, unsafe=True)
        assert done.text == before.replace("C.old(c)", "C.new(c, 1)")
        assert done.codes == ["method-of-an-object", None]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("class A(C):\n    def old(self): ...\n", id="by name"),
        pytest.param("import lib.mod\nclass A(X, lib.mod.C, k=1):\n    async def old(self): ...\n", id="by module"),
        pytest.param("def a():\n    class A(C):\n        @p\n        def old(self): ...\n", id="in a function"),
    ],
)
def test_an_override_is_told_and_left(body: str) -> None:
    done = rewrite(IMPORT + body, METHOD, files=FILES, unsafe=True)
    assert (done.text, done.codes) == (IMPORT + body, ["overridden"])
    assert [f.kind for f in done.findings] == [Kind.DEFINITION]


def test_what_is_gone_cannot_be_overridden() -> None:
    files = {**FILES, "lib/mod.py": "class C:\n    def new(self): ...\n"}
    assert rewrite(f"{IMPORT}class A(C):\n    def old(self): ...\n", METHOD, files=files).findings == ()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("class A(C):\n    def new(self): ...\n", id="another method"),
        pytest.param("class A:\n    def old(self): ...\n", id="no base"),
        pytest.param("class A(D):\n    def old(self): ...\n", id="another base"),
        pytest.param("class A(C):\n    old = 1\n", id="no method"),
        pytest.param("class A(C):\n    class B:\n        def old(self): ...\n", id="a class inside"),
        pytest.param("class A(C()):\n    def old(self): ...\n", id="a computed base"),
    ],
)
def test_what_overrides_nothing(body: str) -> None:
    assert rewrite(IMPORT + body, METHOD, files=FILES).findings == ()


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        pytest.param("c = C()\nc.old()\n", [Kind.CALL], id="call"),
        pytest.param("c = C()\nx = c.old\n", [Kind.REFERENCE], id="reference"),
        pytest.param("c = C()\nx(c.old)\n", [Kind.REFERENCE], id="handed to a call"),
        pytest.param("c = C()\nc.old.x()\n", [Kind.REFERENCE], id="a member of it called"),
        pytest.param("c = C()\nc.old()()\n", [Kind.CALL], id="what it gives is called"),
        pytest.param("def a(c: C):\n    return c.old\n", [Kind.REFERENCE], id="declared"),
        pytest.param("def a(*c: C, **d: C):\n    return c.old, d.old\n", [], id="each of the rest"),
        pytest.param("c: C\nc = 1\nc.old()\n", [], id="bound to something else"),
        pytest.param("for c in C(): c.old()\n", [], id="an item of it"),
        pytest.param("with C() as c: c.old()\n", [], id="what it enters"),
        pytest.param("(c, d) = C()\nc.old()\n", [], id="a part of it"),
        pytest.param("c = C\nc.old()\n", [Kind.CALL], id="another name of the class"),
    ],
)
def test_what_a_method_taken_of_an_object_is(body: str, kinds: list[Kind]) -> None:
    found = scan(f"{IMPORT}{body}".encode(), METHOD, PATH, {name: text.encode() for name, text in FILES.items()})
    assert [finding.kind for finding in found] == kinds
