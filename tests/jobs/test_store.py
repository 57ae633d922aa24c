"""What a store promises, on both databases: durable, ordered, fenced, and plain about its faults."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import SettingsError
from bot.jobs import Accepted, Duplicate, StoreUnavailable
from bot.jobs.database import Connection
from bot.jobs.opening import AnyStore, existing, store_of
from tests.jobs.conftest import Opener, delivery

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_what_was_put_is_there_after_a_restart(opened: Opener) -> None:
    first = await opened()
    assert isinstance(await first.put(delivery(1, b"\x00\xff body"), NOW), Accepted)
    await first.close()
    second = await opened()
    assert isinstance(await second.put(delivery(1), NOW), Duplicate)
    now = datetime.now(UTC)
    assert isinstance(await second.put(delivery(2), now, now + timedelta(minutes=9)), Accepted)
    jobs = await second.queued()
    assert [(job.received_at, job.not_before is None) for job in jobs] == [(NOW, True), (now, False)]
    # By the database's clock on PostgreSQL, when the statement arrives there.
    waits = (jobs[1].not_before or now) - now
    assert timedelta(minutes=9) <= waits < timedelta(minutes=10)
    assert await second.body(jobs[0].seq) == b"\x00\xff body"
    assert await second.known([delivery(n).id for n in range(1000)]) == {delivery(1).id, delivery(2).id}


async def test_waiting_writes_share_a_commit(store: AnyStore) -> None:
    entered, go_on, commits = threading.Event(), threading.Event(), 0

    def block(_: Connection) -> None:
        entered.set()
        go_on.wait(5)

    def committed(_: int) -> None:
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


async def test_of_deliveries_written_together_a_faulty_one_fails_alone(store: AnyStore) -> None:
    before, faulty = store.put(delivery(1), NOW), store.put(delivery(2, event="\ud800"), NOW)
    again, after = store.put(delivery(1), NOW), store.put(delivery(3), NOW)
    with pytest.raises(UnicodeEncodeError):
        await faulty
    assert isinstance(await after, Accepted)
    assert await again == Duplicate(seq=(await before).seq)


async def test_a_faulty_write_fails_alone(store: AnyStore) -> None:
    def fault(_: Connection) -> None:
        raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    good, bad, also = store.put(delivery(1), NOW), store._writer.submit(fault), store.put(delivery(2), NOW)
    with pytest.raises(UnicodeEncodeError):
        await bad
    assert isinstance(await good, Accepted)
    assert isinstance(await also, Accepted)


async def test_a_closed_store_takes_nothing(opened: Opener) -> None:
    store = await opened()
    await store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.put(delivery(1), NOW)


def test_looking_creates_nothing(database: str) -> None:
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=r"cannot be opened|does not exist"):
            existing(database)


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite:///", "sqlite:/x", ""])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        store_of(url)
