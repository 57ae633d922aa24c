"""A safe migration changes nothing that a program prints: programs are run before and after it."""

import importlib
import importlib.abc
import importlib.util
import re
import sys
import types
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.domain.finding import Scanned
from bot.domain.migration import Migration, Target, TargetKind
from bot.engine.fix_file import migrate_file
from bot.engine.program.index import Index
from bot.engine.scan import scan_file
from bot.engine.source.names import module_paths

LIBRARY = {
    "lib/__init__.py": "",
    "lib/base.py": (
        "def new(*args, **labels):\n    return 'r', len(args), sorted(labels)\n"
        "class Item:\n    size = 3\n    def act(self, x=1):\n        return 'act', x\n"
    ),
    "lib/new.py": "from lib.base import new, Item\n",
    "lib/old.py": (
        "from lib.base import new as _new, Item as _Item\n__all__ = ['old', 'Thing', 'k']\n"
        "def old(*args, **labels):\n    return _new(*args, **labels)\nThing = _Item\nk = 5\n"
    ),
    "lib/moved.py": (
        "from lib.base import new as _new, Item as _Item\n__all__ = ['old', 'Thing', 'k']\n"
        "def old(*args, **labels):\n    return _new(*args, **labels)\nThing = _Item\nk = 5\n"
    ),
}
PACKAGES = [
    "",
    "",
    "from .old import old\n",
    "from .new import new\n",
    "from lib.new import *\n",
    "from . import old\n",
]
FACADES = [
    "from lib.old import old, Thing, k\n",
    "from lib.old import *\n",
    "from lib.old import old, Thing, k\n__all__ = ['old', 'Thing', 'k']\n",
    "import lib.old as m\nold = m.old\nThing = m.Thing\nk = m.k\n",
    "try:\n    from lib.old import old, Thing, k\nexcept ImportError:\n    old = Thing = k = None\n",
    "from lib.old import Thing, k\ndef old(*a, **b):\n    from lib.old import old as it\n    return it(*a, **b)\n",
    "from lib.old import old, Thing, k\ndef swap():\n    global old\n    old = None\n",
]
HEADS = {
    "from lib.old import old, Thing, k\n": ("old", "Thing", "k"),
    "from lib.old import (\n    old as o,  # why\n    Thing as new, k)\n": ("o", "new", "k"),
    "from lib.old import *\n": ("old", "Thing", "k"),
    "from app.face import *\n": ("old", "Thing", "k"),
    "from app.face import old, k, Thing as Item\n": ("old", "Item", "k"),
    "import lib.old\n": ("lib.old.old", "lib.old.Thing", "lib.old.k"),
    "import lib.old as new\n": ("new.old", "new.Thing", "new.k"),
    "from lib import old as m\n": ("m.old", "m.Thing", "m.k"),
    "import app.face as f\n": ("f.old", "f.Thing", "f.k"),
    "try:\n    from lib.old import old, Thing, k\nexcept ImportError:\n    old = None\n": ("old", "Thing", "k"),
    "if True:\n    from lib.old import old, Thing, k\n": ("old", "Thing", "k"),
    "from lib.old import old, Thing, k\nfrom lib.new import new\nT(new(1))\n": ("old", "Thing", "k"),
}
BEFORE = ["", "", "new = 7\n", "def new(x):\n    return x\n", "from lib.new import new\n", "lib = 3\n", "old = 4\n"]
BODIES = [
    "T(F(F(1), a=2), [F(new) for new in (3, 4)], {old: F(old) for old in (5,)})\n",
    "def p(new=6, f=F):\n    return F(new), f(), K\nT(p())\n",
    "def p(old):\n    return old\nT(p(old=F(1)))\n",
    "class P:\n    old = 1\n    new = F(old)\n    def m(self):\n        return F(self.new)\nT(P().m(), P.new)\n",
    "T(f'{F(1)}', f'{K=}', f'{F(2)=}')\n",
    "def p(v):\n    match v:\n        case C(size=new): return F(new)\n        case [new]: return new\nT(p(C()))\n",
    "def p():\n    new = 1\n    def q():\n        nonlocal new\n        return F(new)\n    return q()\nT(p())\n",
    "import typing\ndef p(x: 'C' = None): ...\nT(list(typing.get_type_hints(p).values()) == [C])\n",
    "class P(C):\n    def act(self, x=2):\n        return super().act(x), C.act(self)\nT(P().act(), C.size)\n",
    "@F\ndef p(): ...\nT(p, (lambda new: F(new))(1), (lambda x=K: x)())\n",
    "def p():\n    try:\n        return F(1)\n    finally:\n        T(K)\nT(p())\n",
    "if (w := F(1)):\n    T(w)\n",
    "def p():\n    yield F(1)\n    yield from (K, C().act())\nT(*p())\n",
    "T(eval('1'), F(2))\n",
    "T('old', b'old', dict(old=F(1)))  # old\n",
    "def p():\n    from lib.old import old, k as new\n    return old(new), F(1)\nT(p())\n",
    "def p():\n    import lib.old\n    return lib.old.old(1), lib.old.k\nT(p())\n",
    "class P:\n    from lib.old import old, Thing\n    x: 'Thing' = old(1)\nT(P.x, P.old(2))\n",
    "import importlib\nT(importlib.import_module('lib.old').k)\n",
    "def p():\n    global new\n    new = F(3)\n    return new\nT(p())\n",
    "T(F(\n    1,  # one\n    b=K,\n), \\\n  F (2))\n",
]
SIMPLE = [
    "T(globals()['F'](1))\n",
    "T(eval('F(1)'))\n",
    "def p():\n    F = 1\n    return F\nT(p(), F(2))\n",
    "def p(F=F):\n    return F(1)\nT(p())\n",
    "T(F(1))\nF = lambda *a: 'again'\nT(F(2))\n",
    "T(F(1))\ndel F\n",
    "def p():\n    global F\n    F = lambda *a: 'bound'\np()\nT(F(1))\n",
    "import sys\nT(getattr(sys.modules[__name__], 'F')(1))\n",
    "from unittest.mock import patch\nwith patch.dict(globals(), {'F': len}):\n    T(F('abc'))\n",
    "class P:\n    F = F\nT(P.F(1))\n",
    "for F in (F,):\n    T(F(1))\n",
]
AFTER = ["", "", "new = 8\nT(new)\n", "from lib.new import new\nT(new(9))\n", "import lib.new\nT(lib.new.new(1))\n"]


def moves(*names: tuple[str, str], kind: TargetKind = TargetKind.SYMBOL) -> Migration:
    """The names move, each to another place, and that is all."""
    targets = tuple(Target(name=old, canonical=new, kind=kind) for old, new in names)
    return Migration(name="m", drop_in=True, targets=targets)


MIGRATIONS = {
    "function": moves(("lib.old.old", "lib.new.new")),
    "both": moves(("lib.old.old", "lib.new.new"), ("lib.old.Thing", "lib.new.Item")),
    "same names": moves(("lib.old.old", "lib.moved.old"), ("lib.old.Thing", "lib.moved.Thing")),
    "module": moves(("lib.old", "lib.moved"), kind=TargetKind.MODULE),
}


@st.composite
def users(draw: st.DrawFn) -> str:
    """A module that uses the library in one of many ways, and says what comes of it."""
    head, (function, thing, constant) = draw(st.sampled_from(list(HEADS.items())))
    bodies = draw(st.lists(st.sampled_from(BODIES), min_size=1, max_size=4))
    if function.isidentifier() and draw(st.booleans()):
        bodies.insert(draw(st.integers(0, len(bodies))), draw(st.sampled_from(SIMPLE)))
    parts = [_spelled(body, function, thing, constant) for body in bodies]
    text = draw(st.sampled_from(BEFORE)) + head + "".join(parts) + draw(st.sampled_from(AFTER))
    return "from out import T\n" + text


def _spelled(body: str, function: str, thing: str, constant: str) -> str:
    names = {"F": function, "C": thing, "K": constant}
    return re.sub(r"\b[FCK]\b", lambda match: names[match[0]], body)


@st.composite
def programs(draw: st.DrawFn) -> dict[str, str]:
    """The library, a façade, two users of it, and the package's ``__init__`` in one of its shapes."""
    init, face = draw(st.sampled_from(PACKAGES)), draw(st.sampled_from(FACADES))
    mine = {"app/__init__.py": "", "app/face.py": face, "app/a.py": draw(users()), "app/b.py": draw(users())}
    return {**LIBRARY, "lib/__init__.py": init, **mine}


class Files(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports modules from memory."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        for name in module_paths(fullname, ()):
            if name in self.files:
                package = name.endswith("__init__.py")
                return importlib.util.spec_from_loader(fullname, self, origin=name, is_package=package)
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        origin = module.__spec__.origin if module.__spec__ else None
        exec(compile(self.files[origin or ""], str(origin), "exec"), vars(module))  # noqa: S102  our own programs


def printed(files: Mapping[str, str]) -> list[str]:
    """What the users print, and what they raise: each is run alone."""
    log: list[str] = []
    out = types.ModuleType("out")
    vars(out)["T"] = lambda *values: log.append(repr(tuple(map(_shown, values))))
    for user in ("app.a", "app.b"):
        finder, known = Files(files), dict(sys.modules)
        sys.meta_path.insert(0, finder)
        sys.modules["out"] = out
        try:
            importlib.import_module(user)
        except Exception as error:  # noqa: BLE001  a program may fail, but then it fails on both sides
            log.append(f"{user}: {type(error).__name__}")
        finally:
            sys.meta_path.remove(finder)
            for name in sys.modules.keys() - known.keys():
                if name.partition(".")[0] in ("lib", "app", "out"):
                    del sys.modules[name]
    return log


def _shown(value: object) -> object:
    return "a function" if callable(value) else value


def migrated(files: Mapping[str, str], migration: Migration) -> dict[str, str]:
    """The files after all safe fixes."""
    sources = {path: text.encode() for path, text in files.items()}
    index = Index.build(sources.items(), modules=["lib.old"])
    while missing_modules := {path for path in _requested(sources, migration, index) if path not in index.files}:
        index = index.with_modules((path, None) for path in missing_modules)
    return {path: migrate_file(text, path, [migration], index).after.decode() for path, text in sources.items()}


def _requested(sources: Mapping[str, bytes], migration: Migration, index: Index) -> set[str]:
    reports = [scan_file(source, path, [migration], index) for path, source in sources.items()]
    modules = {module for report in reports if isinstance(report, Scanned) for module in report.missing_modules}
    return {path for module in modules for path in module_paths(module, ())}


@pytest.mark.parametrize("migration", MIGRATIONS.values(), ids=MIGRATIONS)
@given(files=programs())
@settings(max_examples=20, derandomize=True, deadline=None)
def test_a_safe_migration_changes_nothing_that_a_program_prints(migration: Migration, files: dict[str, str]) -> None:
    before = printed(files)
    assume(not any(line.startswith("app.") for line in before))
    after = migrated(files, migration)
    assert printed(after) == before
    assert migrated(after, migration) == after or printed(migrated(after, migration)) == before


def test_the_programs_are_about_something() -> None:
    """Most of the ways of using the library work, and are migrated to the last usage."""
    found = {}
    for head, (function, thing, constant) in HEADS.items():
        text = "from out import T\n" + head + _spelled(BODIES[0], function, thing, constant)
        files = {**LIBRARY, "app/__init__.py": "", "app/face.py": FACADES[0], "app/a.py": text, "app/b.py": ""}
        after = migrated(files, MIGRATIONS["function"])
        found[head] = "new" in after["app/a.py"].removeprefix(text) and after["app/a.py"] != text
        assert printed(after) == printed(files)
        assert len(printed(files)) > 0
    assert all(found.values()), found
