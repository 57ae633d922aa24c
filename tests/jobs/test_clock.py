"""The wall clock jumps while the server runs."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import RetryLater
from bot.domain.references import Delivery
from bot.jobs import Done, Lease, Outcome, State
from bot.jobs.clock import SetBack
from bot.jobs.opening import AnyStore
from bot.jobs.sqlite_worker import SqliteWorker
from bot.jobs.worker import WorkerLimits
from tests.jobs.conftest import Bench, delivery, states, until


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("jump", [timedelta(hours=-5), timedelta(hours=5), timedelta()])
async def test_what_waits_for_a_moment_waits_no_longer_when_the_clock_is_set_back(
    bench: Bench, store: AnyStore, jump: timedelta
) -> None:
    """On PostgreSQL it is the database's clock that counts, and other servers' clocks go on."""
    moved = timedelta()

    def now() -> datetime:
        return datetime.now(UTC) + moved

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        if given.body.startswith(b"repo:1#1") and len(bench.ran) == 1:
            raise RetryLater(at=now() + timedelta(seconds=1), reason="in a moment")
        return Done()

    bench.behaviour, bench.clock, bench.limits = behave, now, WorkerLimits(tick=0.05)
    bench.build()
    assert isinstance(bench.worker, SqliteWorker)
    bench.worker._set_back = SetBack(wall=lambda: now().timestamp())
    await bench.worker.start()
    await bench.put(1, b"repo:1#1 opened")

    async def waits() -> bool:
        return ["in a moment" in (job.reason or "") for job in await store.queued()] == [True]

    await until(waits)
    moved = jump
    await bench.put(2, b"repo:1#1 closed")  # of the same partition: it waits for the first
    assert states(await bench.settled()) == [State.DONE, State.DONE]
    assert bench.ran == [b"repo:1#1 opened", b"repo:1#1 opened", b"repo:1#1 closed"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("wrong", [timedelta(hours=-5), timedelta(hours=5)])
async def test_a_wait_is_as_long_as_it_was_meant_on_a_server_whose_clock_is_wrong(
    bench: Bench, wrong: timedelta
) -> None:
    """The database's clock counts, which all servers share."""

    def now() -> datetime:
        return datetime.now(UTC) + wrong

    began: list[tuple[bytes, float]] = []

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        began.append((given.body, time.monotonic()))
        if given.body == b"repo:1#1 opened" and len(began) == 1:
            raise RetryLater(at=now() + timedelta(seconds=1), reason="in a moment")
        return Done()

    bench.behaviour, bench.clock = behave, now
    await bench.start()
    sent = time.monotonic()
    await bench.put(1, b"repo:1#1 opened")
    task = delivery(2, b"repo:1#2 later", event="ssot.task")
    await bench.inbox.put(task, not_before=now() + timedelta(seconds=1.5))
    assert states(await bench.settled()) == [State.DONE, State.DONE]
    assert [body for body, _ in began] == [b"repo:1#1 opened", b"repo:1#1 opened", b"repo:1#2 later"]
    assert [round(at - sent, 1) >= least for (_, at), least in zip(began, [0.0, 1.0, 1.5], strict=True)] == [True] * 3


def test_a_clock_that_is_adjusted_is_not_set_back() -> None:
    wall, monotonic = 1000.0, 0.0
    watch = SetBack(wall=lambda: wall, monotonic=lambda: monotonic)
    found = []
    for wall_, monotonic_ in [(1010.0, 10.0), (1019.0, 20.0), (5000.0, 30.0), (1040.0, 40.0), (1050.0, 50.0)]:
        wall, monotonic = wall_, monotonic_
        found.append(watch.seconds())
    assert found == [0.0, 0.0, 0.0, 3970.0, 0.0]
