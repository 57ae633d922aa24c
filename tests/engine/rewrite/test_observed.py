"""What a program can observe of its own names: where that shows, a name stays, or nothing happens."""

from collections.abc import Mapping

import pytest

from bot.domain.migration import Migration
from tests.engine.rewrite.tools import DROP_IN, drop_in, module, pattern, rewrite

IMPORT = "from old.mod import f\n"
ALIAS = "from new.mod import g as f\n"

KEPT = [
    pytest.param("import sys\ngetattr(sys.modules[__name__], 'f')(f())\n", id="looked up in its own module"),
    pytest.param("from unittest.mock import patch\npatch(__name__ + '.f')\nf()\n", id="patched in its own module"),
    pytest.param("from unittest.mock import patch\npatch(f'{__name__}.f')\nf()\n", id="patched, by a formatted name"),
    pytest.param(
        "def a():\n    from old.mod import f\n    def b(x: 'f'): ...\n",
        id="an annotation in a function that has it too",
    ),
    pytest.param(
        "class A:\n    from old.mod import f\n    def m(self, x: 'f'): ...\n",
        id="an annotation in a class that has it too",
    ),
]


@pytest.mark.parametrize("body", KEPT)
def test_a_name_that_its_own_module_reads_by_name_is_kept(body: str) -> None:
    assert rewrite(IMPORT + body, DROP_IN).text == ALIAS + body.replace("from old.mod import f", ALIAS.strip())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("if __name__ == '__main__':\n    f('f')\n", id="the guard of a script"),
        pytest.param("import logging\nlogging.getLogger(__name__)\nf('other')\n", id="a logger"),
    ],
)
def test_a_module_s_own_name_alone_keeps_nothing(body: str) -> None:
    assert rewrite(IMPORT + body, DROP_IN).text == "from new.mod import g\n" + body.replace("f('", "g('")


ELSEWHERE = [
    pytest.param("import app.x as q\nq.f(1)\n", True, id="a member"),
    pytest.param("from app import (\n    x,\n)\nx.f(1)\n", True, id="a member, by the package"),
    pytest.param("from . import x\ngetattr(x, 'f', None)\n", True, id="by a string"),
    pytest.param("import importlib\nimportlib.import_module('app.x').f(1)\n", True, id="imported by a string"),
    pytest.param("from app.x import *\nf(1)\n", True, id="by a star"),
    pytest.param("from app.x import other\nfrom old.mod import f\nf(other)\n", False, id="another name"),
    pytest.param("import app.x\nfrom old.mod import f\nf(1)\n", False, id="the module alone"),
    pytest.param("import app.y\nq.f(1)\n", False, id="another module"),
]


@pytest.mark.parametrize(("other", "kept"), ELSEWHERE)
def test_a_name_that_others_reach_through_the_module(other: str, kept: bool) -> None:
    after = ALIAS + "f()\n" if kept else "from new.mod import g\ng()\n"
    assert rewrite(IMPORT + "f()\n", DROP_IN, files={"app/other.py": other}).text == after


def test_a_star_passes_a_name_on_whose_word_the_file_does_not_hold() -> None:
    files = {"app/fac.py": "from app.x import *\n", "app/user.py": "from app.fac import f\n"}
    assert rewrite(IMPORT + "f()\n", DROP_IN, files=files).text == ALIAS + "f()\n"


CALLED_ABOVE = [
    pytest.param(
        "from old.mod import f\ndef a():\n    return f()\na()\nfrom new.mod import g\n",
        "from new.mod import g as f\ndef a():\n    return f()\na()\nfrom new.mod import g\n",
        id="the successor is imported below",
    ),
    pytest.param(
        "import old.mod as m\ndef a():\n    return m.f()\na()\nimport new.mod as n\n",
        "import new.mod as m\ndef a():\n    return m.g()\na()\nimport new.mod as n\n",
        id="its module is imported below",
    ),
    pytest.param(
        "from other import *\ndef a():\n    return f()\na()\nfrom old.mod import f\n", None, id="a star before it"
    ),
    pytest.param(
        "import old.mod\ndef a():\n    return old.mod.f()\na()\nimport old.k\n",
        "import new.mod\ndef a():\n    return new.mod.g()\na()\nimport old.k\n",
        id="another module below its package is no other thing",
    ),
    pytest.param("import os as f\ndef a():\n    return f()\na()\nfrom old.mod import f\n", None, id="bound before"),
]


@pytest.mark.parametrize(("before", "after"), CALLED_ABOVE)
def test_a_function_may_be_called_above_an_import(before: str, after: str | None) -> None:
    assert rewrite(before, DROP_IN).text == (after or before)


SHOWN = [
    pytest.param("import old.mod\nprint(f'{old.mod.f(1)=}')\n", id="shown as it is written"),
    pytest.param("import old.mod as m\nprint(f'{m.f = !r}')\n", id="shown, by an alias"),
]


@pytest.mark.parametrize("before", SHOWN)
def test_what_a_string_shows_stays(before: str) -> None:
    done = rewrite(before, DROP_IN, unsafe=True)
    assert (done.text, done.codes) == (before, ["shown"])


def test_a_comparison_in_a_string_shows_nothing() -> None:
    before = "import old.mod\nprint(f'{old.mod.f == 1}', f'{old.mod.f():=^8}')\n"
    assert rewrite(before, DROP_IN).text == before.replace("old.mod.f", "new.mod.g").replace("old.mod", "new.mod")


def test_a_module_that_eval_may_read_stays_imported() -> None:
    before = "import old.mod as m\neval('m.k()')\nm.f()\n"
    after = "import old.mod as m\nfrom new.mod import g\neval('m.k()')\ng()\n"
    assert rewrite(before, DROP_IN).text == after


PATCHED = [
    pytest.param("from old.mod import *\npatch.dict(globals(), {'f': 1})\nf()\n", {}, "monkeypatched", id="own names"),
    pytest.param(
        "from old.mod import *\ndef go():\n    f()\n",
        {"app/y.py": "patch('app.x.f')\n"},
        "patched-elsewhere",
        id="another file",
    ),
    pytest.param(
        "from unittest.mock import patch\nimport app.y as y\nwith patch('app.y.f'):\n    y.f()\n",
        {"app/y.py": IMPORT},
        "monkeypatched",
        id="in the same place",
    ),
]


@pytest.mark.parametrize(("before", "files", "code"), PATCHED)
def test_what_is_patched_is_offered_for_review(before: str, files: Mapping[str, str], code: str) -> None:
    known = {"old/__init__.py": "", "old/mod.py": "def f(): ...\n", "app/__init__.py": "", **files}
    done = rewrite(before, DROP_IN, files=known)
    assert done.text == before
    assert code in done.codes


FUNCTION_FIRST = {
    "lib/__init__.py": "from .new import new\n",
    "lib/new.py": "def new(): ...\n",
    "lib/old.py": "def old(): ...\n",
}
TO_NEW = drop_in("lib.old.old", "lib.new.new")


@pytest.mark.parametrize("init", ["from .new import new\n", "from .new import *\n"], ids=["by name", "by a star"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("from lib import old\nold.old()\n", "from lib.new import new\nnew()\n", id="from its package"),
        pytest.param("import lib.old\nlib.old.old()\n", "from lib.new import new\nnew()\n", id="dotted"),
        pytest.param("import lib.old as m\nm.old()\n", "from lib.new import new\nnew()\n", id="alias"),
        pytest.param("from lib.old import old\nold()\n", "from lib.new import new\nnew()\n", id="by name"),
    ],
)
def test_a_package_that_has_a_function_under_its_module_s_name(before: str, after: str, init: str) -> None:
    assert rewrite(before, TO_NEW, files={**FUNCTION_FIRST, "lib/__init__.py": init}).text == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("import lib.old as m\nm.old()\n", None, id="as a module"),
        pytest.param("from lib.old import old\nold()\n", "from lib.new import old\nold()\n", id="a name of it"),
    ],
)
def test_a_module_moves_to_where_a_function_has_its_name(before: str, after: str | None) -> None:
    files = {**FUNCTION_FIRST, "lib/new.py": "def new(): ...\ndef old(): ...\n"}
    assert rewrite(before, module("lib.old", "lib.new"), files=files).text == (after or before)


NAMESAKE = {"lib/__init__.py": "", "lib/old.py": "def old(): ...\ndef k(): ...\n", "lib/new.py": "def new(): ...\n"}


@pytest.mark.parametrize(
    ("source", "migration"),
    [
        pytest.param("import lib.old\nlib.old.k()\n", TO_NEW, id="a module that has the function's name"),
        pytest.param("import lib.old as m\nm.k()\n", TO_NEW, id="by an alias"),
        pytest.param("from lib import old\nold.k()\n", TO_NEW, id="from its package"),
        pytest.param("import importlib\nimportlib.import_module('lib.old').k()\n", TO_NEW, id="by a string"),
    ],
)
def test_a_module_is_no_usage_of_its_namesake(source: str, migration: Migration) -> None:
    done = rewrite(source, migration, files=NAMESAKE)
    assert done.findings == ()


@pytest.mark.parametrize("init", ["from .old import old\n", "from .old import *\n"], ids=["by name", "by a star"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("import lib.old as f\nf()\n", "from lib.new import new as f\nf()\n", id="by an alias"),
        pytest.param("import lib.old\n", "import lib.old\n", id="only for its effects"),
        pytest.param("import lib.old\nlib.old()\n", "import lib.new\nlib.new.new()\n", id="dotted"),
        pytest.param("from lib import old\nold()\n", "from lib.new import new\nnew()\n", id="from the package"),
    ],
)
def test_a_package_has_the_function_under_the_name_of_its_module(before: str, after: str, init: str) -> None:
    assert rewrite(before, TO_NEW, files={**NAMESAKE, "lib/__init__.py": init}).text == after


def test_a_variable_that_a_function_binds_anew_is_the_module_s_own() -> None:
    facade = "from lib.old import old\ndef a():\n    global old\n    old = None\n"
    files = {**NAMESAKE, "app/fac.py": facade, "app/__init__.py": ""}
    assert rewrite("import app.fac\napp.fac.old()\n", TO_NEW, files=files).findings == ()


def test_the_successor_s_definition_brings_nothing_back() -> None:
    moved = drop_in("lib.old.old", "lib.new.old")
    files = {"lib/__init__.py": "", "lib/old.py": "def old(): ...\n"}
    assert rewrite("def old(): ...\n", moved, path="lib/new.py", files=files).findings == ()
    assert rewrite("def old(): ...\n", moved, path="lib/other.py", files=files).codes == ["defined-again"]


def test_what_every_module_has_is_no_missing_successor() -> None:
    files = {"lib/__init__.py": "", "lib/old.py": "", "lib/new.py": ""}
    before = "import lib.old\nlib.old.__dict__\n"
    assert rewrite(before, module("lib.old", "lib.new"), files=files).text == before.replace("old", "new")


def test_one_successor_under_two_names() -> None:
    before = "from old.mod import f\ndef a(g):\n    return f(1)\ndef b():\n    return f(2)\n"
    after = (
        "from new.mod import g\nfrom new.mod import g as canonical_g\n"
        "def a(g):\n    return canonical_g(v=1)\ndef b():\n    return g(v=2)\n"
    )
    done = rewrite(before.replace("f\n", "f, k\n", 1), pattern("$deprecated($x)", "$canonical(v=$x)"))
    assert done.text.partition("def a")[2] == after.partition("def a")[2]
    assert done.text.startswith("from old.mod import k\n")


def test_a_value_in_a_pattern_becomes_no_capture() -> None:
    before = "import old.mod as m\nmatch m.k:\n    case m.f:\n        pass\n"
    assert rewrite(before, DROP_IN).text == before
