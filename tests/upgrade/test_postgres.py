"""A new server on the PostgreSQL of an old one, whose queue was its own: procrastinate runs what waits there."""

import asyncio
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from bot.cli.demo import serving, settings_for
from bot.domain.references import Delivery
from bot.jobs import Done, Lease, Outcome, State, Work, store_of, worker_of
from bot.jobs.retention import Retention
from bot.sandbox import Sandbox
from bot.settings import Secret
from bot.storage import Storage
from tests.jobs.conftest import until
from tests.upgrade import restore
from tests.upgrade.test_upgrade import (
    FAR,
    WAITING,
    Upgraded,
    check_contents,
    check_waiting_work,
    opened,
)

_OLD_ROWS = """
INSERT INTO deliveries (guid, event, received_at, state, key, action, attempts, token, worker, next_at, not_before,
                        finished_at, reason) VALUES
('a', 'pull_request', 1, 'running', 'p#1', 'opened', 2, 3, 'host:1:aa', NULL, NULL, NULL, 'KeyError: head'),
('b', 'pull_request', 2, 'queued', 'p#1', 'synchronize', 0, 0, NULL, NULL, NULL, NULL, NULL),
('c', 'pull_request', 3, 'queued', 'p#1', 'synchronize', 0, 0, NULL, NULL, NULL, NULL, NULL),
('d', 'issues', 4, 'queued', 'p#2', 'opened', 1, 1, NULL, 4102444800, NULL, NULL, 'rate limit'),
('e', 'issues', 5, 'queued', 'p#2', 'closed', 0, 0, NULL, NULL, NULL, NULL, NULL),
('f', 'ssot.look', 6, 'queued', 'ssot.look', '', 0, 0, NULL, NULL, 4102444800, NULL, NULL),
('g', 'ssot.look', 7, 'queued', 'ssot.look', '', 0, 0, NULL, NULL, 1, NULL, NULL),
('h', 'push', 8, 'queued', NULL, '', 0, 0, NULL, NULL, NULL, NULL, NULL),
('i', 'push', 9, 'dead', 'p', '', 5, 5, NULL, NULL, NULL, 10, 'failed 5 times'),
('j', 'push', 10, 'done', 'p', '', 1, 1, NULL, NULL, NULL, 11, NULL),
('k', 'push', 11, 'ignored', NULL, '', 0, 0, NULL, NULL, NULL, 12, 'ping');
INSERT INTO bodies SELECT seq, '\\x789c030000000001'::bytea FROM deliveries;
INSERT INTO workers VALUES ('host:1:aa', 1)"""
AGES = Retention(finished=timedelta(days=40_000), dead=timedelta(days=40_000))
"""The rows are from 1970."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return restore.directory(tmp_path / "data")


@pytest.fixture
def old_postgres_url(postgres_url: str) -> str:
    """A database with the tables that the old version made, and its rows."""
    with psycopg.connect(postgres_url, autocommit=True) as connection, closing(connection.cursor()) as cursor:
        cursor.execute((restore.DATA / "postgresql.sql").read_bytes())
        columns = "namespace, key, value, size, version, written_at"
        records = restore.rows("records", f"SELECT {columns} FROM records")  # noqa: S608 - our own names
        cursor.executemany(f"INSERT INTO records ({columns}) VALUES (%s, %s, %s, %s, %s, %s)", records)  # noqa: S608
        documents = restore.rows("ledger", "SELECT name, document FROM ledger")
        cursor.executemany("INSERT INTO ledger VALUES (%s, %s)", documents)
        columns = "seq, guid, event, received_at, key, action, token, next_at, not_before, reason"
        waiting = restore.rows("ssot", f"SELECT {columns} FROM deliveries WHERE state = 'queued' ORDER BY seq")  # noqa: S608
        places = ", ".join(["%s"] * 10)
        into = f"INSERT INTO deliveries ({columns}) OVERRIDING SYSTEM VALUE VALUES ({places})"  # noqa: S608
        cursor.executemany(into, waiting)
        cursor.execute("SELECT setval(pg_get_serial_sequence('deliveries', 'seq'), 10000)")
        cursor.executemany("INSERT INTO bodies VALUES (%s, %s)", restore.rows("ssot", "SELECT seq, body FROM bodies"))
    return postgres_url


async def test_postgresql_keeps_its_tables(old_postgres_url: str) -> None:
    async with opened(old_postgres_url) as storage:
        await check_contents(storage)
    store = store_of(old_postgres_url)
    await store.open()
    waiting = await store.queued()
    await store.close()
    assert {(job.event, job.id, job.key) for job in waiting} >= {row for row in WAITING if row[2]}


async def test_processes_that_start_together_on_old_tables_all_start(old_postgres_url: str) -> None:
    storages = [Storage(old_postgres_url) for _ in range(6)]
    await asyncio.gather(*(storage.open() for storage in storages))
    await check_contents(storages[-1])
    for storage in storages:
        await storage.close()


@pytest.mark.parametrize("version", [1, 2, 3, 4])
async def test_what_waits_is_run_in_its_order_and_at_its_time(postgres_url: str, version: int) -> None:
    """From the queue of our own to procrastinate's; the older versions had fewer columns."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute((restore.DATA / "postgresql.sql").read_bytes())
        connection.execute(_OLD_ROWS.encode())
        if version > 3:
            connection.execute("CREATE TABLE names (id BIGINT PRIMARY KEY, name TEXT NOT NULL)")
        if version < 3:
            connection.execute("ALTER TABLE deliveries DROP COLUMN worker")
        if version < 2:
            connection.execute("ALTER TABLE deliveries DROP COLUMN not_before")
            connection.execute("DELETE FROM deliveries WHERE key = 'ssot.look'")
        connection.execute("UPDATE jobs_schema SET version = %s", (version,))
    ran: list[str] = []

    async def handle(delivery: Delivery, lease: Lease) -> Outcome:
        ran.append(f"{delivery.id} {lease.job.key}")
        return Done()

    async def all_ran() -> bool:
        return len(ran) == (4 if version > 1 else 3) and not worker.stats().running

    stores = [store_of(postgres_url) for _ in range(3)]
    await asyncio.gather(*(store.open() for store in stores))
    worker = worker_of(stores[0], router=lambda *_: Work(key="p"), handle=handle, retention=AGES)
    before = {str(job.id): job for job in await stores[0].recent(99)}
    assert before["a"].state is State.QUEUED
    assert (before["a"].attempts, before["a"].reason) == (2, "KeyError: head")
    await worker.start()
    await until(all_ran, within=20)
    await worker.stop(1)
    jobs = {str(job.id): job for job in await stores[0].recent(99)}
    for store in stores:
        await store.close()
    first = [each for each in ran if each.endswith("#1")]
    assert first == ["a p#1", "c p#1"]
    assert sorted(set(ran) - set(first)) == (["g ssot.look", "h p"] if version > 1 else ["h p"])
    done = {id_ for id_, job in jobs.items() if job.state is State.DONE}
    assert done == {"a", "c", "h", "j", *(["g"] if version > 1 else [])}
    assert jobs["a"].attempts == 3
    assert (jobs["b"].state, jobs["b"].reason) == (State.SUPERSEDED, "by delivery c")
    assert [jobs[id_] for id_ in "ijk"] == [before[id_] for id_ in "ijk"]
    assert (jobs["d"].next_at, jobs["d"].reason, jobs["d"].attempts) == (FAR, "rate limit", 1)
    assert jobs["e"].state is State.QUEUED, "it waits behind the one that waits for its time"
    assert version == 1 or jobs["f"].not_before == FAR


async def test_the_waiting_work_of_a_whole_server_is_done(github: Sandbox, data: Path, old_postgres_url: str) -> None:
    repo = await restore.repository(github)
    settings = replace(settings_for(github, data), database_url=Secret(old_postgres_url))
    async with serving(github, settings) as app:
        await check_waiting_work(Upgraded(github, app, repo))
