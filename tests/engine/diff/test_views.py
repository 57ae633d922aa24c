"""What both sides of a change know of the repository."""

import pytest

from bot.domain.finding import Scanned
from bot.domain.migration import Config, Migration, Target
from bot.engine.diff.soundness import Soundness
from bot.engine.diff.views import Surroundings, Views, rooted_elsewhere
from bot.engine.program.facts import Facts
from tests.engine.diff.engine import change

MIGRATIONS = (Migration(name="m", targets=(Target(name="pkg.impl.old", canonical="pkg.impl.new"), Target(name="top"))),)
CONFIG = Config(migrations=MIGRATIONS)
ROOTED = Config(migrations=MIGRATIONS, source_roots=("src/", "/", "/lib"))


@pytest.mark.parametrize(
    ("head", "config", "expected"),
    [
        (b"old()\n", CONFIG, (("pkg/impl.py", "pkg/impl/__init__.py"),)),
        (b"x.top\n", CONFIG, (("pkg/impl.py", "pkg/impl/__init__.py"),)),
        (b"new()\n", CONFIG, ()),
        (None, CONFIG, ()),
        (b"old()\n", ROOTED, ()),
    ],
)
def test_where_the_targets_may_lie_matters_to_changes_that_name_them(
    head: bytes | None, config: Config, expected: tuple[tuple[str, ...], ...]
) -> None:
    found = rooted_elsewhere([change(None, b"x = 1\n", "a.py"), change(b"old()\n", head, "b.py")], config)
    assert [sorted(paths) for paths in found] == [sorted(paths) for paths in expected]


def test_each_side_has_its_own_files_and_lacks_those_of_the_other() -> None:
    changes = [change(None, b"1", "new.py"), change(b"2", None, "gone.py"), change(b"3", b"4", "to.py", "from.py")]
    found = Views.of(changes, CONFIG)
    assert found.head.files == {"new.py": b"1", "gone.py": None, "to.py": b"4", "from.py": None}
    assert found.base.files == {"new.py": None, "gone.py": b"2", "to.py": None, "from.py": b"3"}


AROUND = Surroundings(names=frozenset({"make"}), roots=("deep/er", "src"), facts={"x.py": Facts()})


def test_configured_roots_are_the_only_ones() -> None:
    assert Views.of([change(None, b"", "app/pkg/impl.py")], ROOTED, AROUND).head.roots == ("src", "lib")


def test_without_the_branch_the_roots_are_where_the_targets_lie() -> None:
    found = Views.of([change(None, b"", "app/pkg/impl.py")], CONFIG)
    assert (found.head.roots, found.base.roots) == (("app",), ("app",))
    assert Views.of([change(None, b"", "a.py")], CONFIG, listed=["lib/pkg/impl.py"]).head.roots == ("lib",)
    assert found.head.given == frozenset()


def test_with_the_branch_the_roots_are_its_own_and_those_of_new_projects_the_shortest_first() -> None:
    found = Views.of([change(None, b"", "new/pyproject.toml"), change(None, b"", "app/pkg/impl.py")], CONFIG, AROUND)
    assert found.head.roots == ("new", "src", "deep/er")
    assert found.head.given == {"make"}
    assert found.base.given == {"make"}
    assert set(found.head.program.facts) >= {"x.py"}


def test_what_is_missing_is_what_no_side_is_known_to_have() -> None:
    views = Views.of([change(None, b"", "a.py")], CONFIG)
    reports = [
        Scanned(path="a.py", missing_modules=frozenset({"pkg.b", "a"})),
        Scanned(path="c.py", missing_modules=frozenset({"d"})),
    ]
    found = ("a/__init__.py", "d.py", "d/__init__.py", "pkg/b.py", "pkg/b/__init__.py")
    assert views.missing(reports) == found
    more = views.with_unchanged(dict.fromkeys(found[:3], None) | {"pkg/b.py": b"x = 1\n"})
    assert more.missing(reports) == ("pkg/b/__init__.py",)
    assert more.head.files["pkg/b.py"] == more.base.files["pkg/b.py"] == b"x = 1\n"


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        (b"x = 1\n", b"x = 2\n", None),
        (b"x = 1\n", b"x = y\n", "y"),
        (b"x = y\n", b"x = y\n", None),
        (b"x = y\n", b"x = y, z\n", "z"),
        (b"x = 1\n", b"x = (\n", "would not parse"),
        (b"x = (\n", b"x = 1\n", "would not parse"),
        (b"x = 1\n", b"x = 1" + b" + 1" * 900 + b"\n", "nested too deeply"),
    ],
)
def test_what_is_wrong_with_a_suggestion(before: bytes, after: bytes, wrong: str | None) -> None:
    found = Soundness(before).fault(after)
    assert (found is None) is (wrong is None)
    assert (wrong or "") in (found or "")
