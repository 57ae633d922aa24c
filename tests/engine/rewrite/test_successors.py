"""What takes a deprecated name's place must be there, and must be able to stand there."""

import pytest

from bot.domain.finding import Scanned
from bot.domain.migration import Applicability, Migration, Rewrite, Target
from bot.engine.program.index import Index
from bot.engine.scan import scan_file
from tests.engine.rewrite.tools import SAFE, factory, module, pattern, rewrite

USE = "from old.mod import f\nf()\n"
MOVE = Migration(name="m", drop_in=True, targets=(Target(name="old.mod.f", canonical="new.mod.g"),))


@pytest.mark.parametrize(
    ("files", "fixed"),
    [
        pytest.param({}, True, id="a package of others is taken for granted"),
        pytest.param({"new/__init__.py": "", "new/mod.py": "def g(): ...\n"}, True, id="defined"),
        pytest.param({"new/__init__.py": "", "new/mod.py": "from .impl import g\n"}, True, id="passed on"),
        pytest.param({"new/__init__.py": "", "new/mod.py": "from .impl import *\n"}, True, id="perhaps by a star"),
        pytest.param({"new/__init__.py": "", "new/mod.py": "def __getattr__(n): ...\n"}, True, id="made on demand"),
        pytest.param({"new/__init__.py": "", "new/mod/g.py": ""}, True, id="a module"),
        pytest.param({"new/__init__.py": "", "new/mod.py": "def h(): ...\n"}, False, id="its module has no such name"),
    ],
)
def test_a_successor_that_does_not_exist_is_not_written(files: dict[str, str], fixed: bool) -> None:
    done = rewrite(USE, MOVE, files={**files, **({"new/mod/__init__.py": ""} if "new/mod/g.py" in files else {})})
    assert (done.text != USE) is fixed
    assert done.codes == ([None, None] if fixed else ["still-used", "successor-missing"])


def test_a_module_that_is_known_to_be_absent() -> None:
    index = Index.build([("app/x.py", USE.encode()), ("new/__init__.py", b"")])
    index = index.with_modules([("new/mod.py", None), ("new/mod/__init__.py", None)])
    report = scan_file(USE.encode(), "app/x.py", [MOVE], index)
    assert isinstance(report, Scanned)
    assert report.findings[1].reason_code == "successor-missing"


def test_what_only_goes_needs_no_successor() -> None:
    files = {"new/__init__.py": "", "new/mod.py": ""}
    source = "def a():\n    from old.mod import f\n    f()\n    return 1\n"
    assert rewrite(source, factory(), files=files).text == "def a():\n    return 1\n"


AWAITED = Migration(
    name="m",
    targets=(Target(name="old.mod.f", canonical="new.mod.g"),),
    rewrites=(Rewrite(match="$deprecated($*a)", replace="await $canonical($*a)", applicability=SAFE),),
)


@pytest.mark.parametrize(
    ("body", "after"),
    [
        pytest.param("async def a():\n    f(1).x\n", "async def a():\n    (await g(1)).x\n", id="a coroutine"),
        pytest.param(
            "async def a():\n    [f(x) for x in y]\n", "async def a():\n    [await g(x) for x in y]\n", id="inside"
        ),
        pytest.param("def a():\n    f(1)\n", None, id="a function"),
        pytest.param("async def a():\n    return lambda: f(1)\n", None, id="a lambda in a coroutine"),
        pytest.param("async def a():\n    class C:\n        x = f(1)\n", None, id="a class in a coroutine"),
        pytest.param("f(1)\n", None, id="a module"),
    ],
)
def test_only_a_coroutine_awaits(body: str, after: str | None) -> None:
    done = rewrite(f"from old.mod import f\n{body}", AWAITED)
    assert done.text == (f"from new.mod import g\n{after}" if after else f"from old.mod import f\n{body}")
    assert ("not-async" in done.codes) is (after is None)


def test_a_reason_speaks_of_the_value_only_where_a_rule_asks_for_it() -> None:
    plain = Migration(
        name="m",
        targets=(Target(name="old.mod.f", canonical="new.mod.g"),),
        rewrites=(Rewrite(match="$deprecated($a)", replace="$canonical($a)", applicability=Applicability.SAFE),),
    )
    source = "from old.mod import f\nx = [f(a=1)]\n"
    assert rewrite(source, plain).codes[1] == "no-rule"
    assert rewrite(source, factory()).codes[1] == "stored"


NEW = "new/mod.py"
OWN = [
    pytest.param("import old.mod\ndef g():\n    return old.mod.f()\n", id="a wrapper"),
    pytest.param("from old.mod import f\ndef g():\n    return f()\n", id="a wrapper by name"),
    pytest.param("from old.mod import f as _f\ndef g():\n    return _f()\n", id="a wrapper by alias"),
    pytest.param("def g():\n    from old.mod import f\n    return f()\n", id="a wrapper with its own import"),
    pytest.param("import old.mod\nclass g(old.mod.f): ...\n", id="a subclass"),
    pytest.param("import old.mod\ng = old.mod.f\n", id="a second name"),
    pytest.param("from old.mod import f as g\n", id="passed on"),
    pytest.param("from old.mod import f\ndef h():\n    return f()\ndef g():\n    return h()\n", id="a helper"),
]


@pytest.mark.parametrize("source", OWN)
def test_a_successor_never_comes_to_use_itself(source: str) -> None:
    done = rewrite(source, MOVE, path=NEW, files={"new/__init__.py": ""}, unsafe=True)
    assert done.text == source
    assert "defines-successor" in done.codes


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("from old.mod import k\ndef k2():\n    return k()\n", id="wraps another member"),
        pytest.param("from old import mod\nfrom old.mod import *\n", id="passes all on"),
    ],
)
def test_a_moved_module_never_comes_to_import_itself(source: str) -> None:
    done = rewrite(source, module("old.mod", "new.mod"), path=NEW, files={"new/__init__.py": ""}, unsafe=True)
    assert done.text == source
    assert set(done.codes) <= {"defines-successor", "still-used"}


@pytest.mark.parametrize(
    "source", ["import old.mod.f.x\nold.mod.f.x.y()\n", "import old.mod.f.x, old.mod\nold.mod.f()\n"]
)
def test_what_has_modules_below_it_is_no_symbol(source: str) -> None:
    done = rewrite(source, MOVE, unsafe=True)
    assert done.text == source
    assert "is-a-module" in done.codes


def test_a_rule_puts_no_successor_into_its_own_definition() -> None:
    rule = pattern("$deprecated($x)", "$canonical($x)")
    before = "from old.mod import f\ndef g(x):\n    return f(x)\ndef h():\n    return f(1)\n"
    after = "from old.mod import f\ndef g(x):\n    return f(x)\ndef h():\n    return g(1)\n"
    assert rewrite(before, rule, path=NEW, files={"new/__init__.py": ""}).text == after


FACADE = {"old/__init__.py": "", "old/mod.py": "def f(): ...\n", "new/__init__.py": ""}


@pytest.mark.parametrize(
    "facade",
    [
        pytest.param("from old.mod import f as g\n", id="by name"),
        pytest.param("import old.mod\ng = old.mod.f\n", id="assigned"),
        pytest.param("from .impl import g\n", id="through another module"),
    ],
)
def test_a_successor_that_only_passes_the_deprecated_name_on(facade: str) -> None:
    files = {**FACADE, NEW: facade, "new/impl.py": "from old.mod import f as g\n"}
    assert rewrite(USE, MOVE, files=files).text == "from new.mod import g\ng()\n"
    assert rewrite("from new.mod import g\ng()\n", MOVE, files=files).findings == ()
    assert rewrite("from new import mod\nmod.g()\n", MOVE, files=files).findings == ()


@pytest.mark.parametrize("facade", ["from old.mod import *\n", "from old.mod import f\n"])
def test_a_successor_module_that_only_passes_the_deprecated_one_on(facade: str) -> None:
    files, moved = {**FACADE, NEW: facade}, module("old.mod", "new.mod")
    assert rewrite(USE, moved, files=files).text == "from new.mod import f\nf()\n"
    assert rewrite("from new.mod import f\nf()\n", moved, files=files).findings == ()


def test_a_successor_below_a_package_that_only_other_files_belong_to() -> None:
    """Its modules are asked for: what is a module and what a class shows in none of the names."""
    index = Index.build([("app/x.py", USE.encode()), ("new/__init__.py", b"")])
    report = scan_file(USE.encode(), "app/x.py", [MOVE], index)
    assert isinstance(report, Scanned)
    assert "new.mod" in report.missing_modules
