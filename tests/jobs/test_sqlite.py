"""What is SQLite's own: one process, a file that can be damaged, locked or full."""

import asyncio
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.jobs import Accepted, SqliteStore, StoreCorrupt, StoreInUse, StoreUnavailable, schema, sqlite_guard
from bot.jobs.database import Connection
from bot.jobs.sqlite import path_of
from tests.jobs.conftest import delivery

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path, busy_timeout=0.2)
    await store.open()
    yield store
    await store.close()


async def test_commits_are_durable_and_checkpoints_elsewhere(store: SqliteStore) -> None:
    def pragmas(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "wal_autocheckpoint")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    normal, full = 1, 2
    assert await store._writer.submit(pragmas, durable=True) == ["wal", full, 0]
    assert await store._writer.submit(pragmas) == ["wal", normal, 0]
    assert await store._writer.submit(pragmas, durable=True) == ["wal", full, 0]


async def test_a_second_process_is_refused(store: SqliteStore, path: Path) -> None:
    with pytest.raises(StoreInUse, match="locked by process"):
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
    steps = [step for step in schema.statements(0) if step.strip().startswith("CREATE TABLE")]
    old = ";".join(steps).replace("  not_before  REAL,\n", "  token INTEGER NOT NULL DEFAULT 0,\n")
    old = old.replace("  started_at  REAL,\n", "")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"{old}; PRAGMA user_version = 1;")
        connection.execute("INSERT INTO deliveries (guid, event, received_at) VALUES ('a', 'push', 0)")
        connection.commit()
    store = SqliteStore(path)
    await store.open()
    await store.put(delivery(1), NOW, NOW + timedelta(seconds=9))
    assert [job.not_before for job in await store.queued()] == [None, NOW + timedelta(seconds=9)]
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        columns = {row[1] for row in connection.execute("PRAGMA table_info(deliveries)")}
        assert columns.isdisjoint({"worker", "token"})


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


PASSING = [
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY_DIRECTORY,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_BUSY_SNAPSHOT,
]


@pytest.mark.parametrize("code", PASSING)
async def test_what_the_disk_says_of_itself_is_no_damage(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """A write that failed has changed the files, so they are looked into, on a disk that may still be full."""
    await store.put(delivery(1), NOW)

    def fails(_: sqlite3.Connection) -> list[str]:
        error = sqlite3.OperationalError("as SQLite says it")
        error.sqlite_errorcode = code
        raise error

    async def refused() -> None:
        for number in range(2, 1000):  # a checkpoint that has not ended takes the change for its own
            os.utime(path, (number, number))
            await store.put(delivery(number), NOW)

    with closing(sqlite3.connect(path)) as reader:
        reader.execute("SELECT count(*) FROM deliveries").fetchall()  # it keeps the log as it is
        with monkeypatch.context() as full:
            full.setattr(sqlite_guard, "structural_faults", fails)
            with pytest.raises(StoreUnavailable, match="as SQLite says it"):
                await refused()
        assert isinstance(await store.put(delivery(1000), NOW), Accepted)


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


@pytest.mark.parametrize(("url", "path"), [("sqlite:///a/b.db", "a/b.db"), ("sqlite:////a/b.db", "/a/b.db")])
def test_paths_of_urls(url: str, path: str) -> None:
    assert path_of(url) == Path(path)


def test_a_server_on_sqlite_loads_nothing_of_postgresqls() -> None:
    """Its start and its memory would pay for it."""
    code = (
        "import sys, bot.app, bot.cli.serve; from bot.jobs import store_of, worker_of;"
        "store_of('sqlite:///x.db'); print(sorted({'procrastinate', 'psycopg', 'psycopg_pool'} & {*sys.modules}))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
