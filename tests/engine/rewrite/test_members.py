"""Successors that are members of a class: the class is imported, under the name that the file has for it."""

import pytest

from bot.domain.migration import Migration, Target
from tests.engine.rewrite.tools import PATH, module, rewrite, scan

KIND = "class Kind:\n    A = 1\n    B = 2\n"
FILES = {"pkg/__init__.py": "", "pkg/kinds.py": KIND, "pkg/consts.py": "A = 1\nB = 2\nC = 3\n", "pkg/old.py": KIND}
FILES["pkg/alike.py"] = "class Kind:\n    A = 1\n    B = 1\n"


def members(*pairs: tuple[str, str]) -> Migration:
    targets = tuple(Target(name=f"pkg.{old}", canonical=f"pkg.{new}") for old, new in pairs)
    return Migration(name="m", drop_in=True, targets=targets)


CONSTANTS = members(("consts.A", "kinds.Kind.A"), ("consts.B", "kinds.Kind.B"))
MOVED = members(("old.Kind.A", "kinds.Kind.A"), ("old.Kind.B", "kinds.Kind.B"))
RENAMED = members(("alike.Kind.A", "alike.Kind.B"))
NEW = "from pkg.kinds import Kind\n"
CASES = {
    "constants of a module": (CONSTANTS, "from pkg import consts\nconsts.A, consts.B\n", NEW + "Kind.A, Kind.B\n"),
    "a module under another name": (CONSTANTS, "from pkg import consts as c\nc.A, c.B\n", NEW + "Kind.A, Kind.B\n"),
    "a module under the class's name": (CONSTANTS, "from pkg import consts as Kind\nKind.A\n", NEW + "Kind.A\n"),
    "a module by its path": (
        CONSTANTS, "import pkg.consts\npkg.consts.A\n", "import pkg.kinds\npkg.kinds.Kind.A\n",
    ),
    "a module by its path, under a name": (
        CONSTANTS, "import pkg.consts as c\nc.A\n", "import pkg.kinds as c\nc.Kind.A\n",
    ),
    "the class is there": (
        CONSTANTS, f"from pkg import consts\n{NEW}consts.A, Kind\n", f"{NEW}Kind.A, Kind\n",
    ),
    "its name is taken": (
        CONSTANTS, "from pkg import consts\nKind = 1\nconsts.A\n",
        "from pkg.kinds import Kind as CanonicalKind\nKind = 1\nCanonicalKind.A\n",
    ),
    "more of the module is used": (
        CONSTANTS, "from pkg import consts\nconsts.A, consts.C\n",
        f"from pkg import consts\n{NEW}Kind.A, consts.C\n",
    ),
    "the module is exported": (
        CONSTANTS, "from pkg import consts\n__all__ = ['consts']\nconsts.A\n",
        f"from pkg import consts\n{NEW}__all__ = ['consts']\nKind.A\n",
    ),
    "the constants themselves": (CONSTANTS, "from pkg.consts import A, B\nA, B\n", NEW + "Kind.A, Kind.B\n"),
    "a constant under another name": (CONSTANTS, "from pkg.consts import A as a\na\n", NEW + "Kind.A\n"),
    "a constant beside others": (
        CONSTANTS, "from pkg.consts import A, C\nA, C\n", f"from pkg.consts import C\n{NEW}Kind.A, C\n",
    ),
    "members of another class": (MOVED, "from pkg.old import Kind\nKind.A, Kind.B\n", NEW + "Kind.A, Kind.B\n"),
    "of a class under another name": (MOVED, "from pkg.old import Kind as K\nK.A\n", NEW + "Kind.A\n"),
    "of a class in a function": (
        MOVED, "def a():\n    from pkg.old import Kind\n    return Kind.A\n",
        "def a():\n    from pkg.kinds import Kind\n    return Kind.A\n",
    ),
    "another member of the class": (
        RENAMED, "from pkg.alike import Kind\nKind.A\n", "from pkg.alike import Kind\nKind.B\n",
    ),
    "another member, under another name": (
        RENAMED, "from pkg.alike import Kind as K\nK.A\n", "from pkg.alike import Kind as K\nK.B\n",
    ),
    "another member, through the module": (
        RENAMED, "from pkg import alike\nalike.Kind.A\n", "from pkg import alike\nalike.Kind.B\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("migration", "before", "after"), CASES.values(), ids=CASES)
def test_a_member_of_a_class_takes_the_place(migration: Migration, before: str, after: str) -> None:
    found = rewrite(before, migration, files=FILES)
    assert (found.text, set(found.codes)) == (after, {None})


@pytest.mark.parametrize(
    ("files", "symbol"),
    [
        pytest.param({"old/__init__.py": "", "old/sub.py": "def f(): ...\n"}, "old.sub.f", id="of a module below"),
        pytest.param({"old/__init__.py": "", "old/sub/__init__.py": "", "old/sub/f.py": ""}, "old.sub.f.x", id="deep"),
        pytest.param({"old.py": "sub = 1\n"}, "old.sub", id="of the module itself"),
        pytest.param({}, "old.sub", id="of an unknown module"),
    ],
)
def test_the_member_of_a_moved_module_that_is_named(files: dict[str, str], symbol: str) -> None:
    source = b"import old\n\nold.sub.f.x()\n"
    found = scan(source, module("old", "new"), PATH, {PATH: source, **{p: t.encode() for p, t in files.items()}})
    assert [finding.symbol for finding in found] == ["old", symbol]
