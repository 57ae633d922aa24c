"""What takes a deprecated name's place must be there, and must be able to stand there."""

import pytest

from bot.engine import Index, scan_file
from bot.migration import Applicability, Migration, Rewrite, Target
from bot.model import Scanned
from tests.engine.rewrite.tools import SAFE, factory, rewrite

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
