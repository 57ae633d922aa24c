"""Names in strings, and members of classes, that keep a definition which nothing else uses."""

import pytest

from bot.domain.migration import Migration, Target
from bot.engine.removal import take_out
from bot.engine.removed import Removal, RemovalRefused

NAMED = "has `old` in a string that it may look up"


def removed(impl: str, package: str = "", *, name: str = "pkg.impl.old") -> Removal | RemovalRefused:
    sources = {"pkg/impl.py": impl.encode(), "pkg/__init__.py": package.encode()}
    migration = Migration(name="m", targets=(Target(name=name),))
    return take_out(migration, sources, {name: "pkg/impl.py"}, (), frozenset({"old"}))


@pytest.mark.parametrize(
    "package",
    [
        "T = {'old': 'pkg.impl'}\ndef __getattr__(name): return load(T[name], name)\n",
        "S = {'impl': ['old', 'new']}\ndef __getattr__(name): return load(S, name)\n",
        "import pkg.impl\nfrom pkg import impl\ndef go(m=impl): return m.old()\n",
        "from pkg import impl\ndef go(): return vars(impl)['old']()\n",
    ],
)
def test_what_is_reached_through_a_table_or_a_value_keeps_it(package: str) -> None:
    found = removed("def old(): ...\n", package)
    assert isinstance(found, RemovalRefused), found
    assert found.reason == "`pkg/__init__.py` still uses it"


@pytest.mark.parametrize(
    "rest",
    [
        "def new(): return globals()['old']()\n",
        "import sys\ndef new(): return getattr(sys.modules[__name__], 'old')()\n",
        "def new(): return eval('old() + 1')\n",
        "def new(): return '{old}'.format(**globals())\n",
        "def new():\n    '''\n    >>> old()\n    1\n    '''\n",
        "__test__ = {'x': '>>> old()'}\n",
        "__all__ = [n for n in ('old', 'new')]\n",
    ],
)
def test_a_string_of_the_module_keeps_it(rest: str) -> None:
    found = removed(f"def old(): ...\n{rest}")
    assert isinstance(found, RemovalRefused), found
    assert found.reason == f"`pkg/impl.py` {NAMED}"


@pytest.mark.parametrize(
    "package",
    [
        "NAMES = ['impl:old']\nfrom importlib import import_module\n",
    ],
)
def test_a_table_of_the_package_keeps_it(package: str) -> None:
    found = removed("def old(): ...\n", package)
    assert isinstance(found, RemovalRefused), found
    assert found.reason == f"`pkg/__init__.py` {NAMED}"


@pytest.mark.parametrize(
    "rest",
    [
        "def new():\n    '''As `old` was: see getattr.'''\n",
        "def new(): return getattr(x, 'older')\n",
        "def new(): warn('old is gone')\n",
        "def new(): return getattr(x, 'an old one')\n",
        "# getattr(x, 'old')\n",
        "T = {'old': 1}\n",
    ],
)
def test_what_only_speaks_of_it_does_not(rest: str) -> None:
    assert isinstance(removed(f"def old(): ...\n{rest}", "'''A package: globals().'''\n"), Removal)


def test_a_member_of_a_class_is_for_people() -> None:
    """Objects may be asked for it; and what the module itself has under the same name is something else."""
    found = removed("class A:\n    def old(self): ...\n\n\ndef old(): ...\n", name="pkg.impl.A.old")
    assert isinstance(found, RemovalRefused), found
    assert found.reason.startswith("`pkg.impl.A.old` is a member of a class")
