"""Usages in unusual places of the language: what becomes of each, to the byte; ``None``: nothing."""

import sys

import pytest

from tests.engine.rewrite.tools import DROP_IN, factory, pattern, rewrite

RENAMED: dict[str, tuple[str, str | None]] = {
    "an asynchronous comprehension": (
        "from old.mod import f\nasync def a():\n    return {k: await f(k) async for k in f() if f}\n",
        "from new.mod import g\nasync def a():\n    return {k: await g(k) async for k in g() if g}\n",
    ),
    "a class's own import": (
        "class A:\n    from old.mod import f\n    x = f()\n    def m(self):\n        return self.f(), f\n",
        "class A:\n    from new.mod import g as f\n    x = f()\n    def m(self):\n        return self.f(), f\n",
    ),
    "a class attribute of the name": (
        "from old.mod import f\nclass A:\n    f = f\n    def f2(self, f=f): return f\n",
        "from new.mod import g\nclass A:\n    f = g\n    def f2(self, f=f): return f\n",
    ),
    "decorators, bases and keywords of a class": (
        "from old.mod import f\n@f\n@f(1)\n@x.f\nclass A(f, metaclass=f):\n    @f\n    def f(self): return f\n",
        "from new.mod import g\n@g\n@g(1)\n@x.f\nclass A(g, metaclass=g):\n    @g\n    def f(self): return g\n",
    ),
    "an inner function of the name": (
        "from old.mod import f\ndef a():\n    def b():\n        def f(): pass\n        return f\n    return f, b\n",
        "from new.mod import g\ndef a():\n    def b():\n        def f(): pass\n        return f\n    return g, b\n",
    ),
    "a variable of an outer function": (
        "from old.mod import f\ndef a():\n    f = 1\n    def b():\n        nonlocal f\n        f = 2\n    return f\n",
        (
            "from new.mod import g as f\ndef a():\n    f = 1\n    def b():\n"
            "        nonlocal f\n        f = 2\n    return f\n"
        ),
    ),
    "a variable of a comprehension": (
        "from old.mod import f\nx = [f for f in f()]\ny = [f(f) for q in f]\n",
        "from new.mod import g\nx = [f for f in g()]\ny = [g(g) for q in g]\n",
    ),
    "an assignment expression to the name": (
        "from old.mod import f\nif (h := f(1)):\n    h()\nprint([f := 1])\n",
        "from new.mod import g as f\nif (h := f(1)):\n    h()\nprint([f := 1])\n",
    ),
    "an assignment expression of it": (
        "from old.mod import f\nif (h := f):\n    h(f(1))\n",
        "from new.mod import g\nif (h := g):\n    h(g(1))\n",
    ),
    "a match statement: class and value patterns": (
        (
            "from old.mod import f\nmatch f(1):\n    case f.K:\n        pass\n"
            "    case f(x=1):\n        pass\n    case {'f': q}: f(q)\n"
        ),
        (
            "from new.mod import g\nmatch g(1):\n    case g.K:\n        pass\n"
            "    case g(x=1):\n        pass\n    case {'f': q}: g(q)\n"
        ),
    ),
    "a match statement: a capture": (
        "from old.mod import f\ndef a(v):\n    match v:\n        case f: return f\n",
        "from new.mod import g\ndef a(v):\n    match v:\n        case f: return f\n",
    ),
    "a global statement": (
        "from old.mod import f\ndef a():\n    global f\n    return f()\n",
        "from new.mod import g as f\ndef a():\n    global f\n    return f()\n",
    ),
    "a global that is bound again": (
        "from old.mod import f\ndef a():\n    global f\n    f = None\ndef b(): return f()\n",
        "from new.mod import g as f\ndef a():\n    global f\n    f = None\ndef b(): return f()\n",
    ),
    "a name that is deleted": ("from old.mod import f\nf()\ndel f\n", "from new.mod import g as f\nf()\ndel f\n"),
    "an alias that is deleted": (
        "from old.mod import f\ndef a():\n    from old.mod import f as h\n    h()\n    del h\n",
        "from new.mod import g\ndef a():\n    from new.mod import g as h\n    h()\n    del h\n",
    ),
    "every part of a try": (
        "try:\n    from old.mod import f\nfinally:\n    pass\ntry: f()\nexcept f.E as f2: f2\nelse: f\nfinally: f()\n",
        "try:\n    from new.mod import g\nfinally:\n    pass\ntry: g()\nexcept g.E as f2: f2\nelse: g\nfinally: g()\n",
    ),
    "an import in one branch": (
        "import sys\nif sys.maxsize > 9:\n    from old.mod import f\nelse:\n    from older import f\nf()\n",
        "import sys\nif sys.maxsize > 9:\n    from new.mod import g as f\nelse:\n    from older import f\nf()\n",
    ),
    "an import with a fallback": (
        "try:\n    from old.mod import f\nexcept ImportError:\n    f = None\nif f: f()\n",
        "try:\n    from new.mod import g as f\nexcept ImportError:\n    f = None\nif f: f()\n",
    ),
    "an import with a definition as fallback": (
        "try:\n    from old.mod import f\nexcept ImportError:\n    def f(): pass\nf()\n",
        "try:\n    from new.mod import g as f\nexcept ImportError:\n    def f(): pass\nf()\n",
    ),
    "statements on one line": (
        "import os; from old.mod import f; f(); os.x\n",
        "import os; from new.mod import g; g(); os.x\n",
    ),
    "statements on one line, a sibling in the import": (
        "from old.mod import f, k; f(k); x = 1;\n",
        "from new.mod import g; from old.mod import k; g(k); x = 1;\n",
    ),
    "lines that are continued": (
        "from old.mod \\\n    import f, \\\n    k\nf \\\n  (k)\n",
        "from old.mod \\\n    import k\nfrom new.mod import g\ng \\\n  (k)\n",
    ),
    "a dotted name on continued lines": (
        "import old.mod\nold. \\\n mod. \\\n f(1)\nold.mod.k\n",
        "import old.mod\nimport new.mod\nnew.mod.g(1)\nold.mod.k\n",
    ),
    "form feeds": (
        "import os\n\ffrom old.mod import f\n\f\ndef a():\n\f    return f()\n",
        "import os\n\ffrom new.mod import g\n\f\ndef a():\n\f    return g()\n",
    ),
    "tabs": (
        "if 1:\n\tfrom old.mod import f\n\tdef a():\n\t\treturn f()\n",
        "if 1:\n\tfrom new.mod import g\n\tdef a():\n\t\treturn g()\n",
    ),
    "lambdas and their parameters": (
        "from old.mod import f\ng1 = lambda f=f: f\nh = lambda *f: f\nj = lambda: f\n",
        "from new.mod import g\ng1 = lambda f=g: f\nh = lambda *f: f\nj = lambda: g\n",
    ),
    "parameters of the name": (
        "from old.mod import f\ndef a(*f, **k): return f\ndef b(*, f): return f\nf(*f, **f)\n",
        "from new.mod import g\ndef a(*f, **k): return f\ndef b(*, f): return f\ng(*g, **g)\n",
    ),
    "with statements, also asynchronous": (
        "from old.mod import f\nwith f() as f2, x as y: f(f2)\nasync def a():\n    async with f() as z: pass\n",
        "from new.mod import g\nwith g() as f2, x as y: g(f2)\nasync def a():\n    async with g() as z: pass\n",
    ),
    "a loop's variable in a function": (
        "from old.mod import f\ndef a():\n    for f in x: f()\n",
        "from new.mod import g\ndef a():\n    for f in x: f()\n",
    ),
    "a body on the line of its if": ("if 1: from old.mod import f; f()\n", "if 1: from new.mod import g; g()\n"),
    "a body on one line with a docstring": (
        'def a():\n    """doc"""; from old.mod import f; return f()\n',
        'def a():\n    """doc"""; from new.mod import g; return g()\n',
    ),
    "a parameter of the successor's name": (
        "from old.mod import f\ndef a(g):\n    return f(g)\n",
        "from new.mod import g as f\ndef a(g):\n    return f(g)\n",
    ),
    "a comprehension's variable of the successor's name": (
        "from old.mod import f\nx = [f(g) for g in y]\n",
        "from new.mod import g as f\nx = [f(g) for g in y]\n",
    ),
    "a class attribute of the successor's name": (
        "from old.mod import f\nclass A:\n    g = 1\n    h = f(g)\n",
        "from new.mod import g as f\nclass A:\n    g = 1\n    h = f(g)\n",
    ),
    "a capture of the successor's name": (
        "from old.mod import f\ndef a(v):\n    match v:\n        case [*g]: return f(g)\n",
        "from new.mod import g as f\ndef a(v):\n    match v:\n        case [*g]: return f(g)\n",
    ),
    "an assignment expression to the successor's name": (
        "from old.mod import f\ndef a():\n    return [(g := f(x)) for x in y]\n",
        "from new.mod import g as f\ndef a():\n    return [(g := f(x)) for x in y]\n",
    ),
    "a handler's variable of the successor's name": (
        "from old.mod import f\ndef a():\n    try: f()\n    except E as g: pass\n",
        "from new.mod import g as f\ndef a():\n    try: f()\n    except E as g: pass\n",
    ),
    "a package of the successor's name, imported in a function": (
        "from old.mod import f\ndef a():\n    import g.h\n    return f(g)\n",
        "from new.mod import g as f\ndef a():\n    import g.h\n    return f(g)\n",
    ),
    "a global statement of the successor's name": (
        "from old.mod import f\ndef a():\n    global g\n    g = 1\nf()\n",
        "from new.mod import g as f\ndef a():\n    global g\n    g = 1\nf()\n",
    ),
    "a local of the successor's name that is deleted": (
        "from old.mod import f\ndef a():\n    g = 1\n    del g\n    return f()\n",
        "from new.mod import g as f\ndef a():\n    g = 1\n    del g\n    return f()\n",
    ),
    "subscripts and augmented assignments": (
        "from old.mod import f\nx[f:f(1)] = f\nx[f] += f\n",
        "from new.mod import g\nx[g:g(1)] = g\nx[g] += g\n",
    ),
    "unpacking": ("from old.mod import f\na, *b = f, *f\n", "from new.mod import g\na, *b = g, *g\n"),
    "generators": (
        "from old.mod import f\ndef a():\n    x = yield f\n    yield from f()\n",
        "from new.mod import g\ndef a():\n    x = yield g\n    yield from g()\n",
    ),
    "awaits": (
        "from old.mod import f\nasync def a():\n    return (await f()).f(await (f)())\n",
        "from new.mod import g\nasync def a():\n    return (await g()).f(await (g)())\n",
    ),
    "two names of it": ("from old.mod import f, f as h\nf(h)\n", "from new.mod import g, g as h\ng(h)\n"),
    "an import that stands twice": (
        "from old.mod import f\nfrom old.mod import f\nf()\n",
        "from new.mod import g as f\nfrom new.mod import g as f\nf()\n",
    ),
    "a class that binds a global": (
        "class A:\n    global f\n    from old.mod import f\nf()\n",
        "class A:\n    global f\n    from new.mod import g as f\nf()\n",
    ),
    "a class of the name that derives from it": (
        "from old.mod import f\nclass f(f): pass\nf()\n",
        "from new.mod import g as f\nclass f(f): pass\nf()\n",
    ),
    "annotations of all kinds": (
        "from old.mod import f\nx: f\ny: 'f' = 1\ndef a(z: f = f) -> 'f[int]': w: f = f(); return w\n",
        "from new.mod import g\nx: g\ny: 'g' = 1\ndef a(z: g = g) -> 'g[int]': w: g = g(); return w\n",
    ),
    "types in strings": (
        "from typing import cast\nfrom old.mod import f\nx = cast('f', y)\n",
        "from typing import cast\nfrom new.mod import g\nx = cast('g', y)\n",
    ),
    "bounds in strings": (
        "from typing import TypeVar\nfrom old.mod import f\nT = TypeVar('T', bound='f')\n",
        "from typing import TypeVar\nfrom new.mod import g\nT = TypeVar('T', bound='g')\n",
    ),
    "a type comment": (
        "from old.mod import f\nx = []  # type: list[f]\n",
        "from new.mod import g as f\nx = []  # type: list[f]\n",
    ),
    "a handler's variable that ends with it": (
        "from old.mod import f\ndef a():\n    try: pass\n    except E as f: return f\n    return f\n",
        None,
    ),
    "a local that is read before it is bound": ("from old.mod import f\ndef a():\n    f += 1\n", None),
}
if sys.version_info >= (3, 12):  # type parameters and type statements are no syntax before
    RENAMED |= {
        "a type statement": (
            "from old.mod import f\ntype A = f | list[f]\n",
            "from new.mod import g\ntype A = g | list[g]\n",
        ),
        "bounds and bases of a generic class": (
            "from old.mod import f\nclass C[T: f](f): x: T\n",
            "from new.mod import g\nclass C[T: g](g): x: T\n",
        ),
        "constraints of a generic function": (
            "from old.mod import f\ndef a[T: (f, int)](x: T) -> f: return f(x)\n",
            "from new.mod import g\ndef a[T: (g, int)](x: T) -> g: return g(x)\n",
        ),
        "a type parameter of the name": (
            "from old.mod import f\nclass C[f]:\n    def m(self, x: f): return f\ny = f\n",
            "from new.mod import g\nclass C[f]:\n    def m(self, x: f): return f\ny = g\n",
        ),
        "a type parameter of the successor's name": (
            "from old.mod import f\ntype L[g] = dict[g, f]\n",
            "from new.mod import g as f\ntype L[g] = dict[g, f]\n",
        ),
        "a type statement of the name": (
            "from old.mod import f\ntype f = int\nf()\n",
            "from new.mod import g as f\ntype f = int\nf()\n",
        ),
        "formatted strings in formatted strings": (
            "from old.mod import f\nx = f'{f'{f('a')}'}' f\"{f(\"b\")}\"\n",
            "from new.mod import g\nx = f'{f'{g('a')}'}' f\"{g(\"b\")}\"\n",
        ),
    }
FACTORY: dict[str, tuple[str, str | None]] = {
    "a finally that binds it again": (
        "from old.mod import f\ndef a():\n    try:\n        x = f()\n    finally:\n        x = None\n",
        None,
    ),
    "a local that is deleted": ("from old.mod import f\ndef a():\n    x = f()\n    del x\n", None),
    "a global": ("from old.mod import f\ndef a():\n    global x\n    x = f()\n", None),
    "a variable of an outer function": (
        (
            "from old.mod import f\ndef a():\n    x = 1\n    def b():\n"
            "        nonlocal x\n        x = f()\n    b()\n    return x\n"
        ),
        None,
    ),
    "a class attribute": ("from old.mod import f\nclass A:\n    x = f()\n", None),
    "the only statement of a method": (
        "from old.mod import f\nclass A:\n    def m(self):\n        x = f()\n",
        "class A:\n    def m(self):\n        pass\n",
    ),
    "an assignment expression": (
        "from old.mod import f\ndef a():\n    if (x := f()) is not None:\n        return 1\n",
        None,
    ),
    "the subject of a match": ("from old.mod import f\ndef a(v):\n    match f():\n        case None: return 1\n", None),
    "a match that binds it in two cases": (
        (
            "from old.mod import f\ndef a(v):\n    match v:\n        case 1:\n"
            "            x = f()\n        case _:\n            x = f()\n"
        ),
        None,
    ),
    "a statement before another on its line": (
        "from old.mod import f\ndef a(): x = f(); return 1\n",
        "def a(): return 1\n",
    ),
    "a body on one line": ("from old.mod import f\ndef a(): x = f()\n", "def a(): pass\n"),
    "statements on one line that bind it again": (
        "from old.mod import f\ndef a():\n    y = 1; x = f();\n    if y: x = f()\n    else: x = f(); y = 2\n",
        None,
    ),
    "a comprehension": (
        "from old.mod import f\ndef a():\n    return [f() is not None for _ in y]\n",
        "from new.mod import G\ndef a():\n    return [G is not None for _ in y]\n",
    ),
    "a lambda": ("from old.mod import f\nh = lambda: f() is None\n", "from new.mod import G\nh = lambda: G is None\n"),
    "a decorator": ("from old.mod import f\n@f()\ndef a(): pass\n", None),
    "an asynchronous with": (
        "from old.mod import f\nasync def a(c):\n    x = f()\n    async with y:\n        return await x.make(c)\n",
        "from new.mod import G\nasync def a(c):\n    async with y:\n        return G(context=c)\n",
    ),
    "a loop": (
        "from old.mod import f\nasync def a(c):\n    x = f()\n    for q in c:\n        await x.make(q)\n",
        "from new.mod import G\nasync def a(c):\n    for q in c:\n        G(context=q)\n",
    ),
    "a closure": (
        (
            "from old.mod import f\nasync def a(c):\n    x = f()\n"
            "    async def b():\n        await x.make(c)\n    return b\n"
        ),
        None,
    ),
    "tabs": (
        "def a():\n\tfrom old.mod import f\n\tx = f()\n\tif x is not None:\n\t\treturn 1\n",
        "def a():\n\tfrom new.mod import G\n\tx = G\n\tif x is not None:\n\t\treturn 1\n",
    ),
    "lines that are continued": (
        "from old.mod import f\ndef a():\n    x = \\\n        f()\n    return x \\\n        is not None\n",
        "from new.mod import G\ndef a():\n    x = \\\n        G\n    return x \\\n        is not None\n",
    ),
    "a chain of targets": ("from old.mod import f\ndef a():\n    x = y = f()\n", None),
    "an annotated local": ("from old.mod import f\ndef a():\n    x: object = f()\n", "def a():\n    pass\n"),
    "the only statement of a try": (
        "from old.mod import f\ndef a():\n    try:\n        f()\n    except E:\n        pass\n",
        "def a():\n    try:\n        pass\n    except E:\n        pass\n",
    ),
    "the only statement of an else": (
        "from old.mod import f\ndef a():\n    if q:\n        pass\n    else:\n        x = f()\n",
        "def a():\n    if q:\n        pass\n    else:\n        pass\n",
    ),
    "an import with a fallback": (
        (
            "try:\n    from old.mod import f\nexcept ImportError:\n"
            "    f = None\ndef a():\n    if f is None: return\n    x = f()\n"
        ),
        None,
    ),
    "the test of a loop": (
        "from old.mod import f\ndef a():\n    while f() is None:\n        pass\n",
        "from new.mod import G\ndef a():\n    while G is None:\n        pass\n",
    ),
    "a function with a docstring and nothing else": (
        'def a():\n    """doc"""\n    from old.mod import f\n    x = f()\n',
        'def a():\n    """doc"""\n',
    ),
    "comments around it": (
        "from old.mod import f\ndef a():\n    # why\n    x = f()  # noqa: F841\n    # more\n",
        "def a():\n    # why\n    pass  # noqa: F841\n    # more\n",
    ),
    "a generator": (
        "from old.mod import f\ndef a():\n    x = f()\n    yield x is not None\n",
        "from new.mod import G\ndef a():\n    x = G\n    yield x is not None\n",
    ),
    "a conditional expression": (
        "from old.mod import f\ndef a():\n    return 1 if f() else 2\n",
        "from new.mod import G\ndef a():\n    return 1 if G else 2\n",
    ),
}
PATTERN: dict[str, tuple[str, str | None]] = {
    "assignment expressions": (
        "from old.mod import f\nf(y := 1)\nf((y := 1))\n",
        "from new.mod import g\ng(v=(y := 1))\ng(v=(y := 1))\n",
    ),
    "a generator without brackets": (
        "from old.mod import f\nf(x for x in y)\n",
        "from new.mod import g\ng(v=(x for x in y))\n",
    ),
    "what it does not fit": ("from old.mod import f\nf(*a)\nf(**a)\nf(x=1)\nf(1, 2)\n", None),
    "yields": (
        "from old.mod import f\ndef a():\n    f((yield))\n    z = f((yield 1))\n",
        "from new.mod import g\ndef a():\n    g(v=(yield))\n    z = g(v=(yield 1))\n",
    ),
    "awaits in awaits": (
        "from old.mod import f\nasync def a():\n    await f(await f(1))\n",
        "from new.mod import g\nasync def a():\n    await g(v=await g(v=1))\n",
    ),
    "a lambda in its argument": (
        "from old.mod import f\nf(lambda: f(1))\n",
        "from new.mod import g\ng(v=lambda: g(v=1))\n",
    ),
    "a conditional in its argument": (
        "from old.mod import f\nf(1 if f(2) else 3)\n",
        "from new.mod import g\ng(v=1 if g(v=2) else 3)\n",
    ),
    "formatted strings": (
        "from old.mod import f\nx = f'{f(1)}'\ny = f'{f(\"a\")}'\nz = f\"{f('a')}\"\n",
        "from new.mod import g\nx = f'{g(v=1)}'\ny = f'{g(v=\"a\")}'\nz = f\"{g(v='a')}\"\n",
    ),
    "comments in the call": (
        "from old.mod import f\nf(  # c\n    1,  # d\n)\n",
        "from new.mod import g\ng(  # c\n    v=1,  # d\n)\n",
    ),
    "a decorator": ("from old.mod import f\n@f(1)\nclass A: pass\n", "from new.mod import g\n@g(v=1)\nclass A: pass\n"),
    "a continued line": ("from old.mod import f\nf \\\n (1)\n", "from new.mod import g\ng \\\n (v=1)\n"),
    "bases, keywords and annotations": (
        "from old.mod import f\nclass A(f(1), metaclass=f(2)):\n    x: f(3) = f(4)\n",
        "from new.mod import g\nclass A(g(v=1), metaclass=g(v=2)):\n    x: g(v=3) = g(v=4)\n",
    ),
    "a match statement: no pattern is a call": (
        "from old.mod import f\nmatch f(1):\n    case f(1): pass\n",
        "from old.mod import f\nfrom new.mod import g\nmatch g(v=1):\n    case f(1): pass\n",
    ),
    "a del statement": (
        "from old.mod import f\ndel f(1).x, f(2)[f(3)]\n",
        "from new.mod import g\ndel g(v=1).x, g(v=2)[g(v=3)]\n",
    ),
    "a global statement": (
        "from old.mod import f\ndef a():\n    global f\n    f(1)\n",
        "from new.mod import g\ndef a():\n    global f\n    g(v=1)\n",
    ),
}

MIGRATIONS = {"renamed": DROP_IN, "factory": factory(), "pattern": pattern("$deprecated($x)", "$canonical(v=$x)")}
CASES = [
    pytest.param(migration, before, after, id=f"{migration}: {name}")
    for migration, table in {"renamed": RENAMED, "factory": FACTORY, "pattern": PATTERN}.items()
    for name, (before, after) in table.items()
]


@pytest.mark.parametrize("windows", [False, True], ids=["lf", "crlf"])
@pytest.mark.parametrize(("migration", "before", "after"), CASES)
def test_an_unusual_place(migration: str, before: str, after: str | None, windows: bool) -> None:
    ends = "\r\n" if windows else "\n"
    found = rewrite(before.replace("\n", ends), MIGRATIONS[migration])
    assert found.text == (after or before).replace("\n", ends)
    assert after is not None or any(found.codes), "what is left is explained"
