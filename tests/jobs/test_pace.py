"""The worker on SQLite under more deliveries than it can follow: what begins, and what is read back.  Counted."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.references import Delivery
from bot.jobs import Done, Lease, Outcome, SqliteStore, State, Work, sqlite_worker
from bot.jobs.database import Connection
from tests.jobs.conftest import Bench, by_body, delivery, states


@pytest.fixture
def store(sqlite_store: SqliteStore) -> SqliteStore:
    return sqlite_store


@pytest.fixture
def bench(store: SqliteStore) -> Bench:
    return Bench(store)


async def test_jobs_begin_before_all_deliveries_are_routed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they arrive faster than they are routed, there is always one more."""
    monkeypatch.setattr(sqlite_worker, "AT_ONCE", 4)
    routed, began = 0, list[int]()

    def route(event: str, body: bytes) -> Work:
        nonlocal routed
        routed += 1
        return by_body(event, body)

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        began.append(routed)
        return Done()

    bench.router, bench.behaviour = route, behave
    bench.build()
    for number in range(100):
        await bench.put(number, b"acme/app#%d opened" % number)
    await bench.worker.start()
    assert states(await bench.settled()) == [State.DONE] * 100
    assert began[0] < 20


async def reads(store: SqliteStore) -> list[str]:
    """The statements that read bodies from now on, in either thread."""
    found: list[str] = []

    def watch(connection: Connection) -> None:
        assert isinstance(connection, sqlite3.Connection)
        connection.set_trace_callback(lambda text: found.append(text) if "body FROM bodies" in text else None)

    await store._writer.submit(watch)
    await store._read(watch)
    return found


async def test_what_has_just_arrived_is_not_read_back(bench: Bench, store: SqliteStore) -> None:
    await bench.start()
    found = await reads(store)
    for number in range(20):
        await bench.put(number, b"acme/app#%d opened" % (number % 3))
    assert states(await bench.settled()) == [State.DONE] * 20
    assert found == []


async def test_what_an_earlier_process_left_is_read_together(bench: Bench, store: SqliteStore, path: Path) -> None:
    large = b"acme/app#1 " + b"x" * 50_000
    for number in range(20):
        await store.put(delivery(number, large if number == 7 else b"acme/app#%d opened" % number), bench.clock())
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE bodies SET body = substr(body, 1, 9) WHERE seq = 3")
        other.commit()
    found = await reads(store)
    await bench.start()
    jobs = await bench.settled()
    assert states(jobs) == [State.DEAD if job.seq == 3 else State.DONE for job in jobs]
    assert max(map(len, bench.ran)) == len(large)
    assert len(found) < 10
