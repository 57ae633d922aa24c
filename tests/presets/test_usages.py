"""Each preset finds what it is for, and nothing else."""

import ast

import pytest

from bot.config import load
from bot.domain.finding import Scanned
from bot.engine.fix_file import migrate_file
from bot.engine.program.index import Index
from bot.engine.scan import scan_file
from tests.presets.cases import Case, cases

INDEX = Index.build(())
MANAGER = b"class WebSocketManager:\n    def __init__(self, user_context): ...\n"
SUCCESSORS = Index.build([("netra_backend/app/websocket_core/websocket_manager.py", MANAGER)])


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_the_usages_are_found(case: Case) -> None:
    migrations = load(f"extends: {case.preset}").migrations
    report = scan_file(case.source.encode(), "app/a.py", migrations, INDEX, fixes=False)
    assert isinstance(report, Scanned)
    found = [(f.range.line, f.range.column, str(f.kind), f.symbol) for f in report.findings]
    assert sorted(found) == sorted(case.usages)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
@pytest.mark.parametrize("unsafe", [pytest.param(False, id="safe"), pytest.param(True, id="unsafe")])
def test_the_fixes_make_what_they_should(case: Case, unsafe: bool) -> None:
    migrations = load(f"extends: {case.preset}").migrations
    done = migrate_file(case.source.encode(), "app/a.py", migrations, SUCCESSORS, unsafe=unsafe)
    assert done.after.decode() == (case.unsafe if unsafe else case.safe)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_the_cases_are_python(case: Case) -> None:
    for text in (case.source, case.safe, case.unsafe):
        ast.parse(text)


def test_every_preset_has_a_case_of_each_sort() -> None:
    silent = {case.preset for case in cases() if not case.usages}
    assert silent == {case.preset for case in cases()}
