"""Each preset finds what it is for, and nothing else."""

import ast

import pytest

from bot.config import load
from bot.engine import Index, scan_file
from bot.model import Scanned
from tests.presets.cases import Case, cases

INDEX = Index.build(())


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_the_usages_are_found(case: Case) -> None:
    migrations = load(f"extends: {case.preset}").migrations
    report = scan_file(case.source.encode(), "app/a.py", migrations, INDEX, fixes=False)
    assert isinstance(report, Scanned)
    found = [(f.range.line, f.range.column, str(f.kind), f.symbol) for f in report.findings]
    assert sorted(found) == sorted(case.usages)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_the_cases_are_python(case: Case) -> None:
    for text in (case.source, case.safe, case.unsafe):
        ast.parse(text)


def test_every_preset_has_a_case_of_each_sort() -> None:
    silent = {case.preset for case in cases() if not case.usages}
    assert silent == {case.preset for case in cases()}
