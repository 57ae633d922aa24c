"""The engine itself on source made to kill parsers: every file gets a report, in time."""

import sys
from collections.abc import AsyncIterator

import pytest

from bot.domain.file_result import FileChange
from bot.domain.finding import Failed, FileReport, Scanned, Skipped
from bot.domain.migration import Migration, Target
from bot.engine.program.index import Index
from bot.scanner import ReviewRequest, Scanner
from tests.hostile.corpus import CORPUS, source

TIMEOUT = 4.0
"""Seconds: the deadline is what is tried, and in production it is five times as long."""
MIGRATION = Migration(
    name="managers",
    targets=(Target(name="pkg.factory.get_manager", canonical="pkg.manager.Manager"),),
    drop_in=True,
)
SOUND = (b"from pkg.factory import get_manager\nmanager = get_manager()\n", 2)
"""A file, and its usages."""

READABLE: dict[str, set[int | None]] = {
    "strings-100k": {2},
    "indent-99": {100},
    "arguments-100k": {2, None},
    "blank-lines-100k": {2},
    "dotted-string-100k": {2},
    "dotted-string-and-name-100k": {2},
    "functions-50k": {50_001, None},
    "lambdas-2k": {2, None},
    "f-string-nest": {2} if sys.version_info >= (3, 12) else {None},  # PEP 701 lets them nest
}
"""What a patient engine can read, and the usages in it; ``None``: a slow machine may give up."""


@pytest.fixture
async def scanner() -> AsyncIterator[Scanner]:
    async with Scanner(workers=1, timeout=TIMEOUT) as running:
        yield running


def usages(report: FileReport) -> int | None:
    """How many were found; ``None`` when the file was honestly not looked at."""
    match report:
        case Scanned(findings=findings):
            return len(findings)
        case Skipped(reason=reason):
            assert reason
            return None
        case Failed(message=message):
            assert message
            return None


@pytest.mark.parametrize("name", CORPUS)
async def test_a_hostile_file_gets_a_report_and_its_neighbour_too(scanner: Scanner, name: str) -> None:
    files = [("hostile.py", source(name)), ("sound.py", SOUND[0])]
    hostile, sound = await scanner.scan(files, (MIGRATION,), Index.build(()))
    assert usages(sound) == SOUND[1]
    assert usages(hostile) in READABLE.get(name, {None})


async def test_a_hostile_file_in_a_pull_request_does_not_hide_the_others(scanner: Scanner) -> None:
    changes = tuple(
        FileChange(path=path, base_path=path, base=None, head=head)
        for path, head in (("a.py", source("unary-10k")), ("b.py", SOUND[0]))
    )
    hostile, sound = await scanner.review(
        ReviewRequest(changes=changes, migrations=(MIGRATION,), index=Index.build(()))
    )
    assert usages(hostile.report) is None
    assert usages(sound.report) == SOUND[1]
    assert sound.new
