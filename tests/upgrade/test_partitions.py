"""Rows that version 3 queued in partitions by name: the same order and no run twice, by the repository's id."""

import asyncio
import json
import sqlite3
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.domain.references import Delivery
from bot.jobs import Done, Lease, Outcome, State, Work, store_of, worker_of
from bot.jobs.opening import AnyStore
from tests.jobs.conftest import until

VERSION_3 = """
CREATE TABLE deliveries (
  seq {serial}, guid TEXT NOT NULL UNIQUE, event TEXT NOT NULL, received_at {real} NOT NULL,
  state TEXT NOT NULL DEFAULT 'queued', key TEXT, action TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0,
  token INTEGER NOT NULL DEFAULT 0, worker TEXT, next_at {real}, not_before {real}, finished_at {real}, reason TEXT);
CREATE TABLE bodies (seq {integer} PRIMARY KEY, body {blob} NOT NULL);
CREATE TABLE workers (id TEXT PRIMARY KEY, seen_at {real} NOT NULL);
CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), count {integer} NOT NULL);
CREATE INDEX deliveries_unfinished ON deliveries (seq) WHERE state IN ('queued', 'running');
CREATE INDEX deliveries_lane ON deliveries (key, seq) WHERE state IN ('queued', 'running');
CREATE UNIQUE INDEX deliveries_running ON deliveries (key) WHERE state = 'running';
"""
"""The tables as version 3 made them."""
SQLITE = {"serial": "INTEGER PRIMARY KEY AUTOINCREMENT", "integer": "INTEGER", "real": "REAL", "blob": "BLOB"}
POSTGRESQL = {
    "serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    "integer": "BIGINT",
    "real": "DOUBLE PRECISION",
    "blob": "BYTEA",
}
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2126, 3, 1, 13, tzinfo=UTC)
"""Also by the clock of a database, which counts on PostgreSQL."""
Row = dict[str, Any]


def row(guid: str, key: str | None, name: str = "acme/app", number: int = 77, **fields: object) -> Row:
    """A delivery of the repository ``number``, which was called ``name`` then."""
    body = json.dumps({"installation": {"id": 5}, "repository": {"id": number, "full_name": name}}).encode()
    return {"guid": guid, "event": "pull_request", "key": key, "body": zlib.compress(body), **fields}


ROWS = (
    row("ran", "acme/app#7", action="opened", state="running", attempts=1, token=4, worker="gone"),
    row("pushed", "acme/app#7", action="labeled", attempts=1, next_at=NOW.timestamp() - 1),
    row("renamed", "acme/renamed#7", name="acme/renamed", action="reopened"),
    row("beside", "acme/renamed#8", name="acme/renamed", action="opened"),
    row("other", "zeta/app#7", name="zeta/app", number=78, action="opened"),
    row("trackers", "acme/app ssot.trackers"),
    row("tracker", "ssot.tracker acme/app#1", event="ssot.tracker", not_before=LATER.timestamp()),
    row("preview", "ssot.preview", event="ssot.preview", action="acme/app#7", not_before=LATER.timestamp()),
    row("queue", f"acme/renamed@{'a' * 40}", name="acme/renamed", action="checks_requested"),
    {**row("sweep", "ssot.sweep", event="ssot.sweep"), "body": zlib.compress(b"{}")},
    row("unrouted", None),
    row("dead", "acme/app#9", state="dead", finished_at=NOW.timestamp(), reason="a defect"),
)
EXPECTED = {
    "ran": "repo:77#7", "pushed": "repo:77#7", "renamed": "repo:77#7", "beside": "repo:77#8", "other": "repo:78#7",
    "trackers": "repo:77 ssot.trackers", "tracker": "ssot.tracker repo:77#1", "preview": "ssot.preview",
    "queue": f"repo:77@{'a' * 40}", "sweep": "ssot.sweep", "unrouted": None,
}  # fmt: skip


def fill_sqlite(path: Path, rows: tuple[Row, ...]) -> str:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(VERSION_3.format(**SQLITE) + "PRAGMA user_version=3;")
        for each in rows:
            columns = {"received_at": NOW.timestamp(), **{k: v for k, v in each.items() if k != "body"}}
            marks = ", ".join("?" * len(columns))
            insert = f"INSERT INTO deliveries ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our own names
            connection.execute(insert, [*columns.values()])
            connection.execute("INSERT INTO bodies VALUES (last_insert_rowid(), ?)", [each["body"]])
    return f"sqlite:///{path}"


def fill_postgresql(url: str, rows: tuple[Row, ...]) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(VERSION_3.format(**POSTGRESQL).encode())
        connection.execute("CREATE TABLE jobs_schema (version INTEGER NOT NULL)")
        connection.execute("INSERT INTO jobs_schema VALUES (3)")
        for each in rows:
            columns = {"received_at": NOW.timestamp(), **{k: v for k, v in each.items() if k != "body"}}
            marks = ", ".join(["%s"] * len(columns))
            insert = f"INSERT INTO deliveries ({', '.join(columns)}) VALUES ({marks}) RETURNING seq"  # noqa: S608
            made = connection.execute(insert.encode(), [*columns.values()]).fetchone()
            connection.execute("INSERT INTO bodies VALUES (%s, %s)", [made and made[0], each["body"]])
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def upgraded(
    kind: str, request: pytest.FixtureRequest, path: Path, rows: tuple[Row, ...] = ROWS
) -> AsyncIterator[AnyStore]:
    """This version's store on the old rows."""
    if kind == "sqlite":
        url = fill_sqlite(path / "ssot.db", rows)
    else:
        url = fill_postgresql(str(request.getfixturevalue("postgres_url")), rows)
    store = store_of(url)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def by_guid(store: AnyStore) -> dict[str, Any]:
    return {str(job.id): job for job in await store.recent(100)}


async def test_unfinished_rows_are_in_the_partition_of_their_repository(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with upgraded(kind, request, tmp_path) as store:
        jobs = await by_guid(store)
    assert {guid: jobs[guid].key for guid in EXPECTED} == EXPECTED
    assert jobs["preview"].action == "repo:77#7"
    assert jobs["tracker"].not_before == LATER
    assert jobs["renamed"].place == "acme/renamed#7"
    assert jobs["ran"].place == "acme/renamed#7", "the name that it has now"
    assert jobs["dead"].key == "acme/app#9", "what has ended stays as it was"


async def run_all(store: AnyStore, expected: set[str]) -> list[str]:
    """Run what is due at ``NOW``; the ids in the order in which they began."""
    ran: list[str] = []
    running: set[str] = set()

    async def handle(delivery: Delivery, lease: Lease) -> Outcome:
        key = lease.job.key or ""
        assert key not in running
        running.add(key)
        ran.append(str(delivery.id))
        await asyncio.sleep(0.01)
        running.discard(key)
        return Done()

    async def all_ran() -> bool:
        return {id_ for id_, job in (await by_guid(store)).items() if job.state is State.DONE} == expected

    worker = worker_of(
        store, router=lambda *_: Work(key="repo:77#7", action="edited"), handle=handle, clock=lambda: NOW
    )
    await worker.start()
    try:
        await until(all_ran, within=20)
    finally:
        await worker.stop(1)
    return ran


async def test_the_order_is_kept_and_nothing_runs_twice(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The run that broke off comes first, then what waited behind it, then what came under the new name."""
    async with upgraded(kind, request, tmp_path) as store:
        ran = await run_all(store, {*EXPECTED} - {"tracker", "preview"})
        assert (await by_guid(store))["ran"].attempts == 2
    assert [guid for guid in ran if EXPECTED[guid] == "repo:77#7" or guid == "unrouted"] == [
        "ran", "pushed", "renamed", "unrouted",
    ]  # fmt: skip
    assert sorted(ran) == sorted({*EXPECTED} - {"tracker", "preview"})


async def test_two_runs_under_two_names_of_one_repository_go_on_one_after_the_other(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    both = (
        row("a", "acme/app#7", state="running", attempts=1, token=1, worker="gone"),
        row("b", "acme/renamed#7", name="acme/renamed", state="running", attempts=1, token=1, worker="gone"),
    )
    async with upgraded(kind, request, tmp_path, both) as store:
        assert await run_all(store, {"a", "b"}) == ["a", "b"]


async def test_a_dead_job_that_is_retried_is_routed_anew(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with upgraded(kind, request, tmp_path) as store:
        dead = (await by_guid(store))["dead"]
        assert await store.retry(dead.seq)
        assert [str(job.id) for job in await store.queued() if job.key is None] == ["unrouted", "dead"]


async def test_a_row_whose_body_is_damaged_is_routed_anew(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    damaged = ({**row("damaged", "acme/app#7"), "body": b"no zlib"}, row("sound", "acme/app#7"))
    async with upgraded(kind, request, tmp_path, damaged) as store:
        jobs = await by_guid(store)
    assert (jobs["damaged"].key, jobs["sound"].key) == (None, "repo:77#7")
