"""The scanner: hostile files cost themselves, and the others are looked at as if they were not there."""

from collections.abc import AsyncIterator

import pytest

from bot.config import Invalid, UnreadableConfig, parse_state, preset_names
from bot.domain.file_result import FileChange
from bot.domain.finding import Failed, FileReport, Scanned, Skipped
from bot.engine.program.index import Index
from bot.scanner import ReviewRequest, Scanner, tasks
from bot.scanner.scanner import CHUNK_BYTES, CHUNK_FILES, LARGEST_FILE, NO_TIME, chunks
from tests.hostile import engines, misbehaving

BIG = b"#" * (LARGEST_FILE + 1)


def change(path: str, head: bytes | None = b"x = 1\n", base: bytes | None = None) -> FileChange:
    return FileChange(path=path, base_path=path, base=base, head=head)


def request(*changes: FileChange) -> ReviewRequest:
    return ReviewRequest(changes=changes, migrations=(), index=Index.build(()))


def told(report: FileReport) -> str:
    """A report in a word or two."""
    match report:
        case Scanned(missing_modules=missing_modules):
            return "".join(missing_modules) or "scanned"
        case Skipped(reason=reason):
            return reason
        case Failed(message=message):
            return message


@pytest.fixture
async def scanner() -> AsyncIterator[Scanner]:
    async with Scanner(
        workers=1,
        timeout=2,
        review_changes=engines.review_changes,
        scan_files=engines.scan_files,
        migrate_files=engines.migrate_files,
    ) as running:
        yield running


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param((), [], id="nothing"),
        pytest.param((change("a"), change("b")), ["2 files", "2 files"], id="all-together"),
        pytest.param(
            (change("a"), change("b", b"segfault"), change("c")),
            ["2 files", "too complex: the parser crashed (SIGSEGV)", "2 files"],
            id="a-crash-costs-one-file",
        ),
        pytest.param(
            (change("a", b"spin"), change("b")),
            ["too complex: timed out after 0.5 seconds", "1 files"],
            id="a-loop-costs-one-file",
        ),
        pytest.param((change("a", b"spin"),), ["too complex: timed out after 2 seconds"], id="one-file-is-tried-once"),
        pytest.param(
            (change("a", b"raise"), change("b")),
            ["internal error in the analysis; see the log", "1 files"],
            id="a-defect-costs-one-file",
        ),
        pytest.param(
            (change("a", BIG), change("b"), change("c", None, BIG)),
            ["too big: more than 8 MiB", "1 files", "too big: more than 8 MiB"],
            id="too-big-on-either-side",
        ),
    ],
)
async def test_a_review_loses_the_hostile_files_only(
    scanner: Scanner, changes: tuple[FileChange, ...], expected: list[str]
) -> None:
    reviews = await scanner.review(request(*changes))
    assert [review.report.path for review in reviews] == [each.path for each in changes]
    assert [told(review.report) for review in reviews] == expected


async def test_files_that_are_too_many_together_are_looked_at_alone() -> None:
    async with Scanner(workers=1, review_changes=engines.review_two_at_most) as scanner:
        reviews = await scanner.review(request(change("a"), change("b"), change("c")))
    assert [told(review.report) for review in reviews] == ["1 files"] * 3


async def test_hostile_files_use_up_a_budget() -> None:
    hostile = [change(f"f{n}", b"spin") for n in range(4)]
    async with Scanner(workers=1, timeout=1, budget=0.1, review_changes=engines.review_changes) as scanner:
        reviews = await scanner.review(request(*hostile))
    reasons = [told(review.report) for review in reviews]
    assert reasons[0] == "too complex: timed out after 0.25 seconds"
    assert reasons[1:] == [NO_TIME] * 3


async def test_a_scan_loses_the_hostile_files_only(scanner: Scanner) -> None:
    files = [("a", b"x"), ("b", b"segfault"), ("c", BIG), ("d", b"y")]
    reports = await scanner.scan(files, (), Index.build(()))
    assert [report.path for report in reports] == ["a", "b", "c", "d"]
    assert [told(report) for report in reports] == [
        "scanned",
        "too complex: the parser crashed (SIGSEGV)",
        "too big: more than 8 MiB",
        "scanned",
    ]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([1] * CHUNK_FILES, [CHUNK_FILES]),
        ([1] * (CHUNK_FILES + 1), [CHUNK_FILES, 1]),
        ([CHUNK_BYTES, 1], [1, 1]),
        ([CHUNK_BYTES * 2, CHUNK_BYTES - 1, 1], [1, 2]),
    ],
    ids=["none", "full", "one-more", "full-of-bytes", "a-big-one-alone"],
)
def test_chunks_are_bounded_and_keep_the_order(sizes: list[int], expected: list[int]) -> None:
    files = [(str(n), b"x" * size) for n, size in enumerate(sizes)]
    pieces = list(chunks(files))
    assert [len(piece) for piece in pieces] == expected
    assert [file for piece in pieces for file in piece] == files


async def test_a_file_that_breaks_the_engine_is_not_migrated(scanner: Scanner) -> None:
    files = [("a", b"x"), ("b", b"segfault"), ("c", BIG), ("d", b"y")]
    done = await scanner.migrate(files, (), Index.build(()))
    assert [each.after for each in done] == [b"X", b"segfault", BIG, b"Y"]
    assert [told(each.report) for each in done] == [
        "scanned", "too complex: the parser crashed (SIGSEGV)", "too big: more than 8 MiB", "scanned",
    ]  # fmt: skip


CONFIGURATIONS = {
    "one migration": b"version: 1\nmigrations:\n  m: {deprecated: a.b, canonical: a.c, drop_in: true}\n",
    "a preset": b"version: 1\nextends: [datetime-utcnow]\n",
    "every preset": b"version: 1\nextends: [" + ", ".join(preset_names()).encode() + b"]\n",
    "errors in several places": b"version: 1\nmigrations:\n  m: {deprecated: 3}\n  n: {canonical: b}\nx: 1\n",
    "no YAML": b"a: [\n",
}


@pytest.mark.parametrize("text", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
async def test_a_configuration_is_read_as_it_is_here(scanner: Scanner, text: bytes) -> None:
    here, there = parse_state(text), await scanner.configuration(text)
    if isinstance(here, Invalid):
        assert isinstance(there, Invalid)
        assert [(str(e), e.line, e.column, e.message) for e in there.errors] == [
            (str(e), e.line, e.column, e.message) for e in here.errors
        ]
    else:
        assert there == here


async def test_a_configuration_is_parsed_once(scanner: Scanner) -> None:
    one, two = CONFIGURATIONS["one migration"], CONFIGURATIONS["a preset"]
    texts = [one, one, two, two, one]
    states = [await scanner.configuration(text) for text in texts]
    assert states == [parse_state(text) for text in texts]
    assert scanner.exits == {"ok": 2}


async def test_a_configuration_that_breaks_the_parser_is_unreadable(
    scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "read_configuration", misbehaving.spin)
    state = await scanner.configuration(b"version: 1\n")
    assert state == UnreadableConfig(reason="too complex: timed out after 2 seconds")
