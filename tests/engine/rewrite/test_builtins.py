"""A built-in name is deprecated: no import brought it, so that its successor's import finds a place of its own."""

import pytest

from bot.domain.migration import Migration
from tests.engine.rewrite.tools import drop_in, rewrite

REDUCE = drop_in("builtins.reduce", "functools.reduce")
UNICODE = drop_in("builtins.unicode", "lib.text")
IMPORT = "from functools import reduce\n"

PLACES = [
    pytest.param("x = reduce(f)\n", f"{IMPORT}x = reduce(f)\n", id="nothing before it"),
    pytest.param("#!/bin/x\n# c\n\nreduce(f)\n", f"#!/bin/x\n# c\n\n{IMPORT}reduce(f)\n", id="comments"),
    pytest.param("'D.'\nreduce(f)\n", f"'D.'\n{IMPORT}reduce(f)\n", id="docstring"),
    pytest.param(
        "from __future__ import annotations\n\nreduce(f)\n",
        f"from __future__ import annotations\n{IMPORT}\nreduce(f)\n",
        id="future",
    ),
    pytest.param("import os\n\nreduce(f)\n", f"import os\n{IMPORT}\nreduce(f)\n", id="imports"),
    pytest.param("import os; reduce(f)\n", "from functools import reduce; import os; reduce(f)\n", id="on one line"),
    pytest.param(
        "from functools import wraps\nreduce(f)\n", "from functools import wraps, reduce\nreduce(f)\n", id="same module"
    ),
    pytest.param("@d\ndef a():\n    reduce(f)\n", f"{IMPORT}@d\ndef a():\n    reduce(f)\n", id="a decorated function"),
    pytest.param(
        "if x:\n    import os\n    reduce(f)\n", f"{IMPORT}if x:\n    import os\n    reduce(f)\n", id="a block"
    ),
    pytest.param("x = reduce(f)\r\n", "from functools import reduce\r\nx = reduce(f)\r\n", id="line ends"),
]


@pytest.mark.parametrize(("before", "after"), PLACES)
def test_where_the_import_comes(before: str, after: str) -> None:
    assert rewrite(before, REDUCE).text == after


@pytest.mark.parametrize(
    ("migration", "before", "after"),
    [
        pytest.param(REDUCE, "import functools\nreduce(f)\n", "import functools\nfunctools.reduce(f)\n", id="known"),
        pytest.param(
            UNICODE, "unicode(unicode)\n", "from lib import text\ntext(text)\n", id="several usages, one import"
        ),
        pytest.param(drop_in("builtins.unicode", "builtins.str"), "unicode(x)\n", "str(x)\n", id="to another built-in"),
    ],
)
def test_how_it_is_named(migration: Migration, before: str, after: str) -> None:
    assert rewrite(before, migration).text == after


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("text = 1\nunicode(x)\n", id="its name is taken"),
        pytest.param("def a(text):\n    unicode(x)\n", id="its name is hidden"),
        pytest.param("def a(unicode):\n    unicode(x)\n", id="a parameter"),
        pytest.param("from lib import unicode\nunicode(x)\n", id="an import"),
        pytest.param("try:\n    unicode\nexcept NameError:\n    unicode = str\nunicode(x)\n", id="a fallback"),
        pytest.param("x.unicode(unicode=1)\n", id="an attribute, a label"),
    ],
)
def test_what_is_left_alone(source: str) -> None:
    assert rewrite(source, UNICODE, unsafe=True).text == source


AGAIN = drop_in("lib.int", "builtins.int")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("from lib import k, int\nint(k)\n", "from lib import k\nint(k)\n", id="module"),
        pytest.param("def a():\n    from lib import int\n    int(3)\n", "def a():\n    int(3)\n", id="function"),
    ],
)
def test_an_import_that_hides_the_built_in_name_goes(before: str, after: str) -> None:
    assert rewrite(before, AGAIN).text == after


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("from lib import int\nint(3)\nint = 3\n", id="bound again"),
        pytest.param("int = 3\ndef a():\n    from lib import int\n    int(3)\n", id="hides another"),
        pytest.param("from lib import int\n__all__ = ['int']\n", id="exported"),
        pytest.param("from lib import int\nint(eval(text))\n", id="read by name"),
        pytest.param("class A:\n    from lib import int\n    int(3)\n", id="a member of a class"),
    ],
)
def test_a_name_that_has_to_stay_is_imported_from_builtins(before: str) -> None:
    assert rewrite(before, AGAIN).text == before.replace("from lib", "from builtins")
