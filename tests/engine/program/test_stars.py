"""Names that come through star imports, and star imports of modules that move."""

import pytest

from tests.engine.rewrite.tools import drop_in, module, pattern, rewrite

FILES = {
    "lib.py": "def f(): ...\ndef g(): ...\n",
    "more.py": "def f(): ...\n",
    "face.py": "from lib import f\n",
    "other.py": "x = 1\n",
}
RIVALS = {
    "a façade of the same": ("from lib import *\nfrom face import *\nf()\n", True),
    "the façade first": ("from face import *\nfrom lib import *\nf()\n", True),
    "a module without it": ("from lib import *\nfrom other import *\nf()\n", True),
    "an unknown module above": ("from unknown import *\nfrom lib import *\nf()\n", True),
    "another's above": ("from more import *\nfrom face import *\nf()\n", True),
    "another's below": ("from lib import *\nfrom more import *\nf()\n", False),
    "an unknown module below": ("from lib import *\nfrom unknown import *\nf()\n", False),
    "an unknown one in between": ("from lib import *\nfrom unknown import *\nfrom face import *\nf()\n", True),
}


@pytest.mark.parametrize(("source", "changed"), RIVALS.values(), ids=RIVALS)
def test_the_last_star_that_brings_the_name_wins(source: str, changed: bool) -> None:
    found = rewrite(source, drop_in("lib.f", "lib.g"), path="x.py", files=FILES)
    assert found.text.endswith("\ng()\n") is changed
    assert (found.text == source) is not changed


OLD, NEW = "def p(): ...\ndef q(): ...\ndef _r(): ...\n", "def p(): ...\ndef s(): ...\n"
MOVED = {
    "a name that both have": ("from depot.a import *\np()\n", "", True),
    "a name that the new one lacks": ("from depot.a import *\nq()\n", "", False),
    "such a name in a function": ("from depot.a import *\ndef f(): return q\n", "", False),
    "such a name in __all__": ("from depot.a import *\n__all__ = ['q']\n", "", False),
    "a name of both in __all__": ("from depot.a import *\n__all__ = ['p']\n", "", True),
    "such a name, which another file takes": ("from depot.a import *\n", "from app.x import q\n", False),
    "a name of both, which another file takes": ("from depot.a import *\n", "from app.x import p\n", True),
    "a name that no star brings": ("from depot.a import *\n_r = 1\n_r\n", "", True),
    "a name that would come unasked": ("s = 1\nfrom depot.a import *\np(s)\n", "", False),
    "a name that would come unasked, in __all__": ("from depot.a import *\n__all__ = ['p', 's']\n", "", False),
    "nothing": ("from depot.a import *\n", "", True),
}


@pytest.mark.parametrize(("source", "other", "changed"), MOVED.values(), ids=MOVED)
def test_a_star_moves_where_nothing_is_lost_and_nothing_comes_unasked(source: str, other: str, changed: bool) -> None:
    files = {"depot/__init__.py": "", "depot/a.py": OLD, "depot/b.py": NEW, "y.py": other}
    found = rewrite(source, module("depot.a", "depot.b"), files=files)
    assert found.text == (source.replace("depot.a", "depot.b") if changed else source)
    assert (found.codes[0] is None) is changed


LOCAL = {
    "beside it": ("def g(x): ...\nf(1)\n", "def g(x): ...\ng(1)\n"),
    "in another function": ("def g(x): ...\ndef a():\n    f(1)\n", "def g(x): ...\ndef a():\n    g(1)\n"),
    "in the successor": ("def g(x):\n    f(1)\n", "defines-successor"),
    "in a method of the successor": ("class g:\n    def m(self): f(1)\n", "defines-successor"),
    "under a parameter of its name": ("def g(x): ...\ndef a(g): f(1)\n", "name-taken"),
    "under a variable of its name": ("def g(x): ...\ndef a():\n    g = 1\n    f(g)\n", "name-taken"),
    "where it is not there": ("f(1)\n", "successor-missing"),
}


@pytest.mark.parametrize(("body", "expected"), LOCAL.values(), ids=LOCAL)
def test_a_usage_in_the_successor_s_own_module(body: str, expected: str) -> None:
    source = f"from old.mod import f\n{body}"
    found = rewrite(source, pattern("$deprecated($x)", "$canonical($x)"), path="new/mod.py")
    assert found.text == (expected if "\n" in expected else source)
    assert expected in found.codes or set(found.codes) == {None}
