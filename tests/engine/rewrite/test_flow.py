"""Where the value goes: what stands for it, and the reasons for leaving a usage alone."""

import pytest

from tests.engine.rewrite.tools import factory, pattern, rewrite

IMPORT, CANONICAL = "from old.mod import f\n", "from new.mod import G\n"

FOLLOWED = [
    pytest.param(
        "async def a(c):\n    x = f()\n    n = 1\n    return await x.make(c), n\n",
        "async def a(c):\n    n = 1\n    return G(context=c), n\n",
        id="a local",
    ),
    pytest.param(
        "async def a(c):\n    x = f()\n    await x.make(1)\n    await x.make(\n        c,\n    )\n",
        "async def a(c):\n    G(context=1)\n    G(\n        context=c,\n    )\n",
        id="two uses",
    ),
    pytest.param(
        "async def a(c):\n    x: object = f()\n    await x.make(c)\n",
        "async def a(c):\n    G(context=c)\n",
        id="annotated",
    ),
    pytest.param(
        "async def a(c):\n    for i in c:\n        x = f()\n        await x.make(i)\n",
        "async def a(c):\n    for i in c:\n        G(context=i)\n",
        id="in one block of a loop",
    ),
    pytest.param(
        "async def a(c):\n    x = f()\n    return [await x.make(i) for i in c]\n",
        "async def a(c):\n    return [G(context=i) for i in c]\n",
        id="a comprehension runs at once",
    ),
    pytest.param(
        "async def a(c):\n    x = f()\n    if not x:\n        return None\n    return await x.make(c)\n",
        "async def a(c):\n    x = G\n    if not x:\n        return None\n    return G(context=c)\n",
        id="probed and used",
    ),
    pytest.param(
        "async def a(c):\n    return await f().make(c)\n", "async def a(c):\n    return G(context=c)\n", id="at once"
    ),
]


@pytest.mark.parametrize(("before", "after"), FOLLOWED)
def test_a_local_stands_for_its_value(before: str, after: str) -> None:
    assert rewrite(IMPORT + before, factory()).text == CANONICAL + after


PROBES = [
    "return x is not None",
    "return x is None",
    "return None is x",
    "return not x",
    "return bool(x)",
    "if x:\n        pass",
    "while x:\n        break",
    "return 1 if x else 2",
    "assert x, 'gone'",
    "return [1 for _ in c if x]",
    "if x and c:\n        pass",
    "return x and c",
    "if c or x:\n        pass",
    "return {'factory': x is not None}",
]


@pytest.mark.parametrize("probe", PROBES)
def test_a_probed_value_becomes_the_class(probe: str) -> None:
    found = rewrite(f"{IMPORT}def a(c):\n    x = f()\n    {probe}\n", factory())
    assert found.text == f"{CANONICAL}def a(c):\n    x = G\n    {probe}\n"


def test_a_call_that_is_probed_where_it_stands() -> None:
    found = rewrite(f"{IMPORT}def a():\n    return {{'factory': f() is not None}}\n", factory())
    assert found.text == f"{CANONICAL}def a():\n    return {{'factory': G is not None}}\n"


UNPROVED = [
    pytest.param("x = f()\n    x = 1\n    x.make(c)", "rebound", id="bound again"),
    pytest.param("x = f()\n    del x", "rebound", id="deleted"),
    pytest.param("if c:\n        x = f()\n    x.make(c)", "conditional-binding", id="on one path"),
    pytest.param(
        "try:\n        x = f()\n    finally:\n        pass\n    x.make(c)", "conditional-binding", id="in a try"
    ),
    pytest.param("x = f()\n    return lambda: x.make(c)", "closed-over", id="lambda"),
    pytest.param("x = f()\n    def b():\n        x.make(c)\n    return b", "closed-over", id="nested function"),
    pytest.param("x = f()\n    def b():\n        nonlocal x\n        x = 1\n    x.make(c)", "rebound", id="nonlocal"),
    pytest.param("global x\n    x = f()\n    x.make(c)", "scope-escapes", id="global"),
    pytest.param("x = f()\n    eval('x')\n    x.make(c)", "scope-escapes", id="eval"),
    pytest.param("self.x = f()", "stored-on-self", id="on self"),
    pytest.param("c['x'] = f()", "stored", id="in a container"),
    pytest.param("x = [f()]", "stored", id="in a list"),
    pytest.param("x = y = f()", "aliased", id="two names"),
    pytest.param("x = f()\n    y = x\n    y.make(c)", "aliased", id="a second name"),
    pytest.param("if (x := f()):\n        x.make(c)", "aliased", id="walrus"),
    pytest.param("x = f()\n    c(x)", "passed-as-value", id="passed"),
    pytest.param("c(k=f())", "passed-as-value", id="passed by label"),
    pytest.param("return f()", "returned", id="returned"),
    pytest.param("yield f()", "yielded", id="yielded"),
    pytest.param("return f'{f()}'", "formatted", id="formatted"),
    pytest.param("x = f()\n    return x is f()", "compared-by-identity", id="identity"),
    pytest.param("return f() == c", "compared", id="compared"),
    pytest.param("return isinstance(f(), c)", "type-checked", id="isinstance"),
    pytest.param("x = f()\n    return x.stats()", "member-without-successor", id="another member"),
    pytest.param("return c or f()", "aliased", id="the value of an or"),
    pytest.param("with c.raises(E):\n        f()", "expected-effect", id="its failure is expected"),
    pytest.param("f(c())", "side-effects", id="its argument has an effect"),
]


@pytest.mark.parametrize(("body", "code"), UNPROVED)
def test_what_the_flow_cannot_prove_is_explained(body: str, code: str) -> None:
    source = f"{IMPORT}def a(self, c):\n    {body}\n"
    found = rewrite(source, factory(), unsafe=True)
    assert found.text == source
    assert code in found.codes
    assert all(finding.reason for finding in found.findings)


def test_an_argument_is_not_moved_past_another_binding() -> None:
    rule = "$deprecated($a).make($c)"
    source = f"{IMPORT}def a(c):\n    x = f(c)\n    c = 2\n    x.make(c)\n"
    found = rewrite(source, pattern(rule, "$canonical($a, $c)"))
    assert found.text == source
    assert "moved-argument" in found.codes


def test_module_variables_are_left_alone() -> None:
    source = f"{IMPORT}x = f()\n"
    assert rewrite(source, factory()).text == source


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("def a():\n    f()\n    return 1\n", "def a():\n    return 1\n", id="bare"),
        pytest.param("def a():\n    f()\n", "def a():\n    pass\n", id="the body is not left empty"),
        pytest.param("def a():\n    x = f()\n    y = f()\n", "def a():\n    pass\n", id="two, the whole body"),
        pytest.param("def a():\n    'doc'\n    f()\n", "def a():\n    'doc'\n", id="the docstring stays"),
        pytest.param(
            "def a():\n    # why\n    x = f()  # what\n    return 1\n",
            "def a():\n    # why\n    return 1\n",
            id="comments",
        ),
        pytest.param(
            "def a():\n    x = f(); y = 2\n    return y\n",
            "def a():\n    y = 2\n    return y\n",
            id="before a semicolon",
        ),
        pytest.param(
            "def a():\n    y = 2; x = f()\n    return y\n",
            "def a():\n    y = 2\n    return y\n",
            id="behind a semicolon",
        ),
        pytest.param(
            "def a():\n    if 1: f()\n    return 2\n",
            "def a():\n    if 1: pass\n    return 2\n",
            id="behind its header",
        ),
        pytest.param(
            "def a():\n    y = 1\n\n    f()\n\n    return y\n",
            "def a():\n    y = 1\n\n    return y\n",
            id="one of two blank lines",
        ),
        pytest.param("async def a():\n    await f()\n    return 1\n", "async def a():\n    return 1\n", id="awaited"),
    ],
)
def test_an_unused_result_goes(before: str, after: str) -> None:
    assert rewrite(IMPORT + before, factory()).text == after


def test_a_value_is_made_where_it_was_made() -> None:
    """``start = utcnow()`` is not read again after the work that it times."""
    source = "from old.mod import f\ndef a():\n    start = f()\n    work()\n    return end - start, start\n"
    after = "from new.mod import g\ndef a():\n    start = g(1)\n    work()\n    return end - start, start\n"
    assert rewrite(source, pattern("$deprecated()", "$canonical(1)")).text == after
