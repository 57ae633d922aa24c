"""One file migrated: which fixes are applied, what is left and why, and that nothing else is touched."""

import pytest

from bot.config import load
from bot.domain.file_result import FileMigration
from bot.domain.finding import Failed, Finding, Scanned, Skipped
from bot.engine.fix_file import migrate_file
from bot.engine.program.index import Index
from bot.sandbox.example import CHANGE, FILES, HEALTH_MIGRATED, HEALTH_WITH_A_PROBE, NOTIFY
from tests.engine.rewrite.tools import DROP_IN

MIGRATIONS = load(None).migrations
PATH = "netra_backend/app/routes/health.py"
BOM = b"\xef\xbb\xbf"


def migrate(source: bytes, *, unsafe: bool = False, path: str = PATH) -> FileMigration:
    return migrate_file(source, path, MIGRATIONS, Index.build({**FILES, path: source}.items()), unsafe=unsafe)


def lines(findings: tuple[Finding, ...]) -> list[int]:
    return [finding.range.line for finding in findings]


def test_safe_fixes_are_applied() -> None:
    done = migrate(HEALTH_WITH_A_PROBE)
    assert (done.after, done.changed) == (HEALTH_MIGRATED, True)
    assert (lines(done.fixed), done.left) == ([9, 11], ())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            HEALTH_WITH_A_PROBE.replace(b"\n", b"\r\n"), HEALTH_MIGRATED.replace(b"\n", b"\r\n"), id="carriage-returns"
        ),
        pytest.param(BOM + HEALTH_WITH_A_PROBE, BOM + HEALTH_MIGRATED, id="byte-order-mark"),
        pytest.param(HEALTH_WITH_A_PROBE.rstrip(), HEALTH_MIGRATED.rstrip(), id="no-newline-at-the-end"),
        pytest.param(HEALTH_WITH_A_PROBE.replace(b"    ", b"\t"), HEALTH_MIGRATED.replace(b"    ", b"\t"), id="tabs"),
    ],
)
def test_the_form_of_the_file_is_kept(before: bytes, after: bytes) -> None:
    assert migrate(before).after == after


def test_unsafe_fixes_are_applied_on_demand_and_what_is_only_displayed_never() -> None:
    safe, unsafe = migrate(NOTIFY), migrate(NOTIFY, unsafe=True)
    assert (safe.after, safe.fixed) == (NOTIFY, ())
    assert lines(safe.left) == [3, 7, 13, 13]
    assert b"manager = WebSocketManager(user_context=context)" in unsafe.after
    assert b"return get_websocket_manager_factory() is get_websocket_manager_factory()" in unsafe.after
    assert all(finding.reason for finding in (*safe.left, *unsafe.left))
    kept = [unsafe.after.split(b"\n")[line - 1] for line in lines(unsafe.left)]
    assert all(b"get_websocket_manager_factory" in line for line in kept), "places are those of the result"


@pytest.mark.parametrize("path", CHANGE)
@pytest.mark.parametrize("unsafe", [False, True])
def test_a_second_run_changes_nothing(path: str, unsafe: bool) -> None:
    after = migrate(CHANGE[path], unsafe=unsafe, path=path).after
    assert not migrate(after, unsafe=unsafe, path=path).changed


@pytest.mark.parametrize(
    ("source", "report"),
    [
        pytest.param(b"def broken(:\n    get_websocket_manager_factory()\n", Failed, id="does-not-parse"),
        pytest.param(b"# coding: utf-16\nget_websocket_manager_factory()\n", Skipped, id="no-such-coding"),
        pytest.param(b"x = 1\n", Scanned, id="nothing"),
        pytest.param(b"", Scanned, id="empty"),
        pytest.param(
            HEALTH_WITH_A_PROBE.replace(b"factory()\n", b"factory()  # ssot: ignore[websocket-manager-factory] why\n")
            .replace(b"_factory\n", b"_factory  # ssot: ignore[websocket-manager-factory] why\n"),
            Scanned,
            id="ignored",
        ),
    ],
)  # fmt: skip
def test_what_is_left_as_it_is(source: bytes, report: type) -> None:
    done = migrate(source, unsafe=True)
    assert isinstance(done.report, report)
    assert (done.after, done.fixed, done.left) == (source, (), ())


def test_a_latin_1_file_is_not_edited() -> None:
    source = b"# coding: latin-1\nfrom old.mod import f\n\nf('\xe4')\n"
    done = migrate_file(source, "app/x.py", [DROP_IN], Index.build([("app/x.py", source)]), unsafe=True)
    assert not done.changed
    assert {finding.reason_code for finding in done.left} == {"encoding"}


def test_usages_to_keep_keep_their_whole_group_and_no_other() -> None:
    twice = HEALTH_WITH_A_PROBE + b"\n\nasync def more" + HEALTH_WITH_A_PROBE.partition(b"async def websockets")[2]
    index = Index.build({**FILES, PATH: twice}.items())
    first = migrate_file(twice, PATH, MIGRATIONS, index)
    kept = {first.fixed[-1].range: "because"}
    done = migrate_file(twice, PATH, MIGRATIONS, index, keep=kept)
    assert done.after == HEALTH_MIGRATED + twice[len(HEALTH_WITH_A_PROBE) :]
    assert lines(done.fixed) == [9, 11]
    assert {finding.reason for finding in done.left} == {"because"}
    assert b"get_websocket_manager_factory()" in done.after.split(b"\n")[done.left[-1].range.line - 1]


def test_a_file_that_cannot_be_written_says_why_of_each_fix_and_of_nothing_else() -> None:
    source = NOTIFY.replace(b"\n", b"  # \xe2\x80\xae\n")
    before, done = migrate(source), migrate(source, unsafe=True)
    assert (done.changed, done.fixed) == (False, ())
    fixable = {usage.range for usage in before.left if usage.fix is not None}
    assert 0 < len(fixable) < len(before.left)
    assert {usage.range for usage in done.left if usage.reason_code == "deceptive"} == fixable
