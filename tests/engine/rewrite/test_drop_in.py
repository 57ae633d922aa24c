"""Plain renames: a symbol, a module or a package moves, and every file keeps its own way of naming it."""

from dataclasses import replace

import pytest

from bot.domain.migration import Applicability, Migration, Rewrite
from tests.engine.rewrite.tools import DROP_IN, SAFE, drop_in, module, rewrite

SYMBOL = [
    pytest.param("from old.mod import f\nf()\n", "from new.mod import g\ng()\n", id="name"),
    pytest.param("from old.mod import f as h\nh()\n", "from new.mod import g as h\nh()\n", id="alias kept"),
    pytest.param("from old.mod import f as g\ng()\n", "from new.mod import g\ng()\n", id="alias that is the new name"),
    pytest.param(
        "from old.mod import f, k as kk\nf(kk)\n",
        "from old.mod import k as kk\nfrom new.mod import g\ng(kk)\n",
        id="alias of a sibling left to the sibling",
    ),
    pytest.param("import old.mod\nold.mod.f(1)\n", "import new.mod\nnew.mod.g(1)\n", id="dotted stays dotted"),
    pytest.param(
        "import old.mod\nold.mod.f(old.mod.k)\n",
        "import old.mod\nimport new.mod\nnew.mod.g(old.mod.k)\n",
        id="a module that is still used stays",
    ),
    pytest.param("import old.mod as m\nm.f(1)\n", "import new.mod as m\nm.g(1)\n", id="alias of the module kept"),
    pytest.param(
        "import old.mod as m\nm.f(m.k)\n",
        "import old.mod as m\nfrom new.mod import g\ng(m.k)\n",
        id="aliased module still used",
    ),
    pytest.param("from old import mod\nmod.f(1)\n", "from new import mod\nmod.g(1)\n", id="module from its package"),
    pytest.param(
        "def a():\n    from old.mod import f\n    return f()\ndef b():\n    from old.mod import f\n    return f\n",
        "def a():\n    from new.mod import g\n    return g()\ndef b():\n    from new.mod import g\n    return g\n",
        id="a lazy import stays in its function",
    ),
    pytest.param(
        "from old.mod import f\nfrom new.mod import g\nf(g)\n", "from new.mod import g\ng(g)\n", id="no second import"
    ),
    pytest.param(
        "from old.mod import f\ndef a(f): return f()\ndef b(): return f()\n",
        "from new.mod import g\ndef a(f): return f()\ndef b(): return g()\n",
        id="a parameter of the same name",
    ),
    pytest.param(
        "from old.mod import f\nx.f(f=f)\n", "from new.mod import g\nx.f(f=g)\n", id="attribute and label of that name"
    ),
    pytest.param(
        "from old.mod import f\ndef a():\n    g = 1\n    return f(g)\n",
        "from new.mod import g as f\ndef a():\n    g = 1\n    return f(g)\n",
        id="a local hides the new name",
    ),
    pytest.param(
        "from old.mod import f\ndef g(): ...\nf(g())\n",
        "from new.mod import g as f\ndef g(): ...\nf(g())\n",
        id="the new name is taken",
    ),
    pytest.param(
        "from old.mod import f\n[f for f in f()]\n[g for g in f()]\n",
        "from new.mod import g as f\n[f for f in f()]\n[g for g in f()]\n",
        id="a comprehension hides the new name",
    ),
    pytest.param(
        "from old.mod import f\n__all__ = ['f']\n", "from new.mod import g as f\n__all__ = ['f']\n", id="in __all__"
    ),
    pytest.param(
        "try:\n    from old.mod import f\nexcept ImportError:\n    f = None\nif f: f()\n",
        "try:\n    from new.mod import g as f\nexcept ImportError:\n    f = None\nif f: f()\n",
        id="a fallback binds the same name",
    ),
    pytest.param(
        "from old.mod import f\nf = f(f)\nf\n",
        "from new.mod import g as f\nf = f(f)\nf\n",
        id="the name is bound again",
    ),
    pytest.param(
        "from old.mod import f\ndef a():\n    global f\n    f = 1\nf()\n",
        "from new.mod import g as f\ndef a():\n    global f\n    f = 1\nf()\n",
        id="the name is a global elsewhere",
    ),
    pytest.param(
        "class A:\n    from old.mod import f\n    x = f()\nA.f\n",
        "class A:\n    from new.mod import g as f\n    x = f()\nA.f\n",
        id="a class attribute",
    ),
    pytest.param(
        "from old.mod import f\nexec('f()')\nf()\n", "from new.mod import g as f\nexec('f()')\nf()\n", id="exec"
    ),
    pytest.param(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from old.mod import f\ndef a(x: 'f') -> f: ...\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from new.mod import g\ndef a(x: 'g') -> g: ...\n",
        id="string annotation under TYPE_CHECKING",
    ),
    pytest.param(
        "from typing import TYPE_CHECKING\nfrom old.mod import f\nif TYPE_CHECKING:\n    from new.mod import g\nf()\n",
        "from typing import TYPE_CHECKING\nfrom new.mod import g as f\n"
        "if TYPE_CHECKING:\n    from new.mod import g\nf()\n",
        id="an import for type checking is not there at run time",
    ),
    pytest.param(
        "from typing import Literal\nfrom old.mod import f\nx: Literal['f'] = 'f'\ny: 'f'\n",
        "from typing import Literal\nfrom new.mod import g\nx: Literal['f'] = 'f'\ny: 'g'\n",
        id="a literal is no annotation",
    ),
    pytest.param(
        "import typing\nfrom old.mod import f\nx: typing.Literal['f'] = 'f'\ny: 'f'\n",
        "import typing\nfrom new.mod import g\nx: typing.Literal['f'] = 'f'\ny: 'g'\n",
        id="a literal by its module",
    ),
    pytest.param(
        "from typing import Annotated\nfrom old.mod import f\nx: Annotated['f', 'unit'] = 1\n",
        "from typing import Annotated\nfrom new.mod import g\nx: Annotated['g', 'unit'] = 1\n",
        id="what an annotation is annotated with",
    ),
    pytest.param(
        'from old.mod import f\nx: \'list["f"]\' = 1\ny: "\\x66" = 2\n',
        'from new.mod import g as f\nx: \'list["f"]\' = 1\ny: "\\x66" = 2\n',
        id="an escape in an annotation",
    ),
    pytest.param(
        "from old.mod import f\nx = []  # type: f\n",
        "from new.mod import g as f\nx = []  # type: f\n",
        id="type comment",
    ),
    pytest.param(
        "from old.mod import f\nprint(f'{f()!r:>{f()}}')\n",
        "from new.mod import g\nprint(f'{g()!r:>{g()}}')\n",
        id="f-string",
    ),
    pytest.param(
        "from old.mod import f\n@f\nclass A(f, k=f):\n    def m(self, a: f = f) -> 'list[f]': ...\n"
        "try: ...\nexcept (f, ValueError): ...\nisinstance(1, f)\n",
        "from new.mod import g\n@g\nclass A(g, k=g):\n    def m(self, a: g = g) -> 'list[g]': ...\n"
        "try: ...\nexcept (g, ValueError): ...\nisinstance(1, g)\n",
        id="decorator, base, default, annotation, except, isinstance",
    ),
    pytest.param(
        "from old.mod import f\nmatch x:\n    case f.Y: ...\n    case f(): ...\n",
        "from new.mod import g\nmatch x:\n    case g.Y: ...\n    case g(): ...\n",
        id="match",
    ),
    pytest.param(
        "def a():\n    return f()\nfrom old.mod import f\n",
        "def a():\n    return g()\nfrom new.mod import g\n",
        id="used above its import",
    ),
    pytest.param(
        "import os; from old.mod import f; f(os)\n", "import os; from new.mod import g; g(os)\n", id="semicolons"
    ),
    pytest.param(
        "from old.mod import \\\n    k, \\\n    f\nf(k)\n",
        "from old.mod import \\\n    k\nfrom new.mod import g\ng(k)\n",
        id="backslashes",
    ),
    pytest.param(
        "from old.mod import (  # c0\n    k,  # c1\n    f,  # c2\n    z,  # c3\n)\nf(k, z)\n",
        "from old.mod import (  # c0\n    k,  # c1\n    z,  # c3\n)\nfrom new.mod import g\ng(k, z)\n",
        id="the neighbours keep their comments",
    ),
    pytest.param(
        "from old.mod import f  # noqa: E402\nf()\n", "from new.mod import g  # noqa: E402\ng()\n", id="noqa kept"
    ),
    pytest.param(
        "from old.mod import f, k  # noqa: E402\nf(k)\n",
        "from old.mod import k  # noqa: E402\nfrom new.mod import g  # noqa: E402\ng(k)\n",
        id="noqa for both",
    ),
    pytest.param(
        "'''doc'''\nfrom __future__ import annotations\nfrom old.mod import f\nf\n",
        "'''doc'''\nfrom __future__ import annotations\nfrom new.mod import g\ng\n",
        id="below __future__",
    ),
    pytest.param("x = 1\nfrom old.mod import f", "x = 1\nfrom new.mod import g", id="no final newline"),
    pytest.param(
        "def a():\n\tfrom old.mod import f\n\treturn f()\n",
        "def a():\n\tfrom new.mod import g\n\treturn g()\n",
        id="tabs",
    ),
]


@pytest.mark.parametrize(("before", "after"), SYMBOL)
def test_a_symbol_moves(before: str, after: str) -> None:
    assert rewrite(before, DROP_IN).text == after


@pytest.mark.parametrize(("before", "after"), SYMBOL)
@pytest.mark.parametrize(
    ("line_end", "mark"),
    [("\r\n", b""), ("\n", b"\xef\xbb\xbf"), ("\r\n", b"\xef\xbb\xbf")],
    ids=["crlf", "bom", "both"],
)
def test_line_ends_and_marks_change_nothing(before: str, after: str, line_end: str, mark: bytes) -> None:
    source, missing_modules = (mark + text.replace("\n", line_end).encode() for text in (before, after))
    assert rewrite(source, DROP_IN).after == missing_modules


MODULES = [
    pytest.param("import a.b as q\nq.f()\n", "import x.y as q\nq.f()\n", id="alias"),
    pytest.param("import a.b\na.b.f(a.b)\n", "import x.y\nx.y.f(x.y)\n", id="dotted"),
    pytest.param("import a.b.c.d\na.b.c.d.e()\n", "import x.y.c.d\nx.y.c.d.e()\n", id="below"),
    pytest.param("from a.b.c import foo\n", "from x.y.c import foo\n", id="a name from below"),
    pytest.param("from a import b\nb.f()\n", "from x import y\ny.f()\n", id="from its package"),
    pytest.param("from a.b import *  # noqa\nf()\n", "from x.y import *  # noqa\nf()\n", id="star"),
    pytest.param("from  a.b.c  import *\n", "from  x.y.c  import *\n", id="star below"),
    pytest.param(
        "from a import b\ny = 1\nb.f(y)\n", "from x import y as b\ny = 1\nb.f(y)\n", id="the new name is taken"
    ),
    pytest.param(
        "import os, a.b as q, sys\nq.f(os, sys)\n", "import os, x.y as q, sys\nq.f(os, sys)\n", id="in a list"
    ),
    pytest.param(
        "import a.b.c\nimport a.z\na.b.c.e(a.z)\n",
        "import x.y.c\nimport a.z\nx.y.c.e(a.z)\n",
        id="a sibling package stays",
    ),
    pytest.param(
        "import a.b.c\nimport a.b.d\na.b.c.e(a.b.d)\n",
        "import x.y.c\nimport x.y.d\nx.y.c.e(x.y.d)\n",
        id="two below it",
    ),
    pytest.param(
        "def a():\n    b = 1\n    return b\n", "def a():\n    b = 1\n    return b\n", id="a local of that name"
    ),
    pytest.param("s = 'a.b.c'  # a.b.c\n", "s = 'a.b.c'  # a.b.c\n", id="text"),
]


@pytest.mark.parametrize(("before", "after"), MODULES)
def test_a_module_moves(before: str, after: str) -> None:
    assert rewrite(before, module("a.b", "x.y")).text == after


OTHERS = [
    pytest.param(
        module("old", "fresh.pkg"),
        "import old.sub.x\nold.sub.x.q()\n",
        "import fresh.pkg.sub.x\nfresh.pkg.sub.x.q()\n",
        id="deeper",
    ),
    pytest.param(
        module("mock", "unittest.mock"),
        "import mock\nfrom mock import call\nmock.patch(call)\n",
        "from unittest import mock\nfrom unittest.mock import call\nmock.patch(call)\n",
        id="from the top level",
    ),
    pytest.param(
        module("six.moves.urllib", "urllib"),
        "from six.moves import urllib\nurllib.parse()\n",
        "import urllib\nurllib.parse()\n",
        id="to the top level",
    ),
    pytest.param(
        module("pkg.old", "pkg.new"),
        "import pkg.old\nimport pkg.other\npkg.old.f(pkg.other)\n",
        "import pkg.new\nimport pkg.other\npkg.new.f(pkg.other)\n",
        id="inside its package",
    ),
    pytest.param(
        drop_in("numpy.in1d", "numpy.isin"),
        "import numpy as np\nnp.in1d(np.z)\n",
        "import numpy as np\nnp.isin(np.z)\n",
        id="same module",
    ),
    pytest.param(
        drop_in("numpy.in1d", "numpy.isin"),
        "from numpy import in1d, array\nin1d(array)\n",
        "from numpy import isin, array\nisin(array)\n",
        id="same module, by name",
    ),
    pytest.param(
        drop_in("numpy.float", "builtins.float"),
        "import numpy as np\nx: np.float = np.float(np.z)\n",
        "import numpy as np\nx: float = float(np.z)\n",
        id="to a builtin",
    ),
    pytest.param(
        drop_in("numpy.float", "builtins.float"),
        "import numpy as np\ndef float(): ...\nnp.float(1)\n",
        "import numpy as np\ndef float(): ...\nnp.float(1)\n",
        id="a builtin that is hidden",
    ),
    pytest.param(
        drop_in("typing.List", "builtins.list"),
        "from typing import List\nx: List[int] = []\n",
        "x: list[int] = []\n",
        id="to a builtin, by name",
    ),
    pytest.param(
        drop_in("collections.Mapping", "collections.abc.Mapping"),
        "from collections import Mapping, OrderedDict\nMapping, OrderedDict\n",
        "from collections import OrderedDict\nfrom collections.abc import Mapping\nMapping, OrderedDict\n",
        id="same name, other module",
    ),
    pytest.param(
        drop_in("app.mod.f", "app.other.g"),
        "from .mod import f\nf()\n",
        "from .other import g\ng()\n",
        id="relative stays relative",
    ),
    pytest.param(
        drop_in("app.mod.f", "lib.g"),
        "from .mod import f\nf()\n",
        "from lib import g\ng()\n",
        id="relative where it no longer can be",
    ),
    pytest.param(
        drop_in("old.mod.C", "new.mod.D"),
        "from old.mod import C\nC.Inner.f(C())\n",
        "from new.mod import D\nD.Inner.f(D())\n",
        id="members of a class",
    ),
    pytest.param(
        drop_in("old.mod.C.f", "old.mod.C.g"),
        "from old.mod import C as D\nD.f(D.k)\n",
        "from old.mod import C as D\nD.g(D.k)\n",
        id="another member of the same class",
    ),
    pytest.param(
        drop_in("old.mod.C.f", "old.mod.C.g"),
        "from old.mod import C\nC.f(1)\n",
        "from old.mod import C\nC.g(1)\n",
        id="another member, and nothing else of the class",
    ),
    pytest.param(
        drop_in("old.mod.C.f", "new.mod.D.g"),
        "from old.mod import C\nC.f(1)\n",
        "from new.mod import D\nD.g(1)\n",
        id="a member of another class",
    ),
    pytest.param(
        drop_in("old.mod.C.f", "new.mod.C.g"),
        "from old.mod import C\nC.f(1)\n",
        "from new.mod import C\nC.g(1)\n",
        id="a member of another class of the same name",
    ),
    pytest.param(
        drop_in("old.mod.C.f", "old.mod.g"),
        "from old.mod import C\nC.f(1)\n",
        "from old.mod import g\ng(1)\n",
        id="a member becomes a function",
    ),
    pytest.param(
        drop_in("old.mod.C.f", "old.mod.g"),
        "from old.mod import C\nC.f(C.k)\n",
        "from old.mod import C, g\ng(C.k)\n",
        id="a member becomes a function, the class is still used",
    ),
    pytest.param(
        drop_in("old.mod.C.f", "old.mod.g"),
        "from old.mod import C\ndef a(g):\n    return C.f(g)\n",
        "from old.mod import g as canonical_g\ndef a(g):\n    return canonical_g(g)\n",
        id="a member becomes a function whose name is taken",
    ),
]


@pytest.mark.parametrize(("migration", "before", "after"), OTHERS)
def test_other_moves(migration: Migration, before: str, after: str) -> None:
    assert rewrite(before, migration).text == after


def test_a_facade_is_bypassed_by_those_who_use_it() -> None:
    files = {"fac/__init__.py": "from old.mod import f\n", "old/mod.py": "def f(): ...\n"}
    assert rewrite("from fac import f\nf()\n", DROP_IN, files=files).text == "from new.mod import g\ng()\n"


@pytest.mark.parametrize("name", ["from .mod import f\n", "from old.mod import f as f\n"])
def test_a_facade_keeps_its_name(name: str) -> None:
    assert rewrite(name, DROP_IN, path="old/__init__.py").text.endswith("import g as f\n")


@pytest.mark.parametrize(
    "other",
    ["from app.x import f\n", "from .x import (\n    f,\n)\n", "import mock\nmock.patch('app.x.f')\n"],
    ids=["import", "relative", "patch"],
)
def test_a_name_that_others_take_from_here_is_kept(other: str) -> None:
    files = {"app/other.py": other}
    assert rewrite("from old.mod import f\nf()\n", DROP_IN, files=files).text == "from new.mod import g as f\nf()\n"


def test_a_star_import_stays_and_the_successor_comes_behind_it() -> None:
    files = {"old/mod.py": "def f(): ...\n"}
    after = "from old.mod import *\nfrom new.mod import g\ng()\n"
    assert rewrite("from old.mod import *\nf()\n", DROP_IN, files=files).text == after


@pytest.mark.parametrize("statement", ["old.mod.f = 1\n", "del old.mod.f\n", "for old.mod.f in x: ...\n"])
def test_a_name_that_is_assigned_is_offered_for_review(statement: str) -> None:
    before = f"import old.mod\n{statement}"
    done = rewrite(before, DROP_IN)
    assert done.text == before
    assert "assigned" in done.codes
    assert rewrite(before, DROP_IN, unsafe=True).text == before.replace("old.mod.f", "new.mod.g").replace("old", "new")


def test_what_tools_are_told_of_a_name_goes_with_it() -> None:
    before = "from old.mod import (\n    k,\n    f,  # noqa: F401\n)\nf(k)\n"
    after = "from old.mod import (\n    k,\n)\nfrom new.mod import g  # noqa: F401\ng(k)\n"
    assert rewrite(before, DROP_IN).text == after


def test_a_patched_name_is_offered_for_review() -> None:
    before = "from unittest.mock import patch\npatch('old.mod.f')\n"
    assert rewrite(before, DROP_IN).text == before
    assert rewrite(before, DROP_IN, unsafe=True).text == before.replace("old.mod.f", "new.mod.g")


def test_an_import_is_no_drop_in_where_a_rule_speaks_of_the_name_itself() -> None:
    """Who takes the name from here, and is told to change it by hand, would get the successor unseen."""
    rules = (
        Rewrite(match="$deprecated($x)", replace="$canonical($x, kind=float)", applicability=SAFE),
        Rewrite(match="$deprecated", message="by hand"),
    )
    source = "from old.mod import f\n__all__ = ['f']\n"
    assert rewrite(source, replace(DROP_IN, rewrites=rules)).text == source
    assert rewrite(source, replace(DROP_IN, rewrites=rules[:1])).text.startswith("from new.mod import g as f\n")


def test_the_name_of_a_patched_member_goes_with_the_module_that_is_spelled_again() -> None:
    source = (
        "import old\nfrom unittest import mock\n\n\n"
        "def go():\n    with mock.patch.object(old.mod, 'f'):\n        pass\n\n\nold.k()\n"
    )
    found = rewrite(source, module("old.mod", "new.mod"), unsafe=True)
    assert "mock.patch.object(new.mod, 'f')" in found.text
    assert [each.applicability for each in found.findings] == [Applicability.UNSAFE] * 2
    found = rewrite(source, module("old.mod", "new.mod"))
    assert found.text == source
