"""Every form in which a name is used, and every form in which it only seems to be."""

from textwrap import dedent

import pytest

from bot.domain.finding import Kind
from bot.domain.migration import Migration, Target
from tests.engine.repository import MODULE_MIGRATION, marked, scan

FOUND = {
    "from-import": ("from pkg.impl import old\nold()\n", ["import:1", "call:2"]),
    "aliased": ("from pkg.impl import old as o\no()\n", ["import:1", "call:2"]),
    "dotted": ("import pkg.impl\npkg.impl.old()\n", ["call:2"]),
    "module-alias": ("import pkg.impl as i\ni.old()\n", ["call:2"]),
    "module-from-package": ("from pkg import impl\nimpl.old()\n", ["call:2"]),
    "parenthesised": ("from pkg.impl import (\n    new,\n    old,\n)\nold()\n", ["import:3", "call:5"]),
    "backslash": ("from pkg.impl import \\\n    old\nold()\n", ["import:2", "call:3"]),
    "semicolon": ("from pkg.impl import old; old()\n", ["import:1", "call:1"]),
    "relative": ("from .impl import old\nold()\n", ["import:1", "call:2"]),
    "relative-module": ("from . import impl\nimpl.old()\n", ["call:2"]),
    "function-scope": ("def f():\n    from pkg.impl import old\n    return old()\n", ["import:2", "call:3"]),
    "class-scope": ("class C:\n    from pkg.impl import old\n    x = old()\n", ["import:2", "call:3"]),
    "try-except": (
        "try:\n    from pkg.impl import old\nexcept ImportError:\n    old = None\nold()\n",
        ["import:2", "call:5"],
    ),
    "type-checking": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pkg.impl import old\nx: 'old'\n",
        ["import:3", "reference:4"],
    ),
    "reference": ("from pkg.impl import old\nx = Depends(old)\n", ["import:1", "reference:2"]),
    "decorator": ("from pkg.impl import old\n@old\ndef f(): ...\n", ["import:1", "reference:2"]),
    "decorator-call": ("from pkg.impl import old\n@old()\ndef f(): ...\n", ["import:1", "call:2"]),
    "module-alias-of-name": ("from pkg.impl import old\ng = old\n", ["import:1", "reference:2"]),
    "default-argument": ("from pkg.impl import old\ndef f(x=old()): ...\n", ["import:1", "call:2"]),
    "own-name-as-default": ("from pkg.impl import old\ndef f(old=old): ...\n", ["import:1", "reference:2"]),
    "keyword-label": ("from pkg.impl import old\nf(old=old)\n", ["import:1", "reference:2"]),
    "class-attribute-of-own-name": (
        "from pkg.impl import old\nclass C:\n    old = old\n",
        ["import:1", "reference:3"],
    ),
    "method-sees-module": (
        "from pkg.impl import old\nclass C:\n    old = 1\n    def m(self): return old()\n",
        ["import:1", "call:4"],
    ),
    "global": ("from pkg.impl import old\ndef f():\n    global old\n    old()\n", ["import:1", "call:4"]),
    "global-seen-from-inside": (
        "from pkg.impl import old\ndef f():\n    global old\n    def g(): return old()\n",
        ["import:1", "call:4"],
    ),
    "global-import": (
        "def f():\n    global old\n    from pkg.impl import old\ndef g(): old()\n",
        ["import:3", "call:4"],
    ),
    "nonlocal": (
        "def f():\n    from pkg.impl import old\n    def g():\n        nonlocal old\n        old()\n",
        ["import:2", "call:5"],
    ),
    "comprehension": ("from pkg.impl import old\nx = [old() for y in z]\n", ["import:1", "call:2"]),
    "comprehension-iterable": ("from pkg.impl import old\nx = [old for old in old()]\n", ["import:1", "call:2"]),
    "rebound-afterwards": ("from pkg.impl import old\nold()\nold = 1\nold()\n", ["import:1", "call:2"]),
    "wrapped": ("from pkg.impl import old\nold = wrap(old)\n", ["import:1", "reference:2"]),
    "one-branch": ("from pkg.impl import old\nif x:\n    old = 1\nold()\n", ["import:1", "call:4"]),
    "loop-from-below": (
        "def old(): ...\nfor x in y:\n    old()\n    from pkg.impl import old\n",
        ["call:3", "import:4", "definition:1"],
    ),
    "loop-over-itself": ("from pkg.impl import old\nfor old in old(): old()\n", ["import:1", "call:2"]),
    "loop-over-itself-by-parts": (
        "from pkg.impl import old\nfor a, old in zip(b, old()): ...\n",
        ["import:1", "call:2"],
    ),
    "loop-over-itself-again": (
        "from pkg.impl import old\nfor a in b:\n    for old in old(): ...\n",
        ["import:1", "call:3"],
    ),
    "loop-in-a-comprehension-of-a-loop": (
        "from pkg.impl import old\nfor a in [old for old in old()]: ...\n",
        ["import:1", "call:2"],
    ),
    "with-before-its-name": ("from pkg.impl import old\nwith old() as y, x as old: ...\n", ["import:1", "call:2"]),
    "with-itself": ("from pkg.impl import old\nwith old() as old: ...\n", ["import:1", "call:2"]),
    "walrus-behind": ("from pkg.impl import old\nprint(old(), (old := 1))\n", ["import:1", "call:2"]),
    "walrus-in-a-while": (
        "from pkg.impl import old\nwhile old() and (old := x): ...\n",
        ["import:1", "call:2"],
    ),
    "await": ("from pkg.impl import old\nasync def f(): await old()\n", ["import:1", "call:2"]),
    "f-string": ("from pkg.impl import old\nx = f'{old()} {old!r}'\n", ["import:1", "call:2", "reference:2"]),
    "walrus-value": ("from pkg.impl import old\nif (x := old()): ...\n", ["import:1", "call:2"]),
    "lambda": ("from pkg.impl import old\nf = lambda: old()\n", ["import:1", "call:2"]),
    "store-on-module": ("import pkg.impl\npkg.impl.old = 1\n", ["reference:2"]),
    "string-annotation": ("from pkg import impl\ndef f(x: 'impl.old') -> 'list[impl.old]': ...\n", ["reference:2"] * 2),
    "nested-string-annotation": ("from pkg.impl import old\nx: 'list[\"old\"]'\n", ["import:1", "reference:2"]),
    "annotated": (
        "from typing import Annotated\nfrom pkg.impl import old\nx: Annotated['old', 'old']\n",
        ["import:2", "reference:3"],
    ),
    "cast": ("from typing import cast\nfrom pkg.impl import old\ncast('old', 1)\n", ["import:2", "reference:3"]),
    "all": ("from pkg.impl import old\n__all__ = ['old']\n", ["import:1", "re-export:2"]),
    "all-extended": ("from pkg.impl import old\n__all__ = []\n__all__ += ['old']\n", ["import:1", "re-export:3"]),
    "redundant-alias": ("from pkg.impl import old as old\n", ["re-export:1"]),
    "import-module": ("import importlib\nm = importlib.import_module('pkg.impl')\nm.old()\n", ["call:3"]),
    "missing-in-a-sibling": ("from pkg.broken import old\n", ["import:1"]),
    "own-definition-elsewhere": ("def old(): ...\n", ["definition:1"]),
}

NOT_FOUND = {
    "homonym-module": "from pkg.other import old\nold()\n",
    "foreign-package": "from elsewhere import old\nold()\n",
    "parameter": "def f(old): return old()\n",
    "keyword-only-parameter": "def f(*, old): return old()\n",
    "vararg": "def f(*old, **new): return old\n",
    "local": "def f():\n    old = 1\n    return old\n",
    "method": "class C:\n    def old(self): return self.old()\n",
    "attribute": "x.old()\nself.old = 1\n",
    "attribute-of-other-module": "import pkg.other\npkg.other.old()\n",
    "keyword-label": "f(old=1)\n",
    "dictionary-key": "x = {'old': 1}\nx['old']\n",
    "comment": "# from pkg.impl import old\n",
    "docstring": "'''Use pkg.impl.old()'''\n",
    "message": "print('pkg.impl.old is deprecated')\n",
    "regular-expression": "x = r'from pkg\\.impl import old'\n",
    "f-string-text": "x = f'pkg.impl.old {y}'\n",
    "comprehension-target": "x = [old for old in y]\n",
    "comprehension-in-class": "class C:\n    old = 1\n    x = [old for y in z]\n",
    "walrus": "if (old := f()): old()\n",
    "walrus-in-comprehension": "x = [(old := y) for y in z]\nold()\n",
    "for": "for old in x: old()\n",
    "with": "with x as old: old()\n",
    "except": "try: ...\nexcept E as old: old\n",
    "match-capture": "match x:\n    case {'a': old, **rest}: old()\n    case [*old]: old\n    case C() as old: old\n",
    "match-rest": "match x:\n    case {**old}: old()\n",
    "lambda-parameter": "f = lambda old: old()\n",
    "lambda-default": "f = lambda x, old=1: old\n",
    "unpacking": "old, *x = y\nold()\n",
    "literal": "from typing import Literal\nfrom pkg import impl\nx: Literal['impl.old']\n",
    "literal-renamed": "import typing as t\nfrom typing import Literal as L\nfrom pkg import impl\nx: L['impl.old']\n",
    "annotated-metadata": "from typing import Annotated\nfrom pkg import impl\nx: Annotated[int, 'impl.old']\n",
    "nested-function": "def f():\n    def old(): ...\n    return old()\n",
    "test-function": "def test_old(): ...\ndef mock_old(): ...\n",
    "longer-name": "from pkg.impl import older, old_one\nolder(); old_one()\n",
    "all-of-a-homonym": "from pkg.other import old\n__all__ = ['old']\n",
    "all-without-import": "__all__ = ['old']\n",
    "patch-of-a-homonym": "from unittest.mock import patch\npatch('pkg.other.old')\n",
    "patch-of-a-foreign-package": "from unittest.mock import patch\npatch('elsewhere.old')\n",
    "setattr-on-object": "def f(x): setattr(x, 'old', 1)\n",
    "logger": "import logging\nlogging.getLogger('pkg.impl.old')\n",
    "sibling-import": "from pkg.impl import new\nnew()\n",
    "relative-out-of-the-repository": "from ....impl import old\n",
}


def listed(kinds: list[tuple[str, int, str]]) -> list[str]:
    return [f"{kind}:{line}" for kind, line, _ in kinds]


@pytest.mark.parametrize(("source", "expected"), FOUND.values(), ids=FOUND)
def test_a_usage_is_found(source: str, expected: list[str]) -> None:
    found = scan(source, files={"pkg/broken.py": "x = 1\n"})
    assert sorted(listed(found.places)) == sorted(expected)


@pytest.mark.parametrize("source", NOT_FOUND.values(), ids=NOT_FOUND)
def test_what_only_looks_like_one_is_not(source: str) -> None:
    assert scan(source).places == []


@pytest.mark.parametrize("source", NOT_FOUND.values(), ids=NOT_FOUND)
def test_a_homonym_stays_one_beside_a_usage(source: str) -> None:
    """The usage stands in a function of its own, so that its name is looked for everywhere."""
    both = f"{source}\ndef uses_it():\n    from pkg.impl import old as _o\n    _o()\n"
    assert [kind for kind, _, _ in scan(both).places] == ["import", "call"]


SHADOWED = {
    "local": "from pkg.impl import old\ndef f():\n    old = 1\n    return old\n",
    "parameter": "from pkg.impl import old\ndef f(old): return old()\n",
    "comprehension": "from pkg.impl import old\nx = [old for old in y]\n",
    "redefined": "from pkg.impl import old\nclass old: ...\nold()\n",
    "deleted-and-bound": "from pkg.impl import old\ndel old\nold = 1\nold()\n",
    "other-import-after": "from pkg.impl import old\nfrom pkg.other import old\nold()\n",
    "with-behind-its-name": "from pkg.impl import old\nwith x as old, old() as y: ...\n",
    "walrus-before": "from pkg.impl import old\nprint((old := 1), old())\n",
    "loop-s-own-variable": "from pkg.impl import old\nfor old in x: old()\n",
    "comprehension-s-own-variable": "from pkg.impl import old\n[old() for old in x]\n",
    "comprehension-s-own-variable-in-a-loop": "from pkg.impl import old\nfor a in [old() for old in x]: ...\n",
    "function-imports-homonym": "from pkg.impl import old\ndef f():\n    from pkg.other import old\n    old()\n",
    "seen-at-the-end": "from pkg.impl import old\ndef f(): return old()\nold = 1\n",
    "lambda": "from pkg.impl import old\nf = lambda old: old\n",
}


@pytest.mark.parametrize("source", SHADOWED.values(), ids=SHADOWED)
def test_a_shadowed_import_is_the_only_usage(source: str) -> None:
    assert listed(scan(source, "tests/test_x.py").places) == ["import:1"]


FACADES = {
    "init": ({"pkg/__init__.py": "from pkg.impl import old\n"}, "from pkg import old\nold()\n"),
    "init-relative": ({"pkg/__init__.py": "from .impl import old\n"}, "from pkg import old\nold()\n"),
    "init-attribute": ({"pkg/__init__.py": "from .impl import old\n"}, "import pkg\npkg.old()\n"),
    "chain": (
        {
            "pkg/a.py": "from pkg.b import old\n",
            "pkg/b.py": "from pkg.c import *\n",
            "pkg/c.py": "from .impl import old\n",
        },
        "from pkg.a import old\nold()\n",
    ),
    "renamed": ({"pkg/a.py": "from pkg.impl import old as legacy\n"}, "from pkg.a import legacy\nlegacy()\n"),
    "assigned": ({"pkg/a.py": "from pkg import impl\nlegacy = impl.old\n"}, "from pkg.a import legacy\nlegacy()\n"),
    "star-of-star": ({"pkg/a.py": "from pkg.impl import *\n"}, "from pkg.a import old\nold()\n"),
    "conditional": (
        {"pkg/a.py": "if X:\n    from pkg.impl import old\nelse:\n    old = 1\n"},
        "from pkg.a import old\nold()\n",
    ),
    "cycle": (
        {"pkg/a.py": "from pkg.b import *\nfrom pkg.impl import old\n", "pkg/b.py": "from pkg.a import *\n"},
        "from pkg.b import old\nold()\n",
    ),
    "src-root": ({"src/lib/__init__.py": "from pkg.impl import old\n"}, "from lib import old\nold()\n"),
}


@pytest.mark.parametrize(("files", "source"), FACADES.values(), ids=FACADES)
def test_a_re_export_is_followed(files: dict[str, str], source: str) -> None:
    found = scan(source, "app/user.py", files=files | {"src/pyproject.toml": ""}, known=True)
    assert listed(found.places) == (["call:2"] if "import pkg\n" in source else ["import:1", "call:2"])
    assert {finding.symbol for finding in found.findings} == {"pkg.impl.old"}


NOT_RE_EXPORTED = {
    "private-star": (
        {"pkg/a.py": "from pkg.impl import *\n__all__ = ['new']\n", "pkg/b.py": "from pkg.a import *\n"},
        "pkg.b",
    ),
    "replaced": ({"pkg/b.py": "from pkg.impl import old\ndef old(): ...\n"}, "pkg.b"),
    "only-in-a-function": ({"pkg/b.py": "old = 1\ndef f():\n    from pkg.impl import old\n"}, "pkg.b"),
    "cycle-without-end": ({"pkg/a.py": "from pkg.b import *\n", "pkg/b.py": "from pkg.a import *\nold = 1\n"}, "pkg.b"),
}


@pytest.mark.parametrize(("files", "module"), NOT_RE_EXPORTED.values(), ids=NOT_RE_EXPORTED)
def test_what_is_no_re_export_is_not_followed(files: dict[str, str], module: str) -> None:
    found = scan(f"from {module} import old\nold()\n", "app/user.py", files=files)
    assert [f for f in found.findings if "does not have it" not in f.message] == []


def test_star_import_from_the_origin() -> None:
    assert listed(scan("from pkg.impl import *\nold()\n").places) == ["call:2"]


def test_star_import_does_not_bring_what_all_leaves_out() -> None:
    files = {"pkg/a.py": "from pkg.impl import old\n__all__ = []\n"}
    assert scan("from pkg.a import *\nold()\n", files=files, known=True).places == []


@pytest.mark.parametrize(
    ("listed_names", "brought"),
    [
        ("= ['old']", True),
        ("= ('old',)", True),
        ("= ['new']", False),
        ("= ['new'] + ['old']", True),
        ("= ['old'] + ['new']", True),
        ("= ['new'] + ['other']", False),
        ("= x.__all__ + ['new']", True),
        (": list[str] = ['old']", True),
        (": list[str] = ['new']", False),
        ("= []\n__all__ += ['old']", True),
        ("= []\n__all__ += ['new']", False),
        ("= []\n__all__.extend(['old'])", True),
        ("= []\n__all__.extend(['new'])", False),
        ("= []\n__all__.append('old')", True),
        ("= []\n__all__.append('new')", False),
        ("= []\nif x:\n    __all__.append('old')", True),
    ],
)
def test_a_star_brings_what_all_lists(listed_names: str, brought: bool) -> None:
    files = {"pkg/a.py": f"from pkg.impl import old\nimport x\n__all__ {listed_names}\n"}
    assert bool(scan("from pkg.a import *\nold()\n", files=files, known=True).places) is brought


def test_wanted_modules_are_only_those_that_can_matter() -> None:
    source = "import os\nfrom pkg.impl import old\nfrom django.db import models\nold(models, os)\n"
    found = scan(source, known=True)
    assert found.rounds == 0
    assert scan(source).rounds == 1  # the target's own: what is said of a usage depends on whether it has the name
    assert len(found.findings) == 2


MODULE_FORMS = {
    "import": ("import pkg.legacy\npkg.legacy.f()\n", [("import", "pkg.legacy"), ("call", "pkg.legacy.f")]),
    "alias": ("import pkg.legacy as l\nl.f\n", [("import", "pkg.legacy"), ("reference", "pkg.legacy.f")]),
    "below": ("import pkg.legacy.sub\n", [("import", "pkg.legacy.sub")]),
    "from-package": ("from pkg import legacy\nlegacy.f()\n", [("import", "pkg.legacy"), ("call", "pkg.legacy.f")]),
    "from-module": ("from pkg.legacy import f\nf()\n", [("import", "pkg.legacy.f"), ("call", "pkg.legacy.f")]),
    "from-below": (
        "from pkg.legacy.sub import f as g\ng\n",
        [("import", "pkg.legacy.sub.f"), ("reference", "pkg.legacy.sub.f")],
    ),
    "import-module": (
        "from importlib import import_module\nimport_module('pkg.legacy')\n",
        [("string-reference", "pkg.legacy")],
    ),
    "patch-below": ("patch('pkg.legacy.f')\n", [("string-reference", "pkg.legacy.f")]),
    "longer-name": ("import pkg.legacy_two\nfrom pkg import legacy2\n", []),
    "same-leaf": ("import other.legacy\nother.legacy.f()\n", []),
    "attribute": ("x.legacy.f()\n", []),
}


@pytest.mark.parametrize(("source", "expected"), MODULE_FORMS.values(), ids=MODULE_FORMS)
def test_a_module_and_all_below_it(source: str, expected: list[tuple[str, str]]) -> None:
    files = {"pkg/legacy/__init__.py": "def f(): ...\n", "pkg/legacy/sub.py": "def f(): ...\n"}
    found = scan(source, files=files, migration=MODULE_MIGRATION)
    assert [(f.kind.value, f.symbol) for f in found.findings] == expected


def test_files_of_the_deprecated_module_are_exempt() -> None:
    source = "import pkg.legacy\nfrom pkg.legacy.sub import f\npkg.legacy.g(f)\n"
    assert scan(source, "pkg/legacy/__init__.py", migration=MODULE_MIGRATION).places == []


STRINGS = {
    "patch": ("from unittest.mock import patch\npatch('pkg.impl.old')\n", True),
    "patch-renamed": ("from unittest.mock import patch as p\np('pkg.impl.old')\n", True),
    "patch-decorator": ("import unittest.mock\n@unittest.mock.patch('pkg.impl.old')\ndef f(m): ...\n", True),
    "mocker": ("def f(mocker): mocker.patch('pkg.impl.old')\n", True),
    "monkeypatch": ("def f(monkeypatch): monkeypatch.setattr('pkg.impl.old', 1)\n", True),
    "through-a-facade": ("patch('pkg.facade.old')\n", True),
    "monkeypatch-module": ("import pkg.impl as i\ndef f(monkeypatch): monkeypatch.setattr(i, 'old', 1)\n", True),
    "patch-object": ("from unittest.mock import patch\nfrom pkg import impl\npatch.object(impl, 'old')\n", True),
    "getattr": ("from pkg import impl\ngetattr(impl, 'old')\n", True),
    "setattr": ("from pkg import impl\nsetattr(impl, 'old', 1)\n", True),
    "getattr-import-module": ("import importlib\ngetattr(importlib.import_module('pkg.impl'), 'old')\n", True),
    "by-its-label": ("patch(new=1, target='pkg.impl.old')\n", True),
    "module-by-its-label": ("from importlib import import_module\nimport_module(name='pkg.impl').old\n", True),
    "by-another-label": ("patch(x, new='pkg.impl.old')\n", None),
    "by-no-label-of-it": ("patch(y='pkg.impl.old')\n", None),
    "import-module-relative": ("import importlib\nimportlib.import_module('.impl', package='pkg').old\n", True),
    "import-module-relative-by-place": ("import importlib\nimportlib.import_module('.impl', 'pkg').old\n", True),
    "import-module-two-up": ("import importlib\nimportlib.import_module('..impl', 'pkg.sub').old\n", True),
    "import-module-of-another": ("import importlib\nimportlib.import_module('.impl', package='other').old\n", None),
    "import-module-of-something": ("import importlib\nimportlib.import_module('.impl', x).old\n", None),
    "implicit-concatenation": ("patch('pkg.impl.'\n      'old')\n", True),
    "missing": ("patch('pkg.broken.old')\n", False),
    "missing-in-the-package": ("patch('pkg.old')\n", False),
    "unknown-module": ("patch('pkg.impl.old.attribute')\n", None),
}


@pytest.mark.parametrize(("source", "resolves"), STRINGS.values(), ids=STRINGS)
def test_a_dotted_string_says_whether_it_resolves(source: str, resolves: bool | None) -> None:
    files = {"pkg/broken.py": "x = 1\n", "pkg/facade.py": "from .impl import old\n"}
    found = [f for f in scan(source, "tests/test_x.py", files=files).findings if f.kind is Kind.STRING_REFERENCE]
    if resolves is None:
        assert found == []
        return
    assert len(found) == 1
    assert found[0].message.startswith("This string refers to the deprecated")
    assert ("has no such name" in found[0].message) is not resolves


def test_a_relative_module_is_imported_from_the_file_s_own_package() -> None:
    source = "import importlib\nimportlib.import_module('.impl', __package__).old\n"
    assert listed(scan(source, "pkg/user.py").places) == ["string-reference:2"]
    assert listed(scan(source, "other/user.py").places) == []


def test_positions_inside_a_plain_string_annotation_are_exact() -> None:
    source = "from pkg import impl\nx: 'dict[str, impl.old]' = {}\n"
    (finding,) = scan(source).findings
    assert marked(source, finding) == "impl.old"


@pytest.mark.parametrize("text", ["'list[impl.' 'old]'", "'''list[\n  impl.old]'''", r"'list[\x69mpl.old]'"])
def test_a_string_annotation_that_is_not_plain_is_marked_whole(text: str) -> None:
    source = f"from pkg import impl\nx: {text} = 1\n"
    (finding,) = scan(source).findings
    assert marked(source, finding) == text


def test_marks_are_the_names() -> None:
    source = dedent("""\
        from pkg.impl import (old as \\
            o)
        é = "ü"; o(1)
        """)
    found = scan(source).findings
    assert [marked(source, finding) for finding in found] == ["old as \\\n    o", "o"]
    assert (found[1].range.line, found[1].range.column) == (3, 10)


def test_the_definition_is_exempt_and_what_the_module_itself_does_with_it_is_not() -> None:
    source = "def old(): ...\n__all__ = ['old']\nold()\ngetattr(__import__('pkg.impl'), 'old')\n"
    assert scan(source, "pkg/impl.py").places == [("call", 3, "old")]


def test_a_definition_that_names_itself_is_exempt() -> None:
    assert scan("def old(n): return n and old(n - 1)\n", "pkg/impl.py").places == []


@pytest.mark.parametrize("path", ["tests/helpers.py", "pkg/test_old.py", "conftest.py", "elsewhere/mod.py"])
def test_a_double_in_a_test_is_no_definition(path: str) -> None:
    assert scan("def old(): ...\nold()\n", path).places == []


def test_what_the_deprecated_name_passes_on_is_no_other_definition() -> None:
    facade = {"pkg/__init__.py": "from .impl import old\n"}
    migration = Migration(name="m", targets=(Target(name="pkg.old"),))
    source = "def old(): ...\n"
    assert scan(source, "pkg/impl.py", files=facade, migration=migration).places == []
    assert scan(source, "pkg/more.py", files=facade, migration=migration).places == [("definition", 1, "old")]


def test_definitions_are_those_at_the_top_level() -> None:
    source = "class C:\n    def old(self): ...\ndef f():\n    def old(): ...\nasync def old(): ...\n"
    (finding,) = scan(source).findings
    assert (finding.kind, marked(source, finding)) == (Kind.DEFINITION, "old")


@pytest.mark.parametrize("root", ["lib", "services/api"])
def test_source_roots_place_relative_imports(root: str) -> None:
    source = "from .impl import old\nold()\n"
    files = {f"{root}/pkg/impl.py": "def old(): ...\n"}
    found = scan(source, f"{root}/pkg/user.py", files=files, source_roots=(root,))
    assert listed(found.places) == ["import:1", "call:2"]


def test_a_source_root_is_found_where_the_target_lies() -> None:
    files = {"deep/er/pkg/impl.py": "def old(): ...\n", "pkg/__init__.py": "", "pkg/impl.py": ""}
    repository = {k: v for k, v in files.items() if k.startswith("deep")}
    from bot.engine.source.names import find_source_roots

    assert find_source_roots(repository, ["pkg.impl"]) == ("deep/er",)
    assert find_source_roots({**repository, "pkg/impl.py": ""}, ["pkg.impl"]) == ()
    assert find_source_roots(["a/pyproject.toml", "b/src/x.py"]) == ("a", "b/src")
    assert find_source_roots(["a/setup.py", "b/setup.cfg", "b/__init__.py"]) == ("a", "b")


def test_a_module_that_is_called_setup_shows_no_source_root() -> None:
    from bot.engine.source.names import find_source_roots

    assert find_source_roots(["pkg/setup.py", "pkg/__init__.py", "lib/setup.py"]) == ("lib",)


BUILTIN = Migration(name="m", targets=(Target(name="builtins.reload", canonical="importlib.reload"),))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("reload(m)\nmap(reload, x)\n", ["call:1", "reference:2"], id="by its own name"),
        pytest.param("import builtins\nbuiltins.reload(m)\n", ["call:2"], id="through its module"),
        pytest.param("def reload(m): ...\nreload(m)\n", [], id="defined here"),
        pytest.param("def f(reload): reload()\n", [], id="a parameter"),
        pytest.param("from importlib import reload\nreload(m)\n", [], id="imported from elsewhere"),
    ],
)
def test_a_built_in_name_needs_no_import(source: str, expected: list[str]) -> None:
    found = scan(source, migration=BUILTIN).findings
    assert [f"{finding.kind}:{finding.range.line}" for finding in found] == expected
