"""A statement that imports a name whose import moves, and one whose usages are rewritten by a rule."""

import pytest

from bot.domain.migration import Applicability, Migration, Rewrite, Target
from tests.engine.rewrite.tools import SAFE, rewrite


def both(applicability: Applicability = SAFE) -> Migration:
    """``lib.a`` is renamed; calls of ``lib.b`` get an argument more."""
    rule = Rewrite(
        targets=("lib.b",), match="$deprecated($x)", replace="$canonical($x, 1)", applicability=applicability
    )
    targets = (Target(name="lib.a", canonical="lib.x"), Target(name="lib.b", canonical="lib.y"))
    return Migration(name="m", drop_in=True, targets=targets, rewrites=(rule,))


CASES = [
    pytest.param("from lib import a, b\na(b(2))\n", "from lib import x, y\nx(y(2, 1))\n", id="together"),
    pytest.param(
        "from lib import b, k, a\na(b(2), k)\n", "from lib import y, k, x\nx(y(2, 1), k)\n", id="among others"
    ),
    pytest.param(
        "from lib import (\n    a,  # 1\n    b,  # 2\n)\na(b(2))\n",
        "from lib import (\n    x,  # 1\n    y,  # 2\n)\nx(y(2, 1))\n",
        id="on lines of their own",
    ),
    pytest.param(
        "from lib import a, b, y\na(b(2), y)\n", "from lib import x, y\nx(y(2, 1), y)\n", id="the successor is there"
    ),
    pytest.param("from lib import a, b\nb(3)\n", "from lib import x, y\ny(3, 1)\n", id="only one is used"),
    pytest.param(
        "from lib import b, k\nb(2), b(3), k\n", "from lib import y, k\ny(2, 1), y(3, 1), k\n", id="no other one moves"
    ),
]


@pytest.mark.parametrize(("before", "after"), CASES)
def test_both_change_at_once(before: str, after: str) -> None:
    assert rewrite(before, both()).text == after


def test_what_is_not_safe_stays_where_it_is() -> None:
    before = "from lib import a, b\na(b(2))\n"
    done = rewrite(before, both(Applicability.UNSAFE))
    assert done.text == "from lib import x, b\nx(b(2))\n"


@pytest.mark.parametrize("unsafe", [pytest.param(False, id="safe"), pytest.param(True, id="unsafe")])
def test_a_second_run_would_change_an_import_that_is_bound_again(unsafe: bool) -> None:
    rule = Rewrite(match="lib.k($deprecated)", replace="lib.k($canonical)", applicability=Applicability.UNSAFE)
    migration = Migration(name="m", drop_in=True, targets=(Target(name="lib.a", canonical="lib.x"),), rewrites=(rule,))
    before = "import lib\nfrom lib import a\n__all__ = ['a']\na = lib.k(a)\n"
    assert rewrite(before, migration, unsafe=unsafe).text == before


def test_an_import_that_is_bound_again_stays_where_a_rule_speaks_of_the_name_itself() -> None:
    rule = Rewrite(match="$deprecated", replace="$canonical", applicability=Applicability.UNSAFE)
    migration = Migration(name="m", drop_in=True, targets=(Target(name="lib.a", canonical="lib.x"),), rewrites=(rule,))
    before = "import lib\nfrom lib import a\n__all__ = ['a']\na = lib.k(a)\n"
    assert rewrite(before, migration).text == before
    assert rewrite(before, migration, unsafe=True).text == before.replace("k(a)", "k(lib.x)")
