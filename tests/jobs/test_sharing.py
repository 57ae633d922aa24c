"""Several processes on one PostgreSQL: they share the work, keep the order, and take over from one that is gone."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import psycopg
import psycopg.conninfo
import pytest

from bot.domain.references import Delivery
from bot.jobs import Done, Inbox, Lease, Outcome, State, StoreUnavailable, Superseded, Worker, WorkerLimits
from bot.jobs.postgres import PostgresStore
from tests.jobs.conftest import Behaviour, by_body, delivery, states, until

CUT_OFF = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass
class Process:
    """A store, an inbox and a worker, as in a process of its own."""

    store: PostgresStore
    behaviour: Behaviour | None
    limits: WorkerLimits
    ran: list[bytes] = field(default_factory=list)

    async def start(self) -> None:
        self.worker = Worker(self.store, router=by_body, handle=self._handle, limits=self.limits)
        self.inbox = Inbox(self.store, arrived=self.worker.arrived)
        await self.worker.start()

    async def put(self, number: int, body: bytes, event: str = "pull_request") -> None:
        await self.inbox.put(delivery(number, body, event))

    def die(self) -> None:
        """As after ``kill -9``: nothing is recorded any more, and nobody says that it lives."""
        for task in (self.worker._pump_task, *(task for _, task in self.worker._running.values())):
            if task is not None:
                task.cancel()
        self.store._writer._open = False

    async def _handle(self, given: Delivery, lease: Lease) -> Outcome:
        self.ran.append(given.body)
        return await self.behaviour(given, lease) if self.behaviour else Done()


class Fleet:
    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self.url, self._stack = url, stack

    async def __call__(self, behaviour: Behaviour | None = None, *, ttl: float = 20.0, tick: float = 5.0) -> Process:
        store = PostgresStore(self.url, ttl=ttl)
        await store.open()
        self._stack.push_async_callback(store.close)
        process = Process(store, behaviour, WorkerLimits(concurrency=2, tick=tick))
        await process.start()
        self._stack.push_async_callback(process.worker.stop, 1.0)
        return process


@pytest.fixture
async def fleet(postgres_url: str) -> AsyncIterator[Fleet]:
    async with AsyncExitStack() as stack:
        yield Fleet(postgres_url, stack)


async def ended(process: Process, count: int) -> None:
    async def all_ended() -> bool:
        jobs = await process.store.recent(1_000)
        return len(jobs) == count and all(job.state.finished for job in jobs)

    await until(all_ended)


async def test_three_share_the_work_and_keep_the_order_of_each_lane(fleet: Fleet) -> None:
    began: dict[str, list[int]] = defaultdict(list)
    running: set[str] = set()

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        key = lease.job.key or ""
        assert key not in running
        running.add(key)
        began[key].append(lease.job.seq)
        await asyncio.sleep(0.003)
        running.discard(key)
        return Done()

    processes = [await fleet(behave) for _ in range(3)]
    for number in range(60):
        await processes[number % 3].put(number, f"acme/app#{number % 5} {number}".encode())
    await ended(processes[0], 60)
    assert all(seqs == sorted(seqs) for seqs in began.values())
    assert sum(map(len, began.values())) == 60
    assert all(process.ran for process in processes)


async def test_work_is_begun_at_once_by_whoever_is_free(fleet: Fleet) -> None:
    """The notification wakes the other: its tick is far away."""
    gate = asyncio.Event()

    async def wait(given: Delivery, lease: Lease) -> Outcome:
        await gate.wait()
        return Done()

    busy, free = await fleet(wait, tick=3600), await fleet(tick=3600)
    for number in range(2):
        await busy.put(number, f"acme/app#{number}".encode())

    async def all_begun() -> bool:
        return len(busy.ran) + len(free.ran) == 2

    await until(all_begun)
    for number in range(2, 8):
        await busy.put(number, f"acme/app#{number}".encode())

    async def free_did_the_rest() -> bool:
        return len(busy.ran) + len(free.ran) == 8 and len(busy.ran) <= 2

    await until(free_did_the_rest)
    gate.set()
    await ended(free, 8)


async def test_promise_4_another_takes_over_from_one_that_died(fleet: Fleet) -> None:
    async def hang(given: Delivery, lease: Lease) -> Outcome:
        await asyncio.Event().wait()
        return Done()

    dying = await fleet(hang, ttl=0.3, tick=0.05)
    await dying.put(1, b"acme/app#1 first")
    await dying.put(2, b"acme/app#1 second")

    async def it_runs() -> bool:
        return dying.ran == [b"acme/app#1 first"]

    await until(it_runs)
    heir = await fleet(ttl=0.3, tick=0.05)
    died = time.monotonic()
    dying.die()
    await ended(heir, 2)
    assert heir.ran == [b"acme/app#1 first", b"acme/app#1 second"]
    assert time.monotonic() - died < 60
    first = (await heir.store.recent(2))[1]
    assert (first.state, first.attempts) == (State.DONE, 2)


async def test_case_25_a_late_result_is_fenced_off(fleet: Fleet) -> None:
    release, held = asyncio.Event(), list[bool]()

    async def late(given: Delivery, lease: Lease) -> Outcome:
        if len(silent.ran) > 1:
            return Done(summary="in time")
        await release.wait()
        held.append(lease.held())
        return Done(summary="too late")

    async def quick(given: Delivery, lease: Lease) -> Outcome:
        return Done(summary="in time")

    silent = await fleet(late, ttl=0.2, tick=3600)  # it does not say in time that it lives
    await silent.put(1, b"acme/app#1 opened")

    async def it_runs() -> bool:
        return len(silent.ran) == 1

    await until(it_runs)
    heir = await fleet(quick, ttl=0.2, tick=0.05)
    await ended(heir, 1)
    release.set()

    async def it_gave_up() -> bool:
        return not silent.worker.stats().running

    await until(it_gave_up)
    (job,) = await heir.store.recent(1)
    assert (job.state, job.reason, held) == (State.DONE, "in time", [False])


async def test_a_process_that_lost_touch_stops_and_its_work_is_done_later(fleet: Fleet) -> None:
    """It may not write any more, and nobody has taken the job over: it is queued again, not forgotten."""
    runs: list[bool] = []

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        if not runs:
            process.worker._tended -= 3600
        runs.append(lease.held())
        return Done() if runs[-1] else Superseded(reason="out of touch")

    process = await fleet(behave, tick=0.05)
    await process.put(1, b"acme/app#1 opened")
    await ended(process, 1)
    (job,) = await process.store.recent(1)
    assert (runs[0], runs[-1], job.state, job.attempts) == (False, True, State.DONE, 1)


async def test_a_newer_push_is_known_to_whoever_runs_the_older_one(fleet: Fleet) -> None:
    all_sent = asyncio.Event()
    newer: list[bool] = []

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        if given.id == delivery(1).id:
            await all_sent.wait()

            async def newer_waits() -> bool:
                return lease.newer_waits()

            await until(newer_waits)
            newer.append(True)
        return Done()

    first = await fleet(behave)
    await first.put(1, b"acme/app#1 synchronize")

    async def it_runs() -> bool:
        return len(first.ran) == 1

    await until(it_runs)
    second = await fleet(behave)
    await second.put(2, b"acme/app#1 synchronize")
    await second.put(3, b"acme/app#1 synchronize")

    async def both_have_a_lane() -> bool:
        return await second.store.unrouted() == []

    await until(both_have_a_lane)
    all_sent.set()
    await ended(first, 3)
    assert newer == [True]
    assert states((await first.store.recent(3))[::-1]) == [State.DONE, State.SUPERSEDED, State.DONE]


async def test_the_same_guid_at_all_of_them_is_one_job(fleet: Fleet) -> None:
    processes = [await fleet() for _ in range(3)]
    await asyncio.gather(*(process.put(7, b"acme/app#1 opened") for process in processes for _ in range(33)))
    await ended(processes[0], 1)
    assert sum(len(process.ran) for process in processes) == 1


async def test_case_26_a_lost_connection_is_made_again(fleet: Fleet) -> None:
    """What a restart of PostgreSQL does to its clients: nobody outside notices."""
    process = await fleet(tick=0.05)
    with psycopg.connect(fleet.url, autocommit=True) as admin:
        for number in range(1, 4):
            await process.put(number, b"acme/app#1 opened")
            await ended(process, number)
            admin.execute(CUT_OFF)
    assert process.worker.alive


async def test_case_26_without_the_database_it_refuses_and_recovers_by_itself(
    fleet: Fleet, postgres_server: str
) -> None:
    process = await fleet(tick=0.05)
    name = psycopg.conninfo.conninfo_to_dict(fleet.url)["dbname"]
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        admin.execute(CUT_OFF.replace("current_database()", f"'{name}'"))
        with pytest.raises(StoreUnavailable):
            await process.put(1, b"acme/app#1 opened")
        with pytest.raises(StoreUnavailable):
            await process.inbox.check()
        assert process.worker.alive
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    await process.inbox.check()
    await process.put(1, b"acme/app#1 opened")
    await ended(process, 1)
