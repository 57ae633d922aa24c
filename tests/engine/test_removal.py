"""What the end of a migration takes out of the source, and when it takes out nothing."""

import pytest

from bot.domain.migration import Migration, Target, TargetKind
from bot.engine.removal import take_out
from bot.engine.removed import Removal, RemovalRefused

MIGRATION = Migration(name="m", targets=(Target(name="pkg.impl.old", canonical="pkg.impl.new"),))
NAMES = frozenset({"old"})


def removed(impl: str, **others: str) -> Removal | RemovalRefused:
    sources = {"pkg/impl.py": impl.encode()} | {path: text.encode() for path, text in others.items()}
    return take_out(MIGRATION, sources, {"pkg.impl.old": "pkg/impl.py"}, (), NAMES)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def old(): ...\n\n\ndef new(): ...\n", "def new(): ...\n"),
        ("def new(): ...\n\n\ndef old(): ...\n", "def new(): ...\n"),
        ("x = 1\n\n\n@deco\n@other(1)\ndef old():\n    return old\n\n\ny = 2\n", "x = 1\n\n\ny = 2\n"),
        ("x = 1\n\n\n# About it.\n# More.\ndef old(): ...\n\n\ny = 2\n", "x = 1\n\n\ny = 2\n"),
        ("x = 1\n# of x\n\nclass old:\n    a = 1\n\ny = 2\n", "x = 1\n# of x\n\ny = 2\n"),
        ("__all__ = ['new', 'old']\ndef old(): ...\ndef new(): ...\n", "__all__ = ['new']\ndef new(): ...\n"),
        ("old = 1\nnew = 2\n", "new = 2\n"),
        ("new = 2\nold = 1\n", "new = 2\n"),
        ("new = 2\n\nold = 1\n", "new = 2\n"),
        ("new = 2\r\n\r\nold = 1\r\n", "new = 2\r\n"),
        ("\n\nold = 1\n", ""),
        ("# about all\n\nold = 1\nnew = 2\n", "# about all\n\nnew = 2\n"),
        ("# of old\nold = 1\nnew = 2\n", "# of old\nnew = 2\n"),
        ("__all__ = ('old', 'new')\nold = 1\nnew = 2\n", "__all__ = ('new',)\nnew = 2\n"),
        ("__all__ = [\n    'old',  # so\n    'new',\n]\nold = 1\nnew = 2\n", "__all__ = [\n    'new',\n]\nnew = 2\n"),
        ("__all__ = []\n__all__ += ['old']\nold = 1\n", "__all__ = []\n__all__ += []\n"),
        ("from .a import old\nfrom .b import new\n", "from .b import new\n"),
        ("old: int\nnew = 1\n", "new = 1\n"),
        ("old: int = 1\nnew = 2\n", "new = 2\n"),
        ("from .other import old, new\n", "from .other import new\n"),
        ("x = 1\r\n\r\ndef old(): ...\r\n\r\ny = '\u00e9'\r\n", "x = 1\r\n\r\ny = '\u00e9'\r\n"),
        ("x = 1\ndef old(): ...", "x = 1\n"),
        ("async def old():\n    '''x\n\n    y'''\nz = 1  # kept\n", "z = 1  # kept\n"),
    ],
)
def test_a_definition_goes_and_nothing_else(before: str, after: str) -> None:
    found = removed(before)
    assert isinstance(found, Removal), found
    assert (found.files["pkg/impl.py"] or b"").decode() == after


@pytest.mark.parametrize(
    ("impl", "why"),
    [
        ("def old(): ...\ndef new():\n    return old()\n", "itself still uses"),
        ("if x:\n    def old(): ...\n", "on a condition"),
        ("try:\n    from a import old\nexcept ImportError:\n    old = None\n", "on a condition"),
        ("import x\n__all__ = x.names\n__all__.append('old')\ndef old(): ...\n", "an `__all__` that is computed"),
        ("for old in x:\n    pass\n", "together with something else"),
        ("old += 1\n", "together with something else"),
        ("if x:\n    from a import old\n", "on a condition"),
        ("old = new = 1\n", "together with something else"),
        ("old, new = 1, 2\n", "together with something else"),
        ("x = 1; old = 2\n", "on a line with something else"),
        ("def old(:\n", "cannot be read"),
        ("__all__ = ['old']\n__all__ += other\ndef old(): ...\nalias = old\n", "itself still uses"),
    ],
)
def test_what_is_not_proved_is_kept(impl: str, why: str) -> None:
    found = removed(impl)
    assert isinstance(found, RemovalRefused), found
    assert why in found.reason


def test_what_passes_it_on_goes_with_it() -> None:
    found = removed(
        "def old(): ...\n",
        **{
            "pkg/__init__.py": "from .impl import old\nfrom .x import y\n\n__all__ = ['old', 'y']\n",
            "pkg/facade.py": "from pkg import old\n\nz = 1\n",
        },
    )
    assert isinstance(found, Removal), found
    assert found.files == {
        "pkg/impl.py": b"",
        "pkg/__init__.py": b"from .x import y\n\n__all__ = ['y']\n",
        "pkg/facade.py": b"z = 1\n",
    }


def test_a_package_is_for_people() -> None:
    targets = (Target(name="pkg.old", canonical="pkg.new"),)
    migration = Migration(name="m", targets=targets)
    found = take_out(migration, {"pkg/__init__.py": b"def old(): ...\n"}, {"pkg.old": "pkg/__init__.py"}, (), NAMES)
    assert isinstance(found, Removal)
    assert found.files == {"pkg/__init__.py": b""}


def test_what_does_not_parse_keeps_everything() -> None:
    found = removed("def old(): ...\n", **{"app/a.py": "from pkg.impl import old\nold(\n"})
    assert isinstance(found, RemovalRefused)
    assert found.reason == "`app/a.py` still uses it"


def test_a_usage_elsewhere_keeps_everything() -> None:
    assert isinstance(removed("def old(): ...\n", **{"app/a.py": "from pkg.impl import old\nold()\n"}), RemovalRefused)


@pytest.mark.parametrize(("path", "goes"), [("pkg/legacy.py", True), ("pkg/legacy/__init__.py", False)])
def test_a_module_goes_as_a_file_and_a_package_not(path: str, goes: bool) -> None:
    migration = Migration(name="m", targets=(Target(name="pkg.legacy", kind=TargetKind.MODULE),))
    found = take_out(migration, {path: b"x = 1\n"}, {"pkg.legacy": path}, (), frozenset({"legacy"}))
    assert isinstance(found, Removal if goes else RemovalRefused)
    if isinstance(found, Removal):
        assert found.files == {path: None}
