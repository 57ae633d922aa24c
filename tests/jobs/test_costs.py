"""What an acknowledgement costs: statements, looks at the files, transactions, tasks.  Counted, not timed."""

import asyncio
import os
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.jobs import Accepted, Job, SqliteStore, State, StoreUnavailable, Work, checkpoint, writer
from bot.jobs.database import Connection
from bot.jobs.routing import Arrival, Routing
from bot.jobs.sqlite_statements import UNROUTED
from tests.jobs.conftest import delivery

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(sqlite_store: SqliteStore) -> SqliteStore:
    return sqlite_store


async def statements_of(store: SqliteStore) -> list[str]:
    """The first word of each statement that the writer executes from now on."""
    found: list[str] = []

    def watch(connection: Connection) -> None:
        assert isinstance(connection, sqlite3.Connection)
        connection.set_trace_callback(lambda text: found.append(text.split()[0]))

    await store._writer.submit(watch, durable=True)
    found.clear()
    return found


async def test_a_delivery_takes_two_insertions_and_nothing_after_its_commit(store: SqliteStore) -> None:
    statements = await statements_of(store)
    await store.put(delivery(1), NOW)
    assert statements == ["BEGIN", "INSERT", "INSERT", "SELECT", "COMMIT"]


async def test_what_is_written_in_one_turn_of_the_loop_shares_its_statements(store: SqliteStore) -> None:
    statements = await statements_of(store)
    found = await asyncio.gather(*(store.put(delivery(number), NOW) for number in range(32)))
    assert statements.count("INSERT") == 2
    assert [each.seq for each in found] == list(range(1, 33))
    statements.clear()
    await asyncio.gather(*(store.route(each.seq, Work(key=f"repo:1#{each.seq}")) for each in found))
    assert statements.count("WITH") == 1
    claimed = (await store.claim(40, NOW)).claims
    statements.clear()
    assert await asyncio.gather(*(store.finish(claim, State.DONE, None, NOW) for claim in claimed)) == [True] * 32
    assert statements.count("WITH") == 1


async def test_the_files_are_looked_at_once_before_and_once_after_a_group(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: Counter[str] = Counter()
    stat = os.stat

    def counted(name: object, *more: Any, **named: Any) -> os.stat_result:  # noqa: ANN401  # the library's
        if isinstance(name, str) and name.startswith(str(path)):
            looks[name.removeprefix(str(path))] += 1
        return stat(name, *more, **named)  # type: ignore[arg-type]

    await store.put(delivery(1), NOW)
    monkeypatch.setattr(os, "stat", counted)
    await store.put(delivery(2), NOW)
    assert looks == {"": 2, "-wal": 2, "-shm": 2}


async def test_after_several_deliveries_a_group_waits_for_more(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "GATHER", 1.0)
    monkeypatch.setattr(writer, "GATHER_AT_MOST", 1.5)
    statements = await statements_of(store)
    await asyncio.gather(store.put(delivery(1), NOW), store.put(delivery(2), NOW))
    statements.clear()
    third = store.put(delivery(3), NOW)
    await asyncio.sleep(0.2)
    fourth = store.put(delivery(4), NOW)
    await asyncio.gather(third, fourth)
    assert statements.count("COMMIT") == 1


async def test_a_single_sender_waits_for_nobody(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "GATHER", 3600.0)
    monkeypatch.setattr(writer, "GATHER_AT_MOST", 3600.0)
    async with asyncio.timeout(30):
        for number in range(5):
            await store.put(delivery(number), NOW)
            # Work of ours beside it is not a sender.
            await asyncio.gather(store.route(number, Work(key="a")), store.route(number, Work(key="a")))


async def test_the_log_is_begun_anew_while_the_writer_goes_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "SOONER", 20)
    monkeypatch.setattr(checkpoint, "RESET_ABOVE", 100)
    store = SqliteStore(path)
    await store.open()
    log = path.with_name(path.name + "-wal")
    sizes = []
    for number in range(400):
        await store.put(delivery(number), NOW)
        sizes.append(log.stat().st_size)
    await store.close()
    growth = sizes[9] - sizes[4]
    assert max(sizes) < 400 / 5 * growth / 2  # half of what is written
    assert sizes == sorted(sizes)  # it keeps its length, and is written over


async def test_routing_makes_no_task_of_a_delivery() -> None:
    made: list[object] = []

    def count(loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> asyncio.Task[Any]:  # noqa: ANN401  # its
        made.append(work)
        return asyncio.Task(work, loop=loop, **more)

    async def unread(_: int) -> bytes:
        raise AssertionError

    routing = Routing(lambda *_: Work(key="acme/app#1"), unread)
    job = Job(seq=1, id=delivery(1).id, event="pull_request", received_at=NOW)
    asyncio.get_running_loop().set_task_factory(count)
    assert await routing.decide(Arrival.of(job, b"{}")) == Work(key="acme/app#1")
    assert made == []


async def test_writes_of_one_turn_of_the_loop_wake_the_writer_once(store: SqliteStore) -> None:
    handed: list[object] = []
    queue = store._writer._queue

    def put(item: Any) -> None:  # noqa: ANN401  # what the writer puts
        handed.append(item)
        queue.put(item)

    store._writer._queue = cast("Any", SimpleNamespace(put=put, get=queue.get, empty=queue.empty))
    await asyncio.gather(*(store.put(delivery(number), NOW) for number in range(32)))
    assert len(handed) == 1
    await asyncio.gather(store.put(delivery(33), NOW), store.route(1, Work(key="a")))
    assert len(handed) == 2


async def test_no_more_than_so_many_writes_wait(store: SqliteStore) -> None:
    store._writer._max_waiting = 10
    found = await asyncio.gather(*(store.put(delivery(number), NOW) for number in range(15)), return_exceptions=True)
    assert [isinstance(each, StoreUnavailable) for each in found] == [False] * 10 + [True] * 5
    await asyncio.gather(*(store.put(delivery(number), NOW) for number in range(20, 30)))


async def test_what_was_submitted_is_committed_before_the_end(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    written = store.put(delivery(1), NOW)
    await store.close()
    assert isinstance(await written, Accepted)


async def test_what_waits_for_its_partition_has_no_index_of_its_own(store: SqliteStore, path: Path) -> None:
    """It is found in that of the partitions, also where an older version of the program made one."""
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE INDEX deliveries_unrouted ON deliveries (seq) WHERE {UNROUTED}")
    again = SqliteStore(path)
    await again.open()
    await again.close()
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")]
        first = f"SELECT min(seq) FROM deliveries WHERE {UNROUTED}"  # noqa: S608  # a constant
        (plan,) = connection.execute(f"EXPLAIN QUERY PLAN {first}").fetchall()
    assert "deliveries_unrouted" not in names
    assert plan[3] == "SEARCH deliveries USING INDEX deliveries_lane (key=?)"
