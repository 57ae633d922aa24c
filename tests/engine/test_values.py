"""Usages that no name leads to: what has it is in a variable, an attribute or a table, or a string says its name."""

import pytest

from bot.domain.migration import Migration, Target
from tests.engine.repository import scan
from tests.engine.rewrite.tools import rewrite

L = "from pkg import impl\n"
"""The module that has the name."""
T = "from pkg import impl, other\n"
"""And one that has another of the same name."""
G = "import operator\nfrom pkg import impl\n"
FOUND = {
    "a variable": (f"{L}def go():\n    m = impl\n    return m.old()\n", ["call:4"]),
    "a variable of the module": (f"{L}m = impl\ndef go(): return m.old\n", ["reference:3"]),
    "two variables": (f"{L}def go():\n    a = impl\n    b = a\n    return b.old()\n", ["call:5"]),
    "a package": ("import pkg\nimport pkg.impl\np = pkg\np.impl.old()\n", ["call:4"]),
    "a condition": (f"{T}def go(x):\n    m = other if x else impl\n    return m.old()\n", ["call:4"]),
    "a condition at once": (f"{T}def go(x): return (other if x else impl).old()\n", ["call:2"]),
    "or": (f"{L}def go(x): return (x or impl).old()\n", ["call:2"]),
    "branches": (
        f"{T}def go(x):\n    if x:\n        m = impl\n    else:\n        m = other\n    m.old()\n",
        ["call:7"],
    ),
    "a walrus": (f"{L}def go():\n    if m := impl: m.old()\n", ["call:3"]),
    "unpacked": (f"{T}a, b = impl, other\na.old()\nb.old()\n", ["call:3"]),
    "unpacked inside": (f"{T}a, (b, c) = other, (other, impl)\nb.old()\nc.old()\n", ["call:4"]),
    "assigned to": (f"{L}m = impl\nm.old = 1\n", ["reference:3"]),
    "a default": (f"{L}def go(m=impl): m.old()\n", ["call:2"]),
    "a default by keyword": (f"{L}def go(*, n=1, m=impl): m.old()\n", ["call:2"]),
    "a default of a lambda": (f"{L}go = lambda m=impl: m.old()\n", ["call:2"]),
    "a default of none": (f"{L}def go(m=None):\n    m = m or impl\n    m.old()\n", ["call:4"]),
    "an argument": (f"{L}def go(m): m.old()\ngo(impl)\n", ["call:2"]),
    "an argument by name": (f"{L}def go(a, m): m.old()\ngo(1, m=impl)\n", ["call:2"]),
    "an argument of a method": (
        f"{L}class C:\n    def go(self, m): m.old()\n    def run(self): self.go(impl)\n",
        ["call:3"],
    ),
    "an argument of a class": (
        f"{L}class C:\n    def __init__(self, m): self.m = m\n    def go(self): self.m.old()\nC(impl)\n",
        ["call:4"],
    ),
    "what a function returns": (f"{L}def mod():\n    return impl\nmod().old()\n", ["call:4"]),
    "what a method returns": (
        f"{L}class C:\n    def m(self): return impl\n    def go(self): self.m().old()\n",
        ["call:4"],
    ),
    "an attribute of a class": (
        f"{L}class C:\n    m = impl\n    def go(self): self.m.old()\nC.m.old()\nC().m.old()\n",
        ["call:4", "call:5", "call:6"],
    ),
    "an attribute of a class method": (
        f"{L}class C:\n    m = impl\n    @classmethod\n    def go(cls): cls.m.old()\n",
        ["call:5"],
    ),
    "an attribute of objects": (
        f"{L}class C:\n    def __init__(self): self.m = impl\n    def go(self): self.m.old()\n",
        ["call:4"],
    ),
    "an attribute of the class above": (
        f"{L}class B:\n    m = impl\nclass C(B):\n    def go(self): self.m.old()\n",
        ["call:5"],
    ),
    "an attribute of the class below": (
        f"{L}class B:\n    def go(self): self.m.old()\nclass C(B):\n    m = impl\n",
        ["call:3"],
    ),
    "a property": (
        f"{L}class C:\n    @property\n    def m(self): return impl\n    def go(self): self.m.old()\n",
        ["call:5"],
    ),
    "an attribute of a variable": (f"{L}app = make()\napp.m = impl\napp.m.old()\n", ["call:4"]),
    "a loop": (f"{T}for m in (other, impl):\n    m.old()\n", ["call:3"]),
    "a loop over a variable": (f"{T}ALL = [other, impl]\nfor m in ALL:\n    m.old()\n", ["call:4"]),
    "a loop over what was added": (f"{L}ALL = []\nALL.append(impl)\nfor m in ALL: m.old()\n", ["call:4"]),
    "a loop with numbers": (f"{T}for n, m in enumerate([other, impl]): m.old()\n", ["call:2"]),
    "two loops at once": (f"{T}for n, m in zip('ab', [other, impl]): m.old()\n", ["call:2"]),
    "a comprehension": (f"{T}x = [m.old() for m in (other, impl)]\n", ["call:2"]),
    "a loop over values": (f"{L}D = {{'a': impl}}\nfor m in D.values(): m.old()\n", ["call:3"]),
    "a loop over items": (f"{L}D = {{'a': impl}}\nfor k, m in D.items(): m.old()\n", ["call:3"]),
    "a table": (f"{T}D = {{'a': impl, 'b': other}}\nD['a'].old()\nD['b'].old()\n", ["call:3"]),
    "a table at once": (f"{L}{{'a': impl}}['a'].old()\n", ["call:2"]),
    "any entry of a table": (f"{L}D = {{'a': impl}}\ndef go(k): D[k].old(), D.get(k).old()\n", ["call:3", "call:3"]),
    "an entry that was put into a table": (f"{L}D = {{}}\nD['a'] = impl\ndef go(k): D[k].old()\n", ["call:4"]),
    "a table by keywords": (f"{L}D = dict(a=impl)\nD['a'].old()\n", ["call:3"]),
    "a list": (f"{T}D = [other, impl]\nD[1].old()\nD[0].old()\n", ["call:3"]),
    "a name from a table": (f"{L}for n in ('old', 'new'):\n    getattr(impl, n)()\n", ["string-reference:2"]),
    "a name in a variable": (f"{L}N = 'old'\ngetattr(impl, N)()\n", ["string-reference:2"]),
    "a name of a value": (f"{L}m = impl\ngetattr(m, 'old')()\n", ["string-reference:3"]),
    "a name that is written": (f"{L}def go(mp):\n    m = impl\n    mp.setattr(m, 'old', 1)\n", ["string-reference:4"]),
    "vars": (f"{L}vars(impl)['old']()\n", ["string-reference:2"]),
    "the module's table": (f"{L}impl.__dict__['old'], impl.__dict__.get('old')\n", ["string-reference:2"] * 2),
    "the module's table in a variable": (f"{L}d = vars(impl)\nd['old']\n", ["string-reference:3"]),
    "asked by its method": (f"{L}impl.__getattribute__('old')()\n", ["string-reference:2"]),
    "a getter": (f"{G}operator.attrgetter('old')(impl)\n", ["string-reference:3"]),
    "a getter in a variable": (f"{G}g = operator.attrgetter('old')\ng(impl)\n", ["string-reference:3"]),
    "a getter for many": (f"{G}list(map(operator.attrgetter('old'), [impl]))\n", ["string-reference:3"]),
    "a caller": (f"{G}operator.methodcaller('old', 1)(impl)\n", ["string-reference:3"]),
    "a part": (f"import functools\n{L}functools.partial(getattr, impl, 'old')()\n", ["string-reference:3"]),
    "a getter of a getter": ("import pkg\nimport pkg.impl\ngetattr(pkg, 'impl').old()\n", ["call:3"]),
    "a lazy table": (
        "T = {'old': 'pkg.impl'}\ndef __getattr__(name): return get(T[name], name)\n",
        ["string-reference:1"],
    ),
    "a lazy table of pairs": ("T = {'x': ('.impl', 'old')}\ndef __getattr__(name): ...\n", ["string-reference:1"]),
    "a lazy table of modules": ("T = {'impl': ['new', 'old']}\ndef __getattr__(name): ...\n", ["string-reference:1"]),
    "a lazy loader": (
        "import lazy_loader as l\nx = l.attach(__name__, submod_attrs={'impl': ['old']})\n",
        ["string-reference:2"],
    ),
}
NONE = {
    "another member": f"{L}m = impl\nm.new()\n",
    "an unknown object": f"{L}def go(x): return x.old(), impl.new()\n",
    "bound again": f"{T}m = impl\nm = other\nm.old()\n",
    "the other branch": f"{T}def go(m):\n    m = other\n    return m.old(), impl\n",
    "a parameter of the same name": f"{L}m = impl\ndef go(m): return m.old()\n",
    "a method of the same name": f"{L}class C:\n    m = impl\n    def old(self): ...\n    def go(self): self.old()\n",
    "another class": f"{L}class C:\n    m = impl\nclass D:\n    m = 1\n    def go(self): self.m.old()\n",
    "another variable's attribute": f"{L}a = make()\nb = make()\na.m = impl\nb.m.old()\n",
    "a static method": f"{L}class C:\n    m = impl\n    @staticmethod\n    def go(self): self.m.old()\n",
    "what it gives": f"{L}m = impl()\nm.old()\n",
    "what is in it": f"{L}for c in impl.ROWS: c.old()\n",
    "another entry": f"{T}D = {{'a': impl, 'b': other}}\nD['b'].old()\n",
    "another function's argument": f"{L}def go(m): m.old()\ndef ho(m): ...\nho(impl)\n",
    "a table of other things": f"{L}D = {{'old': 1}}\nD['old'], impl\n",
    "a getter of another module": f"{G}from pkg import other\noperator.attrgetter('old')(other), impl\n",
    "a getter of one's own": f"{L}def attrgetter(x): ...\nattrgetter('old')(impl)\n",
    "what a decorator may change": f"{L}@cached\ndef mod(): return impl\nmod().old()\n",
    "a table that is not lazy": "T = {'old': 'pkg.impl'}\n",
    "a lazy table of another": "T = {'old': 'pkg.other'}\ndef __getattr__(name): ...\n",
    "another part": f"{T}a, b = impl, other\nb.old()\n",
    "beside a star": f"{T}*a, b = impl, other\nb.old()\n",
}


@pytest.mark.parametrize(("source", "places"), FOUND.values(), ids=FOUND)
@pytest.mark.parametrize("known", [False, True], ids=["fetched", "known"])
def test_what_is_reached_through_a_value_is_found(source: str, places: list[str], known: bool) -> None:
    path = "pkg/__init__.py" if "lazy" in source or "__getattr__(name)" in source else "app.py"
    assert [f"{kind}:{line}" for kind, line, _ in scan(source, path, known=known).places] == places


@pytest.mark.parametrize("source", NONE.values(), ids=NONE)
def test_what_cannot_be_followed_is_not_invented(source: str) -> None:
    path = "pkg/__init__.py" if "__getattr__" in source else "app.py"
    assert scan(source, path).places == []


@pytest.mark.parametrize(("source", "places"), FOUND.values(), ids=FOUND)
def test_it_needs_a_person_and_says_through_what(source: str, places: list[str]) -> None:
    drop_in = Migration(name="m", targets=(Target(name="pkg.impl.old", canonical="pkg.impl.new"),), drop_in=True)
    if "__getattr__(name)" not in source and "lazy" not in source:
        done = rewrite(source, drop_in, path="app.py", files=FILES, unsafe=True)
        assert (done.text, set(done.codes)) == (source, {"through-value"})


FILES = {"pkg/__init__.py": "", "pkg/impl.py": "def old(): ...\ndef new(): ...\n", "pkg/other.py": "def old(): ...\n"}


@pytest.mark.parametrize(
    "package",
    [
        "T = {'old': 'pkg.impl'}\ndef __getattr__(name): ...\n",
        "T = {'old': '.impl'}\ndef __getattr__(name): ...\n",
        "T = {'old': ('impl', 'old')}\ndef __getattr__(name): ...\n",
        "T = {'impl': ('old',)}\ndef __getattr__(name): ...\n",
        "def __getattr__(name):\n    if name == 'old':\n        from pkg.impl import old\n        return old\n",
    ],
)
def test_a_name_that_comes_when_it_is_asked_for_is_followed(package: str) -> None:
    found = scan("from pkg import old\nimport pkg\npkg.old()\n", "app.py", files={"pkg/__init__.py": package})
    assert [f"{kind}:{line}" for kind, line, _ in found.places] == ["import:1", "call:3"]


def test_another_name_that_comes_when_it_is_asked_for_is_no_usage() -> None:
    package = "T = {'old': 'pkg.other'}\ndef __getattr__(name): ...\n"
    assert scan("from pkg import old\nold()\n", "app.py", files={"pkg/__init__.py": package}).places == []


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        pytest.param("m" + ".a" * 400 + ".old()\n", 0, id="a long chain"),
        pytest.param("m.old()\n" * 2000, 2000, id="one variable often"),
        pytest.param("D = {" + "'a': m, " * 3000 + "}\n" + "D[x].old()\n" * 20, 20, id="a long table"),
        pytest.param("def f(): return g()\ndef g(): return f()\n" + "f().old()\n" * 200, 0, id="calls in a circle"),
        pytest.param("m = m.m\nm.m.old()\n", 0, id="itself"),
    ],
)
def test_a_hostile_file_is_followed_to_an_end(rest: str, found: int) -> None:
    assert len(scan(f"{L}m = impl\n{rest}", "app.py", known=True).places) == found
