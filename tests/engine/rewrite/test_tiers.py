"""Safe and unsafe changes of one import statement: either is whole, and so are both together."""

import ast
import itertools

import pytest

from bot.domain.finding import Fix, Scanned
from bot.domain.migration import Applicability, Migration, Rewrite, Target
from bot.engine.program.index import Index
from bot.engine.rewrite import apply_fixes
from bot.engine.scan import scan_file
from tests.engine.rewrite.tools import PATH

UNSAFE = Applicability.UNSAFE
SUCCESSORS = {"same": "lib", "other": "new"}
FORMS = {
    "line": "from lib import {}\n",
    "brackets": "from lib import ({})\n",
    "lines": "from lib import (  # noqa: F401\n{lines})\n",
    "semicolon": "import os; from lib import {}\n",
    "between semicolons": "import os; from lib import {}; import re\n",
    "last of a block": "if True:\n    import os; from lib import {}\n",
    "in a function": "def a():\n    from lib import {}\n    return {used}\n",
}


def migration(of_a: str, of_b: str) -> Migration:
    """``lib.a`` drops in safely; calls of ``lib.b`` get an argument more, which people look at."""
    rule = Rewrite(targets=("lib.b",), match="$deprecated($x)", replace="$canonical($x, 1)", applicability=UNSAFE)
    targets = (
        Target(name="lib.a", canonical=f"{SUCCESSORS[of_a]}.x"),
        Target(name="lib.b", canonical=f"{SUCCESSORS[of_b]}.y"),
    )
    return Migration(name="m", drop_in=True, targets=targets, rewrites=(rule,))


def program(form: str, names: tuple[str, ...]) -> str:
    used = ", ".join({"a": "a(1)", "b": "b(2)", "k": "k"}[name] for name in names)
    lines = "".join(f"    {name},  # {name}\n" for name in names)
    text = FORMS[form].format(", ".join(names), lines=lines, used=used)
    return text if "return" in text else f"{text}{used}\n"


def imported(text: str) -> set[str]:
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    return {f"{node.module}.{alias.name}" for node in nodes for alias in node.names}


ORDERS = [order for size in (2, 3) for order in itertools.permutations("abk", size) if {"a", "b"} <= set(order)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("of_a", "of_b"), list(itertools.product(SUCCESSORS, SUCCESSORS)))
def test_fixes_of_two_tiers_meet_in_one_statement(form: str, of_a: str, of_b: str) -> None:
    for names in ORDERS:
        source = program(form, names).encode()
        report = scan_file(source, PATH, [migration(of_a, of_b)], Index.build([(PATH, source)]))
        assert isinstance(report, Scanned)
        kept = {"lib.k"} & {f"lib.{name}" for name in names}
        safe, every = apply_fixes(source, report.findings), apply_fixes(source, report.findings, unsafe=True)
        assert imported(safe.decode()) == {f"{SUCCESSORS[of_a]}.x", "lib.b"} | kept, safe.decode()
        assert imported(every.decode()) == {f"{SUCCESSORS[of_a]}.x", f"{SUCCESSORS[of_b]}.y"} | kept, every.decode()
        assert "x(1)" in every.decode()
        assert "y(2, 1)" in every.decode()


@pytest.mark.parametrize("form", FORMS)
def test_an_unsafe_fix_is_whole_without_the_safe_one(form: str) -> None:
    source = program(form, ("a", "b", "k")).encode()
    report = scan_file(source, PATH, [migration("other", "other")], Index.build([(PATH, source)]))
    assert isinstance(report, Scanned)
    fixes = {finding.fix for finding in report.findings if finding.fix and finding.fix.applicability is UNSAFE}
    (fix,) = fixes
    assert isinstance(fix, Fix)
    only = [finding for finding in report.findings if finding.fix == fix]
    text = apply_fixes(source, only, unsafe=True).decode()
    assert {"new.y", "lib.k"} <= imported(text)
    assert not {"lib.b"} & imported(text)


ONE_CLASS = {"same": "lib.Unit", "other": "new.Unit"}
"""The class whose members take the places of several names."""


def members(of: str) -> Migration:
    """``lib.a`` becomes a member of a class; so do ``lib.b`` and ``lib.c``, in calls that people look at."""
    others = ("lib.b", "lib.c")
    rule = Rewrite(targets=others, match="$deprecated($x)", replace="$canonical($x, 1)", applicability=UNSAFE)
    targets = tuple(
        Target(name=name, canonical=f"{ONE_CLASS[of]}.{name[-1].upper()}") for name in ("lib.a", *others)
    )  # fmt: skip
    return Migration(name="m", drop_in=True, targets=targets, rewrites=(rule,))


@pytest.mark.parametrize("form", [each for each in FORMS if "lines" not in FORMS[each]])
@pytest.mark.parametrize("of", ONE_CLASS)
def test_fixes_of_two_tiers_need_one_import_of_one_class(form: str, of: str) -> None:
    used = {"a": "a(1)", "b": "b(2)", "c": "c(3)", "k": "k"}
    orders = (order for size in (3, 4) for order in itertools.permutations("abck", size))
    for names in (order for order in orders if {"b", "c"} <= set(order)):
        text = FORMS[form].format(", ".join(names), used=", ".join(used[name] for name in names))
        source = (text if "return" in text else f"{text}{', '.join(used[n] for n in names)}\n").encode()
        report = scan_file(source, PATH, [members(of)], Index.build([(PATH, source)]))
        assert isinstance(report, Scanned)
        left = {"lib.k"} & {f"lib.{name}" for name in names}
        later = {f"lib.{name}" for name in names} & {"lib.b", "lib.c"}
        first = {ONE_CLASS[of]} if "a" in names else set()
        safe, every = apply_fixes(source, report.findings), apply_fixes(source, report.findings, unsafe=True)
        assert imported(safe.decode()) == first | later | left, safe.decode()
        assert imported(every.decode()) == {ONE_CLASS[of]} | left, every.decode()
        statements = [each for each in ast.walk(ast.parse(every)) if isinstance(each, ast.ImportFrom)]
        assert [n.name for each in statements for n in each.names].count("Unit") == 1, every.decode()
