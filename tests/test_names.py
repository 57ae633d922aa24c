"""A class name stands in one package of ``bot/``: whoever reads it knows which one is meant."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "bot"
APART = {"sandbox"}
"""It mirrors GitHub, and uses GitHub's own words."""


def package_of(path: Path) -> str:
    """The package or module right below ``bot/``: all of the engine is one."""
    return path.relative_to(ROOT).with_suffix("").parts[0]


def classes_in(source: str) -> Iterator[str]:
    """The names of all classes, nested ones too."""
    return (node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))


def twins(sources: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Each class name that stands in more than one of ``(package, source)``, with those packages."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for package, source in sources:
        for name in classes_in(source):
            found[name].add(package)
    return {name: sorted(packages) for name, packages in sorted(found.items()) if len(packages) > 1}


def sources() -> Iterator[tuple[str, str]]:
    for path in sorted(ROOT.rglob("*.py")):
        if package_of(path) not in APART:
            yield package_of(path), path.read_text()


def test_no_class_name_stands_in_two_packages() -> None:
    assert twins(sources()) == {}


@pytest.mark.parametrize(
    "planted",
    [
        "class RepositoryAt:\n    pass\n",
        "class Finding(Exception): ...\n",
        "def f():\n    class TrackedFacts:\n        pass\n",
        "class Outer:\n    class Hunk: ...\n",
    ],
)
def test_a_second_class_of_the_name_is_found(planted: str) -> None:
    (name,) = set(classes_in(planted)) - {"Outer"}
    assert list(twins([*sources(), ("planted", planted)])) == [name]


def test_a_name_may_stand_twice_in_one_package() -> None:
    assert twins([("engine", "class Twin: ...\n"), ("engine", "class Twin: ...\n")]) == {}
    assert twins([("engine", "class Twin: ...\n"), ("other", "class Twin: ...\n")]) == {"Twin": ["engine", "other"]}
