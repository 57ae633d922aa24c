"""A name that takes its own place: its calls change, and only what a rule fits is a usage."""

from collections.abc import Mapping

import pytest

from bot.domain.finding import Scanned
from bot.domain.migration import Migration, Rewrite, Target
from bot.engine.program.index import Index
from bot.engine.scan import scan_file
from tests.engine.rewrite.tools import SAFE, rewrite

IMPORT = "from lib.mod import f\n"


def kept(match: str, replace: str | None, name: str = "lib.mod.f") -> Migration:
    """One safe rule for ``name``, which stays what it is called."""
    rule = Rewrite(match=match, replace=replace, applicability=SAFE)
    return Migration(name="m", targets=(Target(name=name, canonical=name),), rewrites=(rule,))


RENAMED = kept("$deprecated($*a, old=$x, $**k)", "$canonical($*a, new=$x, $**k)")
ADDED = kept("$deprecated($x)", "$canonical($x, 5)")
DROPPED = kept("$deprecated($*a, old=$x, $**k)", "$canonical($*a, $**k)")
POSITIONAL = kept("$deprecated(p=$x, q=$y)", "$canonical($x, $y)")
ELSEWHERE = {"lib/__init__.py": "from .mod import f\n__all__ = ['f']\n", "lib/mod.py": "def f(*a, **k): ...\n"}

CHANGED = [
    pytest.param(RENAMED, "f(1, old=2)\n", "f(1, new=2)\n", id="a keyword"),
    pytest.param(RENAMED, "f(b=g(), old=h(), c=i())\n", "f(b=g(), new=h(), c=i())\n", id="the order stays"),
    pytest.param(RENAMED, "f  (old = 1)\n", "f  (new = 1)\n", id="spaces"),
    pytest.param(RENAMED, "old = 1\nf(old=old)\n", "old = 1\nf(new=old)\n", id="only the label"),
    pytest.param(RENAMED, "f(old=f(b=1, old=2))\n", "f(new=f(b=1, new=2))\n", id="nested"),
    pytest.param(
        RENAMED,
        "f(\n    b=2,  # b\n    old=3,  # old\n    # c comes\n    c=4,\n)\n",
        "f(\n    b=2,  # b\n    new=3,  # old\n    # c comes\n    c=4,\n)\n",
        id="comments",
    ),
    pytest.param(POSITIONAL, "f(q=1, p=2)\n", "f(2, 1)\n", id="keywords become positional"),
    pytest.param(DROPPED, "f(1, b=2, old=3, c=4)\n", "f(1, b=2, c=4)\n", id="dropped"),
    pytest.param(
        DROPPED, "f(\n    1,\n    old=3,\n    c=4,\n)\n", "f(\n    1,\n    c=4,\n)\n", id="dropped, its line too"
    ),
    pytest.param(ADDED, "f(f(1))\nf(1, 2)\n", "f(f(1, 5), 5)\nf(1, 2)\n", id="added, where it lacks"),
    pytest.param(ADDED, "f(\n    1,  # one\n)\n", "f(\n    1, 5,  # one\n)\n", id="added behind a hanging comma"),
]


@pytest.mark.parametrize(("migration", "before", "after"), CHANGED)
def test_arguments_change(migration: Migration, before: str, after: str) -> None:
    done = rewrite(IMPORT + before, migration, files=ELSEWHERE)
    assert done.text == IMPORT + after
    assert rewrite(done.after, migration, files=ELSEWHERE).findings == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("from lib.mod import f as g\ng(1)\n", "from lib.mod import f as g\ng(1, 5)\n", id="alias"),
        pytest.param("import lib\nlib.f(1)\n", "import lib\nlib.f(1, 5)\n", id="façade"),
        pytest.param("import lib.mod as m\nm.f(1)\n", "import lib.mod as m\nm.f(1, 5)\n", id="module"),
        pytest.param(
            "def a():\n    from lib.mod import f\n    f(1)\n",
            "def a():\n    from lib.mod import f\n    f(1, 5)\n",
            id="lazy",
        ),
    ],
)
def test_the_file_keeps_its_way_of_naming_it(before: str, after: str) -> None:
    assert rewrite(before, ADDED, files=ELSEWHERE).text == after


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(IMPORT + "f()\nf(1, 2)\nf(*a)\nf(x=1)\n", id="other calls"),
        pytest.param(IMPORT + "x = f\n__all__ = ['f']\n", id="no call"),
        pytest.param(IMPORT + "def a(f):\n    f(1)\n", id="a parameter"),
        pytest.param(IMPORT + "x.f(1)\n'f(1)'\n", id="an attribute, a string"),
        pytest.param("from unittest.mock import patch\npatch('lib.mod.f')\n", id="a patch"),
        pytest.param("from other.mod import f\nf(1)\n", id="a homonym"),
        pytest.param("def f(x): ...\nf(1)\n", id="another definition"),
    ],
)
def test_the_rest_is_no_usage(source: str) -> None:
    assert rewrite(source, ADDED, files=ELSEWHERE).findings == ()


OWN = [
    pytest.param("def f(x): ...\nf(1)\n", "def f(x): ...\nf(1, 5)\n", id="call"),
    pytest.param("def f(x):\n    return f(1)\n", "def f(x):\n    return f(1, 5)\n", id="recursion"),
    pytest.param("class f: ...\nx = [f(1)]\n", "class f: ...\nx = [f(1, 5)]\n", id="class"),
    pytest.param("if x:\n    def f(x): ...\nelse:\n    def f(x): ...\nf(1)\n", None, id="either of two"),
    pytest.param("def f(x): ...\nf = deco(f)\nf(1)\n", "def f(x): ...\nf = deco(f)\nf(1)\n", id="bound again"),
    pytest.param("def f(x): ...\ndef a(f):\n    f(1)\n", "def f(x): ...\ndef a(f):\n    f(1)\n", id="a parameter"),
    pytest.param(
        "class C:\n    def f(self): ...\n    f(1)\n", "class C:\n    def f(self): ...\n    f(1)\n", id="a method"
    ),
]


@pytest.mark.parametrize(("before", "after"), OWN)
def test_its_own_module_is_not_exempt(before: str, after: str | None) -> None:
    expected = before.replace("f(1)", "f(1, 5)") if after is None else after
    assert rewrite(before, ADDED, path="lib/mod.py", files={"lib/__init__.py": ""}).text == expected


def test_a_method_of_a_class_of_the_same_module() -> None:
    migration = kept("$deprecated($o, old=$x)", "$canonical($o, new=$x)", "lib.mod.C.f")
    before = "class C:\n    def f(self, new): ...\nC.f(c, old=1)\nD.f(c, old=1)\n"
    assert rewrite(before, migration, path="lib/mod.py").text == before.replace("C.f(c, old", "C.f(c, new")


def test_what_would_be_found_again_is_not_changed() -> None:
    swapped = kept("$deprecated($a, $b)", "$canonical($b, $a)")
    done = rewrite(IMPORT + "f(1, 2)\n", swapped, unsafe=True)
    assert done.text == IMPORT + "f(1, 2)\n"
    assert done.codes == ["not-proved"]


LABEL = kept("$deprecated($*a, old=$x, $**k)", "$canonical($*a, new=$x, $**k)")


@pytest.mark.parametrize(
    ("call", "safe", "unsafe", "code"),
    [
        pytest.param("f(1, old=2, z=3)", "f(1, new=2, z=3)", "f(1, new=2, z=3)", None, id="others"),
        pytest.param("f(1, old=2, new=3)", "f(1, old=2, new=3)", "f(1, old=2, new=3)", "not-proved", id="both"),
        pytest.param("f(1, old=2, **z)", "f(1, old=2, **z)", "f(1, new=2, **z)", "unpacked-arguments", id="unknown"),
        pytest.param("f(**z, old=1)", "f(**z, old=1)", "f(**z, new=1)", "unpacked-arguments", id="unknown before it"),
    ],
)
def test_an_argument_is_not_given_twice(call: str, safe: str, unsafe: str, code: str | None) -> None:
    done = rewrite(IMPORT + call + "\n", LABEL)
    assert (done.text, done.codes) == (f"{IMPORT}{safe}\n", [code])
    assert rewrite(IMPORT + call + "\n", LABEL, unsafe=True).text == f"{IMPORT}{unsafe}\n"


def test_a_rule_that_only_explains() -> None:
    done = rewrite(IMPORT + "f(1)\nf()\n", kept("$deprecated($x)", None))
    assert [finding.range.line for finding in done.findings] == [2]


def listed(source: str, files: Mapping[str, str]) -> list[tuple[int, str]]:
    known = {"app/x.py": source, **files}
    index = Index.build((path, text.encode()) for path, text in known.items())
    report = scan_file(source.encode(), "app/x.py", [ADDED], index, fixes=False)
    assert isinstance(report, Scanned)
    return [(finding.range.line, finding.message) for finding in report.findings]


def test_a_list_of_usages_needs_no_fixes() -> None:
    message = "This uses lib.mod.f in a deprecated way."
    [(line, text)] = listed(IMPORT + "f()\nf(1)\n", ELSEWHERE)
    assert (line, text[: len(message)]) == (3, message)
