"""Cases that have bitten well-known tools, each with the exact bytes; most are tried again among the renames."""

from dataclasses import dataclass, field

import pytest

from bot.domain.finding import Scanned
from bot.domain.migration import Migration
from bot.engine.program.index import Index
from bot.engine.rewrite import apply_fixes
from bot.engine.scan import scan_file
from tests.engine.rewrite.tools import DROP_IN, PATH, drop_in, factory, module, pattern, rewrite


@dataclass(frozen=True, kw_only=True)
class Case:
    """One file, before and after; the same text is a case in which nothing may happen."""

    id: str
    before: str
    after: str
    migration: Migration = DROP_IN
    files: dict[str, str] = field(default_factory=dict)
    path: str = PATH


LINES = """
alias dropped or duplicated onto a sibling · alias differs per file · a local or parameter of the same name renamed ·
an attribute with the same leaf renamed · keyword-argument label renamed · object with its module's name ·
nesting depth changes · import rewritten, uses in functions left · still-used import deleted ·
re-export lost through `__all__` or `__init__` · string annotations · `Literal["in"]` parsed as code ·
import inserted after its use or among `__future__` · duplicate import · TYPE_CHECKING import reused at runtime ·
lazy import hoisted into a cycle · comment or `noqa` lost with an import · new name shadowed ·
relative import unresolved · `deco()(x)` matched as `deco` · stray commas around `$*args` ·
nested matches: only the outer rewritten · multi-line captures re-indented · f-strings · not idempotent ·
CRLF rewritten · imports leaking from one file into the next
"""
"""The known hard cases; the ids of the cases below begin with them."""

CASES = [
    Case(
        id="alias dropped or duplicated onto a sibling",
        before="from old.mod import f as a, k as b\na(b)\n",
        after="from old.mod import k as b\nfrom new.mod import g as a\na(b)\n",
    ),
    Case(
        id="alias differs per file: and per scope",
        before="from old.mod import f as a\ndef b():\n    from old.mod import f as c\n    return c(a)\n",
        after="from new.mod import g as a\ndef b():\n    from new.mod import g as c\n    return c(a)\n",
    ),
    Case(
        id="a local or parameter of the same name renamed",
        before="from old.mod import f\ndef a(f, *, k=f):\n    f = f or k\n    return f\n",
        after="from new.mod import g\ndef a(f, *, k=g):\n    f = f or k\n    return f\n",
    ),
    Case(
        id="an attribute with the same leaf renamed",
        before="from old.mod import f\nf.f.f()\nx.f = f\n",
        after="from new.mod import g\ng.f.f()\nx.f = g\n",
    ),
    Case(
        id="keyword-argument label renamed",
        before="from old.mod import f\ncall(f=f, g=1)\n",
        after="from new.mod import g\ncall(f=g, g=1)\n",
    ),
    Case(
        id="object with its module's name",
        before="from mod import mod\nimport mod as m\nmod.x(m.y)\n",
        after="from lib import made\nimport mod as m\nmade.x(m.y)\n",
        migration=drop_in("mod.mod", "lib.made"),
    ),
    Case(
        id="nesting depth changes: grows",
        before="import old.pkg.sub\nold.pkg.sub.f(old.pkg.sub.k)\n",
        after="import a.b.c.sub\na.b.c.sub.f(a.b.c.sub.k)\n",
        migration=module("old.pkg", "a.b.c"),
    ),
    Case(
        id="nesting depth changes: shrinks",
        before="import a.b.c.sub\na.b.c.sub.f()\n",
        after="import new.sub\nnew.sub.f()\n",
        migration=module("a.b.c", "new"),
    ),
    Case(
        id="import rewritten, uses in functions left",
        before="from old.mod import f\nclass A:\n    async def m(self):\n        return [f() async for _ in f]\n",
        after="from new.mod import g\nclass A:\n    async def m(self):\n        return [g() async for _ in g]\n",
    ),
    Case(
        id="still-used import deleted",
        before="from old.mod import f\ndef a():\n    x = f()\ndef b():\n    return f()\n",
        after="from old.mod import f\ndef a():\n    pass\ndef b():\n    return f()\n",
        migration=factory(),
    ),
    Case(
        id="re-export lost through `__all__` or `__init__`: listed, and left",
        before="from old.mod import f\n__all__ = ['f']\n",
        after="from old.mod import f\n__all__ = ['f']\n",
        migration=factory(),
    ),
    Case(
        id="string annotations",
        before="from old.mod import f\ndef a(x: 'dict[str, f]' = None) -> \"f | None\": ...\n",
        after="from new.mod import g\ndef a(x: 'dict[str, g]' = None) -> \"g | None\": ...\n",
    ),
    Case(
        id='`Literal["in"]` parsed as code',
        before="from typing import Literal\nfrom old.mod import f\nx: Literal['in', 'f'] = f\n",
        after="from typing import Literal\nfrom new.mod import g\nx: Literal['in', 'f'] = g\n",
    ),
    Case(
        id="import inserted after its use or among `__future__`",
        before='"""Doc."""\n\nfrom __future__ import annotations\nimport old.mod as m\n\nm.f(m.k)\n',
        after='"""Doc."""\n\nfrom __future__ import annotations\n'
        "import old.mod as m\nfrom new.mod import g\n\ng(m.k)\n",
    ),
    Case(
        id="duplicate import",
        before="from new.mod import g\nfrom old.mod import f\nf(g)\n",
        after="from new.mod import g\ng(g)\n",
    ),
    Case(
        id="TYPE_CHECKING import reused at runtime",
        before="import typing\nif typing.TYPE_CHECKING:\n    from new.mod import G\n"
        "def a():\n    from old.mod import f\n    return f() is None\n",
        after="import typing\nif typing.TYPE_CHECKING:\n    from new.mod import G\n"
        "def a():\n    from new.mod import G\n    return G is None\n",
        migration=factory(),
    ),
    Case(
        id="lazy import hoisted into a cycle",
        before="def a():\n    from old.mod import f\n    return f() is None\n",
        after="def a():\n    from new.mod import G\n    return G is None\n",
        migration=factory(),
    ),
    Case(
        id="comment or `noqa` lost with an import",
        before="import sys\nfrom old.mod import f  # noqa: E402\nf()\n",
        after="import sys\nfrom new.mod import g  # noqa: E402\ng()\n",
    ),
    Case(
        id="new name shadowed",
        before="from old.mod import f\ndef a(G):\n    return f() is None, G\n",
        after="from new.mod import G as CanonicalG\ndef a(G):\n    return CanonicalG is None, G\n",
        migration=factory(),
    ),
    Case(
        id="relative import unresolved",
        before="from .mod import f\nf()\n",
        after="from .fresh import g\ng()\n",
        migration=drop_in("app.mod.f", "app.fresh.g"),
    ),
    Case(
        id="`deco()(x)` matched as `deco`",
        before="from old.mod import f\nf()(1)\n",
        after="from old.mod import f\nf()(1)\n",
        migration=pattern("$deprecated($x)", "$canonical($x)"),
    ),
    Case(
        id="stray commas around `$*args`",
        before="from old.mod import f\nf()\nf(1)\nf(*a, k=1)\n",
        after="from new.mod import g\ng(x=0)\ng(1, x=0)\ng(*a, x=0, k=1)\n",
        migration=pattern("$deprecated($*args, $**kwargs)", "$canonical($*args, x=0, $**kwargs)"),
    ),
    Case(
        id="nested matches: only the outer rewritten",
        before="from old.mod import f\nf(f(1)[f(2)])\n",
        after="from new.mod import g\ng(v=g(v=1)[g(v=2)])\n",
        migration=pattern("$deprecated($x)", "$canonical(v=$x)"),
    ),
    Case(
        id="multi-line captures re-indented",
        before="from old.mod import f\nif 1:\n    f([\n  1,\n           2,  # two\n    ], '''\n x\n''')\n",
        after="from new.mod import g\nif 1:\n    g('''\n x\n''', [\n  1,\n           2,  # two\n    ])\n",
        migration=pattern("$deprecated($x, $y)", "$canonical($y, $x)"),
    ),
    Case(
        id="f-strings",
        before="from old.mod import f\nx = f'f {f!r:{f}} {{f}}'\n",
        after="from new.mod import g\nx = f'f {g!r:{g}} {{f}}'\n",
    ),
    Case(
        id="imports leaking from one file into the next: nor from a comment",
        before="g = 1\n# from old.mod import f\n",
        after="g = 1\n# from old.mod import f\n",
    ),
    Case(
        id="alias dropped or duplicated onto a sibling: on lines of their own",
        before="from old.mod import (\n    f,  # the f\n    # about k\n    k,\n)\nf(k)\n",
        after="from old.mod import (\n    # about k\n    k,\n)\nfrom new.mod import g\ng(k)\n",
    ),
    Case(
        id="re-export lost through `__all__` or `__init__`: listed, and moved",
        before="from old.mod import f\n__all__ = ['a']\n__all__ += ['f']\n",
        after="from new.mod import g as f\n__all__ = ['a']\n__all__ += ['f']\n",
    ),
    Case(
        id="re-export lost through `__all__` or `__init__`: of a package, by nothing but the import",
        before="from old.mod import f\n",
        after="from new.mod import g as f\n",
        path="app/__init__.py",
    ),
    Case(
        id="new name shadowed: by a star below that brings it",
        before="from old.mod import f\nfrom app.names import *\nf()\n",
        after="from new.mod import g as f\nfrom app.names import *\nf()\n",
        files={"app/names.py": "g = 1\n"},
    ),
    Case(
        id="new name shadowed: by a star below that may bring it",
        before="import old.mod as m\nfrom elsewhere import *\nm.f(m.k)\n",
        after="import old.mod as m\nfrom new.mod import g as canonical_g\nfrom elsewhere import *\ncanonical_g(m.k)\n",
    ),
    Case(
        id="new name shadowed: an import of it that a star below may hide is not used again",
        before="from new.mod import g\nfrom elsewhere import *\nfrom old.mod import f\nf()\n",
        after="from new.mod import g\nfrom elsewhere import *\nfrom new.mod import g as f\nf()\n",
    ),
    Case(
        id="new name shadowed: what a star brings for others stays",
        before="from app.names import *\nfrom old.mod import f\nf()\n",
        after="from app.names import *\nfrom new.mod import g as f\nf()\n",
        files={"app/names.py": "g = 1\n", "app/user.py": "from app.x import g\n"},
    ),
    Case(
        id="new name shadowed: a star that lacks it hides nothing",
        before="from old.mod import f\nfrom app.names import *\nf()\n",
        after="from new.mod import g\nfrom app.names import *\ng()\n",
        files={"app/names.py": "h = 1\n"},
    ),
    Case(
        id="f-strings: one that shows the name",
        before="from old.mod import f\nx = f'é {f(1) = !r}' + f'{f:=^3}'\n",
        after="from new.mod import g as f\nx = f'é {f(1) = !r}' + f'{f:=^3}'\n",
    ),
    Case(
        id="f-strings: an equals sign that shows nothing",
        before="from old.mod import f\nx = f'{f == 1}', f'{f:=>3}', f'={f}', f'{h(k=f)}'\n",
        after="from new.mod import g\nx = f'{g == 1}', f'{g:=>3}', f'={g}', f'{h(k=g)}'\n",
    ),
    Case(
        id="not idempotent: the successor is there twice, and once more after a second usage",
        before="from old.mod import f\nf(1)\n",
        after="from new.mod import g\ng(g(1))\n",
        migration=pattern("$deprecated($x)", "$canonical($canonical($x))"),
    ),
    Case(
        id="CRLF rewritten: mixed line ends stay as they are",
        before="import os\r\nfrom old.mod import f\n\r\nf(\r\n  'a',\n)\r\n",
        after="import os\r\nfrom new.mod import g\n\r\ng(\r\n  'a',\n)\r\n",
    ),
    Case(
        id="imports leaking from one file into the next",
        before="from app.next import g\nfrom old.mod import f\ng(f)\n",
        after="from app.next import g\nfrom new.mod import g as f\ng(f)\n",
        files={"app/next.py": "from new.mod import g as h\ng = 1\n"},
    ),
    Case(
        id="half a migration",
        before="from old.mod import f\ndef a(c):\n    x = f()\n    x.make(c)\n    return x.stats\n",
        after="from old.mod import f\ndef a(c):\n    x = f()\n    x.make(c)\n    return x.stats\n",
        migration=factory(),
    ),
    Case(
        id="a response key renamed",
        before="from old.mod import f\ndef a():\n    f_ = f()\n    return {'f': f_ is not None, 'f_': 'f'}\n",
        after="from new.mod import G\ndef a():\n    f_ = G\n    return {'f': f_ is not None, 'f_': 'f'}\n",
        migration=factory(),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
@pytest.mark.parametrize("windows", [False, True], ids=["lf", "crlf"])
def test_hard_case(case: Case, windows: bool) -> None:
    mixed = "\r\n" in case.before
    before, after = (
        text.replace("\n", "\r\n") if windows and not mixed else text for text in (case.before, case.after)
    )
    assert rewrite(before, case.migration, files=case.files, path=case.path).text == after


@pytest.mark.parametrize("line", [" ".join(line.split()) for line in LINES.split("·")])
def test_every_known_hard_case_is_tried(line: str) -> None:
    assert any(case.id == line or case.id.startswith(f"{line}: ") for case in CASES)


def test_imports_do_not_leak_from_one_file_into_the_next() -> None:
    """Three files with one index: what one imports, by whatever name, is nothing to the others, in any order."""
    files = {
        "app/a.py": b"from new.mod import g as q\nfrom old.mod import f as h\nh()\n",
        "app/b.py": b"def h(g):\n    import old.mod\n    return old.mod.f(g)\n",
        "app/c.py": b"from old.mod import f\nf()\n",
    }
    expected = {
        "app/a.py": b"from new.mod import g as q\nfrom new.mod import g as h\nh()\n",
        "app/b.py": b"def h(g):\n    import new.mod\n    return new.mod.g(g)\n",
        "app/c.py": b"from new.mod import g\ng()\n",
    }
    index = Index.build(files.items())
    for order in (list(files), list(reversed(files))):
        for path in order:
            found = scan_file(files[path], path, [DROP_IN], index)
            assert isinstance(found, Scanned)
            assert apply_fixes(files[path], found.findings) == expected[path]


def test_a_file_that_is_not_utf_8_is_explained_and_not_edited() -> None:
    source = "# coding: latin-1\nfrom old.mod import f\nf('é')\n".encode("latin-1")
    found = rewrite(source, DROP_IN)
    assert found.after == source
    assert set(found.codes) == {"encoding"}


def test_wide_characters_before_an_edit() -> None:
    assert rewrite("from old.mod import f\nx = 'é€😀'; f('é')\n", DROP_IN).text.endswith("x = 'é€😀'; g('é')\n")


def test_nothing_is_ever_none_for_the_factory() -> None:
    bodies = [
        "x = f()\n    return x",
        "return f",
        "self.x = f()",
        "x = f() or 1",
        "return f() is f()",
        "x: object = f()",
    ]
    for body in bodies:
        found = rewrite(f"from old.mod import f\ndef a(self):\n    {body}\n", factory(), path=PATH, unsafe=True)
        assert "None" not in found.text
