"""The SQLite store: durable, exclusive, and plain about its faults."""

import asyncio
import resource
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.jobs import Accepted, Duplicate, SqliteStore, State, StoreCorrupt, StoreInUse, StoreUnavailable, Work, sql
from bot.jobs.sqlite import existing, path_of
from tests.jobs.conftest import delivery

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_what_was_put_is_there_after_a_restart(path: Path) -> None:
    first = SqliteStore(path)
    await first.open()
    assert await first.put(delivery(1, b"\x00\xff body"), NOW) == Accepted(seq=1)
    await first.close()
    second = SqliteStore(path)
    await second.open()
    assert await second.put(delivery(1), NOW) == Duplicate(seq=1)
    assert isinstance(await second.put(delivery(2), NOW), Accepted)
    assert [job.received_at for job in await second.queued()] == [NOW, NOW]
    assert await second.body(1) == b"\x00\xff body"
    await second.close()


async def test_commits_are_durable_and_checkpoints_elsewhere(store: SqliteStore) -> None:
    def pragmas(connection: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "wal_autocheckpoint")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    full = 2
    assert await store._writer.submit(pragmas) == ["wal", full, 0]


async def test_waiting_writes_share_a_commit(store: SqliteStore) -> None:
    entered, go_on, commits = threading.Event(), threading.Event(), 0

    def block(connection: sqlite3.Connection) -> None:
        entered.set()
        go_on.wait(5)

    def committed() -> None:
        nonlocal commits
        commits += 1

    store._writer._committed = committed
    blocked = store._writer.submit(block)
    await asyncio.to_thread(entered.wait, 5)
    writes = [store.put(delivery(n), NOW) for n in range(100)]
    go_on.set()
    await blocked
    assert len({(await write).seq for write in writes}) == 100
    assert commits <= 5  # one by one it would be a hundred; how the rest falls into groups is a matter of timing


async def test_a_faulty_write_fails_alone(store: SqliteStore) -> None:
    def fault(connection: sqlite3.Connection) -> None:
        raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    good, bad, also = store.put(delivery(1), NOW), store._writer.submit(fault), store.put(delivery(2), NOW)
    with pytest.raises(UnicodeEncodeError):
        await bad
    assert (await good, await also) == (Accepted(seq=1), Accepted(seq=2))


async def test_a_claim_is_fenced_by_the_next_one(store: SqliteStore) -> None:
    await store.put(delivery(1), NOW)
    first = await store.claim(1, NOW)
    assert first is not None
    assert await store.claim(1, NOW) is None
    assert await store.requeue(1, first.token, None, "late", counts=True)
    second = await store.claim(1, NOW)
    assert second is not None
    assert not await store.finish(1, first.token, State.DONE, None, NOW)
    assert not await store.requeue(1, first.token, None, "late", counts=True)
    assert await store.finish(1, second.token, State.DONE, None, NOW)
    assert (first.attempts, second.attempts) == (1, 2)


async def test_a_crash_leaves_the_job_queued_and_the_attempt_counted(path: Path) -> None:
    first = SqliteStore(path)
    await first.open()
    await first.put(delivery(1), NOW)
    await first.route(1, Work(key="k", action="opened"))
    await first.claim(1, NOW)
    await first.close()
    second = SqliteStore(path)
    await second.open()
    (job,) = await second.queued()
    assert (job.state, job.attempts, job.key, job.action) == (State.QUEUED, 1, "k", "opened")
    await second.close()


async def test_a_damaged_body_makes_a_dead_letter(store: SqliteStore) -> None:
    await store.put(delivery(1), NOW)
    await store._writer.submit(lambda c: c.execute("UPDATE bodies SET body = x'00'").rowcount)
    with pytest.raises(StoreCorrupt):
        await store.body(1)
    assert await store.claim(1, NOW) is None
    (job,) = await store.recent(1)
    assert job.state is State.DEAD
    assert "damaged" in (job.reason or "")


async def test_retry_takes_finished_jobs_only(store: SqliteStore) -> None:
    await store.put(delivery(1), NOW)
    assert not await store.retry(1)
    await store.settle(1, State.DEAD, "poison", NOW)
    assert not await store.settle(1, State.DONE, None, NOW)
    assert await store.retry(1)
    (job,) = await store.queued()
    assert (job.attempts, job.reason, job.finished_at) == (0, None, None)


async def test_cleaning_takes_what_is_old_and_finished(store: SqliteStore) -> None:
    for number in range(5):
        await store.put(delivery(number), NOW)
    for seq, state in enumerate([State.DONE, State.IGNORED, State.DEAD], 1):
        await store.settle(seq, state, None, NOW)
    await store.settle(4, State.DONE, None, NOW + timedelta(days=9))
    assert await store.clean([State.DONE, State.IGNORED], NOW + timedelta(days=8), 100) == 2
    assert [job.seq for job in await store.recent(9)] == [5, 4, 3]
    assert (await store.counts())[State.DEAD] == 1
    with pytest.raises(StoreUnavailable):
        await store.body(1)


async def test_a_second_process_is_refused(store: SqliteStore, path: Path) -> None:
    with pytest.raises(StoreInUse, match="held by process"):
        await SqliteStore(path).open()


def test_a_damaged_file_is_refused_and_not_touched(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database at all, but long enough to have a header" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreCorrupt, match=r"ssot\.db"):
        asyncio.run(SqliteStore(path).open())
    assert path.read_bytes() == before


def overwrite_page(path: Path, number: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[number * 4096 : (number + 1) * 4096] = b"\xa5" * 4096
    path.write_bytes(raw)


async def test_a_damaged_page_is_found_at_start(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    for number in range(200):
        await store.put(delivery(number), NOW)
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    overwrite_page(path, 3)
    with pytest.raises(StoreCorrupt):
        await SqliteStore(path).open()


async def test_an_older_schema_is_brought_up_to_date(path: Path) -> None:
    path.parent.mkdir()
    old = sql.SCHEMA.replace("  not_before  REAL,\n", "")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"{old} PRAGMA user_version = 1;")
        connection.execute("INSERT INTO deliveries (guid, event, received_at) VALUES ('a', 'push', 0)")
        connection.commit()
    store = SqliteStore(path)
    await store.open()
    await store.put(delivery(1), NOW, NOW + timedelta(seconds=9))
    assert [job.not_before for job in await store.queued()] == [None, NOW + timedelta(seconds=9)]
    await store.close()


async def test_a_newer_schema_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreUnavailable, match="newer"):
        await SqliteStore(path).open()


async def test_a_foreign_lock_is_unavailable_and_passes(store: SqliteStore, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            await store.put(delivery(1), NOW)
    assert await store.put(delivery(1), NOW) == Accepted(seq=1)


async def test_a_full_disk_is_unavailable_and_passes(store: SqliteStore, path: Path) -> None:
    await store.put(delivery(1), NOW)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name("ssot.db-wal").stat().st_size, hard))
    try:
        with pytest.raises(StoreUnavailable):
            await store.put(delivery(2), NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert await store.put(delivery(3), NOW) == Accepted(seq=2)
    assert [job.id for job in await store.queued()] == [delivery(1).id, delivery(3).id]


async def test_a_closed_store_takes_nothing(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    await store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.put(delivery(1), NOW)


def test_looking_does_not_create(path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="unable to open"):
        existing(path)
    assert not path.exists()


@pytest.mark.parametrize("url", ["postgresql://host/db", "sqlite:///", "sqlite:/x", ""])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        path_of(url)


@pytest.mark.parametrize(("url", "path"), [("sqlite:///a/b.db", "a/b.db"), ("sqlite:////a/b.db", "/a/b.db")])
def test_paths_of_urls(url: str, path: str) -> None:
    assert path_of(url) == Path(path)
