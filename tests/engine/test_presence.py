import pytest

from bot.domain.migration import Target, TargetKind
from bot.engine.program.presence import definition_files, definitions

NAME = "pkg.impl.old"


def present(
    name: str, path: str, source: str, *, kind: TargetKind = TargetKind.SYMBOL, roots: tuple[str, ...] = ()
) -> bool:
    target = Target(name=name, kind=kind)
    assert path in definition_files((target,), roots)
    found = definitions((target,), {path: source.encode()}, roots)
    assert found in ({}, {name: path})
    return bool(found)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def old(): ...\n", True),
        ("async def old(): ...\n", True),
        ("class old: ...\n", True),
        ("old = 1\n", True),
        ("from elsewhere import old\n", True),
        ("from elsewhere import new as old\n", True),
        ("try:\n    def old(): ...\nexcept Exception: ...\n", True),
        ("def __getattr__(name):\n    return {'old': 1}[name]\n", True),
        ("def old(:\n", True),
        ("", False),
        ("# old is gone\n", False),
        ("def new():\n    old = 1\n", False),
        ("class A:\n    def old(self): ...\n", False),
        ("def __getattr__(name): ...\n", False),
        ("def new(:\n", False),
    ],
)
def test_a_definition(source: str, expected: bool) -> None:
    assert present(NAME, "pkg/impl.py", source) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class A:\n    def old(self): ...\n", True),
        ("class A:\n    old = 1\n", True),
        ("class A:\n    if 1:\n        old: int = 1\n", True),
        ("from elsewhere import A\nA.old\n", True),
        ("class A:\n    def new(self): ...\nold = 1\n", False),
        ("class A: ...\n", False),
        ("class B:\n    old = 1\n", False),
    ],
)
def test_a_member_of_a_class(source: str, expected: bool) -> None:
    assert present("pkg.impl.A.old", "pkg/impl.py", source) is expected


def test_the_definition_of_a_name_that_takes_its_own_place_stays() -> None:
    assert definitions([Target(name=NAME, canonical=NAME)], {"pkg/impl.py": b"def old(): ..."}, ()) == {}


def test_modules_and_packages_below_any_root() -> None:
    assert present("pkg.impl", "pkg/impl.py", "", kind=TargetKind.MODULE)
    assert present("pkg.impl", "src/pkg/impl/__init__.py", "", kind=TargetKind.MODULE, roots=("src",))
    assert not present("pkg.impl", "pkg/__init__.py", "", kind=TargetKind.MODULE)
    assert present("pkg.impl.old", "src/pkg/impl/__init__.py", "def old(): ...", roots=("src",))


def test_nothing_is_defined_where_no_file_is() -> None:
    assert definitions((Target(name=NAME),), {}, ()) == {}
    assert definitions((Target(name=NAME),), {"pkg/impl.py": None}, ()) == {}
