"""One plan of a file's imports: each comes once, into what is there, and nothing takes a name that is taken."""

from collections.abc import Sequence

import pytest

from bot.domain.migration import Migration, Target, TargetKind
from tests.engine.rewrite.tools import DROP_IN, drop_in, module, pattern, rewrite

S, M = TargetKind.SYMBOL, TargetKind.MODULE


def several(*pairs: tuple[str, str], kinds: Sequence[TargetKind] = ()) -> Migration:
    """A migration with several names, all dropped in."""
    sorts = kinds or [S] * len(pairs)
    targets = (Target(name=old, canonical=new, kind=kind) for (old, new), kind in zip(pairs, sorts, strict=True))
    return Migration(name="m", drop_in=True, targets=tuple(targets))


ONE_SUCCESSOR = several(("lib.a.load", "lib.d.get"), ("lib.c.fetch", "lib.d.get"))
ONE_NAME = several(("lib.a.load", "lib.b.get"), ("lib.c.fetch", "lib.d.get"))
MEMBERS = several(("lib.consts.A", "lib.consts.C.A"), ("lib.more.B", "lib.consts.C.B"))
NESTED = several(("old.mod", "new.mod"), ("old.mod.f", "other.g"), kinds=[M, S])
PACKAGES = several(("old", "new"), ("old.mod", "newer.mod"), kinds=[M, M])
TIME = pattern("$deprecated($x)", "time.sleep($x)", "time")

ONE_STATEMENT = several(("lib.load", "lib.d.get"), ("lib.a.fetch", "lib.d.get"))
SAME_MODULE = several(("lib.a.load", "lib.d.get"), ("lib.a.fetch", "lib.d.get"))

ONCE = [
    pytest.param(
        ONE_STATEMENT,
        "from lib import a, load\nload(a.fetch(a.k))\n",
        "from lib import a\nfrom lib.d import get\nget(get(a.k))\n",
        id="a name of a statement and one beside it",
    ),
    pytest.param(
        SAME_MODULE,
        "from lib.a import load, fetch\nload(fetch(1))\n",
        "from lib.d import get\nget(get(1))\n",
        id="two names of a statement",
    ),
    pytest.param(
        SAME_MODULE,
        "from lib.a import load, fetch, k\nload(fetch(k))\n",
        "from lib.a import k\nfrom lib.d import get\nget(get(k))\n",
        id="two names of a statement, a third stays",
    ),
    pytest.param(
        SAME_MODULE,
        "import lib.a as a\na.load(a.fetch(a.k))\n",
        "import lib.a as a\nfrom lib.d import get\nget(get(a.k))\n",
        id="two beside a statement",
    ),
    pytest.param(
        ONE_SUCCESSOR,
        "from lib.a import load, k\nfrom lib.c import fetch, j\nload(fetch(k, j))\n",
        "from lib.a import k\nfrom lib.d import get\nfrom lib.c import j\nget(get(k, j))\n",
        id="two statements with one successor",
    ),
    pytest.param(
        ONE_SUCCESSOR,
        "from lib.a import load\nfrom lib.c import fetch\nload(fetch())\n",
        "from lib.d import get\nget(get())\n",
        id="two statements with one successor, and nothing else",
    ),
    pytest.param(
        ONE_SUCCESSOR,
        "from lib.a import load as l\nfrom lib.c import fetch\nl(fetch())\n",
        "from lib.d import get as l\nfrom lib.d import get\nl(get())\n",
        id="an alias is another name",
    ),
    pytest.param(
        ONE_SUCCESSOR,
        "def a():\n    from lib.a import load\n    load()\ndef b():\n    from lib.c import fetch\n    fetch()\n",
        "def a():\n    from lib.d import get\n    get()\ndef b():\n    from lib.d import get\n    get()\n",
        id="once a block",
    ),
    pytest.param(
        ONE_NAME,
        "from lib.a import load, k\nfrom lib.c import fetch, j\nload(fetch(k, j))\n",
        "from lib.a import k\nfrom lib.b import get\nfrom lib.c import j\nfrom lib.d import get as fetch\n"
        "get(fetch(k, j))\n",
        id="two successors of one name",
    ),
    pytest.param(
        MEMBERS,
        "from lib.consts import A, K\nfrom lib.more import B, J\nA, B, K, J\n",
        "from lib.consts import C, K\nfrom lib.more import J\nC.A, C.B, K, J\n",
        id="members of one class",
    ),
    pytest.param(
        TIME,
        "from old.mod import f\nfrom old.mod import f as h\nf(1)\nh(2)\nf\n",
        "from old.mod import f\nimport time\ntime.sleep(1)\ntime.sleep(2)\nf\n",
        id="a module for two rewrites",
    ),
]

REUSED = [
    pytest.param(
        DROP_IN,
        "from old.mod import f\nfrom new.mod import g as h\nf(h)\n",
        "from new.mod import g as h\nh(h)\n",
        id="another alias",
    ),
    pytest.param(
        DROP_IN,
        "import new.mod as n\nimport old.mod as o\no.f(n)\n",
        "import new.mod as n\nn.g(n)\n",
        id="through a module",
    ),
    pytest.param(
        MEMBERS,
        "import lib.consts as c\nc.A, c.K\n",
        "import lib.consts as c\nc.C.A, c.K\n",
        id="the class, through its module",
    ),
    pytest.param(
        several(("lib.more.B", "lib.consts.C.B")),
        "from lib.consts import C\nfrom lib.more import B, J\nB, J, C.X\n",
        "from lib.consts import C\nfrom lib.more import J\nC.B, J, C.X\n",
        id="the class",
    ),
    pytest.param(
        TIME,
        "from old.mod import f\nimport time as t\nf(t)\n",
        "import time as t\nt.sleep(t)\n",
        id="a module under another name",
    ),
    pytest.param(
        TIME, "import time\nfrom old.mod import f\nf(time)\n", "import time\ntime.sleep(time)\n", id="a module"
    ),
]

MERGED = [
    pytest.param(
        "from old.mod import f, k\nfrom new.mod import z\nf(k, z)\n",
        "from old.mod import k\nfrom new.mod import z, g\ng(k, z)\n",
        id="into a line",
    ),
    pytest.param(
        "from new.mod import (\n    y,  # y\n    z,  # z\n)\nfrom old.mod import f\nf(z, y)\n",
        "from new.mod import (\n    y,  # y\n    z,  # z\n    g,\n)\ng(z, y)\n",
        id="into a list of lines",
    ),
    pytest.param(
        "from old.mod import f, k\nf(k)\nfrom new.mod import z\nf(z)\n",
        "from old.mod import k\nfrom new.mod import g\ng(k)\nfrom new.mod import z\ng(z)\n",
        id="not into one below a usage",
    ),
    pytest.param(
        "try:\n    from new.mod import z\nfinally:\n    a = 1\nfrom old.mod import f\nf(z)\n",
        "try:\n    from new.mod import z\nfinally:\n    a = 1\nfrom new.mod import g\ng(z)\n",
        id="not into another block",
    ),
    pytest.param(
        "from new.mod import *\nfrom old.mod import f\nf()\n",
        "from new.mod import *\nfrom new.mod import g\ng()\n",
        id="not into a star",
    ),
    pytest.param(
        "from new.mod import z\ndef a():\n    from old.mod import f\n    f(z)\n",
        "from new.mod import z\ndef a():\n    from new.mod import g\n    g(z)\n",
        id="a function keeps its own",
    ),
]

TAKEN = [
    pytest.param(
        "import old.mod\nnew = 1\nold.mod.f(old.mod.k)\n",
        "import old.mod\nfrom new.mod import g\nnew = 1\ng(old.mod.k)\n",
        id="the package's name: a from import",
    ),
    pytest.param(
        "import old.mod\nnew = g = 1\nold.mod.f()\n",
        "from new.mod import g as canonical_g\nnew = g = 1\ncanonical_g()\n",
        id="both names",
    ),
    pytest.param(
        "import new.other\nimport old.mod\nold.mod.f(old.mod.k, new.other)\n",
        "import new.other\nimport old.mod\nimport new.mod\nnew.mod.g(old.mod.k, new.other)\n",
        id="not by the successor's own package",
    ),
]

PRECEDENCE = [
    pytest.param(
        NESTED,
        "from old import mod\nmod.f(), mod.h()\n",
        "from new import mod\nfrom other import g\ng(), mod.h()\n",
        id="attribute",
    ),
    pytest.param(
        NESTED,
        "import old.mod as m\nm.f(), m.h()\n",
        "import new.mod as m\nfrom other import g\ng(), m.h()\n",
        id="alias",
    ),
    pytest.param(
        NESTED,
        "import old.mod\nold.mod.f(), old.mod.h()\n",
        "import new.mod\nimport other\nother.g(), new.mod.h()\n",
        id="dotted",
    ),
    pytest.param(
        NESTED,
        "from old.mod import f as q, h\nq(h)\n",
        "from other import g as q\nfrom new.mod import h\nq(h)\n",
        id="from",
    ),
    pytest.param(
        PACKAGES,
        "import old.mod, old.sub\nold.mod.f(), old.sub.f()\n",
        "import newer.mod, new.sub\nnewer.mod.f(), new.sub.f()\n",
        id="packages",
    ),
    pytest.param(
        PACKAGES,
        "from old import mod, sub\nmod.f(sub.x)\n",
        "from newer import mod\nfrom new import sub\nmod.f(sub.x)\n",
        id="modules of packages",
    ),
]

MODULES = [
    pytest.param(
        module("pyd", "pyd.v1"),
        "import pyd\nimport pyd.fields\nfrom pyd import f\nfrom pyd.v1 import X\npyd.f(pyd.fields.Z, f, X)\n",
        "import pyd.v1\nimport pyd.v1.fields\nfrom pyd.v1 import X, f\npyd.v1.f(pyd.v1.fields.Z, f, X)\n",
        id="below itself",
    ),
    pytest.param(DROP_IN, "import old.mod\nimport old.mod\nold.mod.f()\n", "import new.mod\nnew.mod.g()\n", id="twice"),
    pytest.param(
        DROP_IN, "import old.mod as m\nimport old.mod as m\nm.f()\n", "import new.mod as m\nm.g()\n", id="twice, alias"
    ),
]

RELATIVE = [
    pytest.param("from .old import f as z\nz()\n", "from .new import g as z\nz()\n", id="a name"),
    pytest.param("from . import old as z\nz.f()\n", "from . import new as z\nz.g()\n", id="a module"),
    pytest.param("from . import old, k\nold.f(k)\n", "from . import new, k\nnew.g(k)\n", id="beside another module"),
]

NO_OPS = [
    pytest.param("from .requests import get\nget()\n", id="a name of a module of the package"),
    pytest.param("from . import requests\nrequests.get()\n", id="a module of the package"),
    pytest.param("from ..requests import get\nget()\n", id="above the package"),
]


@pytest.mark.parametrize(("migration", "before", "after"), [*ONCE, *REUSED, *PRECEDENCE, *MODULES])
def test_imports_are_planned_together(migration: Migration, before: str, after: str) -> None:
    done = rewrite(before, migration)
    assert done.text == after


@pytest.mark.parametrize(("before", "after"), [*MERGED, *TAKEN])
def test_an_import_has_its_place(before: str, after: str) -> None:
    assert rewrite(before, DROP_IN).text == after
    crlf = before.replace("\n", "\r\n").encode()
    assert rewrite(crlf, DROP_IN).after == after.replace("\n", "\r\n").encode()


@pytest.mark.parametrize(("before", "after"), RELATIVE)
def test_relative_imports_stay_relative(before: str, after: str) -> None:
    assert rewrite(before, drop_in("shop.old.f", "shop.new.g"), path="shop/orders.py").text == after


@pytest.mark.parametrize("before", NO_OPS)
def test_a_relative_import_is_never_of_the_top_level(before: str) -> None:
    migration = drop_in("requests.get", "requests.fetch")
    assert rewrite(before, migration, path="shop/orders.py").text == before
    assert rewrite(before, migration, path="shop/orders.py").findings == ()


DONE = [
    "from new.mod import g\ng()\n",
    "import new.mod\nnew.mod.g()\n",
    "from old.mod import k\nk()\n",
    "from old import other\nother.f()\n",
    "import old.other\nold.other.f()\n",
    "from older.mod import f\nf()\n",
    "f()\n",
]


@pytest.mark.parametrize("before", DONE)
def test_what_is_done_already_stays(before: str) -> None:
    assert rewrite(before, DROP_IN).text == before
