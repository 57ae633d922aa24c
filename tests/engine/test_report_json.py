"""Reports come back from JSON as they went in."""

import json
from dataclasses import replace

import pytest

from bot.domain.finding import Edit, Failed, FileReport, Finding, Fix, Kind, Range, Scanned, Skipped
from bot.domain.migration import Applicability
from bot.engine.report_json import decode, encode

USAGE = Finding(
    migration="m",
    path="a.py",
    symbol="pkg.impl.old",
    kind=Kind.CALL,
    range=Range(start=3, end=6, line=1, column=3, end_line=1, end_column=6),
    message="old goes",
)
FIX = Fix(edits=(Edit(start=3, end=6, text="new"),), applicability=Applicability.UNSAFE)
REPORTS = {
    "nothing found": Scanned(path="a.py"),
    "modules are missing": Scanned(path="a.py", missing_modules=frozenset({"b.c", "a"})),
    "usages, one with a fix": Scanned(
        path="a.py",
        findings=(USAGE, replace(USAGE, fix=FIX, applicability=Applicability.UNSAFE, kind=Kind.IMPORT, ignored="so")),
    ),
    "does not parse": Failed(path="a.py", line=3, message="invalid syntax", hits=(1, 3)),
    "not looked at": Skipped(path="a.py", reason="too large"),
    "not looked at this time": Skipped(path="a.py", reason="no time", passing=True),
}


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_a_report_comes_back(report: FileReport) -> None:
    assert decode(json.loads(json.dumps(encode(report)))) == report


def test_another_type_is_no_report() -> None:
    with pytest.raises(ValueError, match="no report: 'Other'"):
        decode({"type": "Other"})
