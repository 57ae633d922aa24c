"""Several servers on one PostgreSQL: they share the work, keep the order, and take over from one that is gone."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg
import psycopg.conninfo
import pytest

from bot.domain.errors import RetryLater
from bot.domain.references import Delivery
from bot.jobs import Done, Inbox, Lease, Outcome, State, StoreUnavailable, Superseded, WorkerLimits
from bot.jobs.opening import AnyStore
from bot.jobs.postgres import PostgresStore, PostgresWorker, claiming
from bot.jobs.postgres.engine import FETCHED
from bot.jobs.postgres.statements import FencedClaim
from bot.jobs.worker import Duties
from tests.jobs.conftest import Behaviour, by_body, delivery, states, until

CUT_OFF = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Server:
    """A store, an inbox and a worker, as in a process of its own."""

    store: PostgresStore
    behaviour: Behaviour | None
    limits: WorkerLimits
    ran: list[bytes] = field(default_factory=list)

    async def start(self) -> None:
        self.worker = PostgresWorker(self.store, Duties(router=by_body, handle=self._handle, limits=self.limits))
        self.inbox = Inbox(self.store, arrived=self.worker.arrived)
        await self.worker.start()

    async def put(self, number: int, body: bytes, event: str = "pull_request") -> None:
        await self.inbox.put(delivery(number, body, event))

    def is_silent(self, admin: "psycopg.Connection[object]", seconds: int = 60) -> None:
        """As if its last heartbeats had not come, and it had slept meanwhile."""
        worker = self.worker._engine._worker.worker_id
        self.worker._engine.manager._beaten -= seconds
        admin.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - make_interval(secs => %s)"
            " WHERE id = %s",
            (seconds, worker),
        )

    async def _handle(self, given: Delivery, lease: Lease) -> Outcome:
        self.ran.append(given.body)
        return await self.behaviour(given, lease) if self.behaviour else Done()


class Fleet:
    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self.url, self._stack = url, stack

    async def __call__(self, behaviour: Behaviour | None = None, *, tick: float = 5.0, concurrency: int = 2) -> Server:
        store = PostgresStore(self.url)
        await store.open()
        self._stack.push_async_callback(store.close)
        server = Server(store, behaviour, WorkerLimits(concurrency=concurrency, tick=tick))
        await server.start()
        self._stack.push_async_callback(server.worker.stop, 1.0)
        return server


@pytest.fixture
async def fleet(postgres_url: str) -> AsyncIterator[Fleet]:
    async with AsyncExitStack() as stack:
        yield Fleet(postgres_url, stack)


async def ended(store: AnyStore, count: int) -> None:
    async def all_ended() -> bool:
        jobs = await store.recent(1_000)
        return len(jobs) == count and all(job.state.finished for job in jobs)

    await until(all_ended, within=30)


async def test_three_share_the_work_and_keep_the_order_of_each_partition(fleet: Fleet) -> None:
    began: dict[str, list[int]] = defaultdict(list)
    running: set[str] = set()

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        key = lease.job.key or ""
        assert key not in running
        running.add(key)
        began[key].append(lease.job.seq)
        await asyncio.sleep(0.02)
        running.discard(key)
        return Done()

    servers = [await fleet(behave) for _ in range(3)]
    for number in range(60):
        await servers[number % 3].put(number, f"acme/app#{number % 5} {number}".encode())
    await ended(servers[0].store, 60)
    assert all(seqs == sorted(seqs) for seqs in began.values())
    assert sum(map(len, began.values())) == 60
    assert all(server.ran for server in servers)


async def test_work_is_begun_at_once_by_whoever_is_free(fleet: Fleet) -> None:
    """The notification wakes the others: their next look is far away."""
    gate = asyncio.Event()

    async def wait(given: Delivery, lease: Lease) -> Outcome:
        await gate.wait()
        return Done()

    busy = await fleet(wait, tick=3600)
    for number in range(2):
        await busy.put(number, f"acme/app#{number}".encode())

    async def all_begun() -> bool:
        return len(busy.ran) == 2

    await until(all_begun)
    free = await fleet(tick=3600)
    for number in range(2, 8):
        await busy.put(number, f"acme/app#{number}".encode())

    async def free_did_the_rest() -> bool:
        return len(free.ran) == 6

    await until(free_did_the_rest)
    gate.set()
    await ended(free.store, 8)
    assert len(busy.ran) == 2


async def test_a_job_is_handed_on_when_its_server_stops(fleet: Fleet) -> None:
    async def hang(given: Delivery, lease: Lease) -> Outcome:
        await asyncio.Event().wait()
        return Done()

    stopping = await fleet(hang)
    await stopping.put(1, b"acme/app#1 opened")

    async def it_runs() -> bool:
        return len(stopping.ran) == 1

    await until(it_runs)
    heir = await fleet()
    began = time.monotonic()
    await stopping.worker.stop(0.3)
    await ended(heir.store, 1)
    assert time.monotonic() - began < 1.5, "nobody waits for the next look"
    (job,) = await heir.store.recent(1)
    assert (job.state, job.attempts) == (State.DONE, 1)


async def test_case_25_a_late_result_is_fenced_off_and_the_worker_registers_anew(fleet: Fleet) -> None:
    release, held = asyncio.Event(), list[bool]()

    async def late(given: Delivery, lease: Lease) -> Outcome:
        if given.id != delivery(1).id:
            return Done()
        await release.wait()
        held.append(lease.held())
        return Done(summary="too late")

    silent = await fleet(late)
    await silent.put(1, b"acme/app#1 opened")

    async def it_runs() -> bool:
        return len(silent.ran) == 1

    await until(it_runs)
    before = silent.worker._engine._worker.worker_id
    heir = await fleet(lambda *_: _done("in time"))
    with psycopg.connect(fleet.url, autocommit=True) as admin:
        silent.is_silent(admin)
        await ended(heir.store, 1)
    release.set()

    async def it_gave_up_and_is_back() -> bool:
        worker = silent.worker._engine._worker.worker_id
        return not silent.worker.stats().running and worker not in (None, before)

    await until(it_gave_up_and_is_back)
    (job,) = await heir.store.recent(1)
    assert (job.state, job.reason, job.attempts, held) == (State.DONE, "in time", 2, [False])
    await heir.worker.stop(1.0)
    await silent.put(2, b"acme/app#1 opened")
    await ended(heir.store, 2)
    assert silent.ran[1:] == [b"acme/app#1 opened"]


async def _done(summary: str) -> Outcome:
    return Done(summary=summary)


async def test_a_server_that_lost_touch_stops_and_its_work_is_done_later(fleet: Fleet) -> None:
    """It may not write any more, and nobody has taken the job over: it is queued again, however old it is."""
    held: list[bool] = []

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        if not held:
            server.worker._engine.manager._beaten -= 3600
        held.append(lease.held())
        if len(held) == 1:
            return Superseded(reason="out of touch")
        if len(held) == 2:
            server.worker._engine.manager._beaten -= 3600
            assert not lease.held()
            raise RetryLater(datetime.now(UTC), "out of touch")
        return Done()

    server = await fleet(behave, tick=0.05)
    long_ago = datetime.now(UTC) - timedelta(days=3)
    await server.store.put(delivery(1), long_ago)
    await ended(server.store, 1)
    (job,) = await server.store.recent(1)
    assert (held, job.state, job.attempts) == ([False, True, True], State.DONE, 1)


async def test_an_end_counts_only_for_who_holds_the_job_in_this_attempt(fleet: Fleet) -> None:
    """Whoever else ends or queues it again finds nothing; procrastinate's own functions would."""
    server = await fleet()
    store = server.store
    stopped = asyncio.Event()

    async def hold(given: Delivery, lease: Lease) -> Outcome:
        await stopped.wait()
        return Done(summary="rightly")

    server.behaviour = hold
    await server.put(1, b"acme/app#1 opened")

    async def it_runs() -> bool:
        return bool(server.worker._engine.manager.claims) and len(server.ran) == 1

    await until(it_runs)
    (claim,) = server.worker._engine.manager.claims.values()
    for worker, attempt in ((claim.worker + 1, claim.attempt), (claim.worker, claim.attempt - 1)):
        other = FencedClaim(
            job=claim.job,
            attempts=claim.attempts,
            delivery=claim.delivery,
            number=claim.number,
            worker=worker,
            attempt=attempt,
        )
        assert not await store.finish(other, State.DEAD, "wrongly", NOW)
        assert not await store.requeue(other, None, "wrongly", counts=True)
    stopped.set()
    await ended(store, 1)
    assert [(job.state, job.reason, job.attempts) for job in await store.recent(1)] == [(State.DONE, "rightly", 1)]


async def test_a_claim_whose_answer_was_lost_is_run(fleet: Fleet) -> None:
    """The database says that we hold it, and nobody told us."""
    server = await fleet()
    lost: list[int] = []
    manager = server.worker._engine.manager
    fetch = manager._fetch

    async def once(worker: int) -> None:
        await fetch(worker)
        if manager._ready and not lost:
            lost.append(manager._ready.pop().number)
            del manager.claims[lost[0]]
            manager._unsure = True

    manager._fetch = once  # type: ignore[method-assign]
    await server.put(1, b"acme/app#1 opened")
    await ended(server.store, 1)
    assert (len(lost), server.ran) == (1, [b"acme/app#1 opened"])
    assert [job.attempts for job in await server.store.recent(1)] == [1]


async def test_a_busy_server_fetches_several_jobs_at_once_and_an_idle_one_leaves_them_to_others(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []
    take = claiming.take

    async def counted(c: claiming.Connection, worker: int, now: datetime, most: int) -> claiming.Taken:
        asked.append((len(server.worker._engine.manager.claims), most))
        return await take(c, worker, now, most)

    monkeypatch.setattr(claiming, "take", counted)
    server = await fleet(concurrency=20)
    all_run = asyncio.Event()

    async def hold(given: Delivery, lease: Lease) -> Outcome:
        if len(server.ran) == 20:
            all_run.set()
        await all_run.wait()
        return Done()

    server.behaviour = hold
    await asyncio.gather(*(server.put(number, b"acme/app#%d opened" % number) for number in range(20)))
    await ended(server.store, 20)
    assert {most for held, most in asked if held == 0} == {1}
    assert max(most for _, most in asked) == FETCHED
    assert len(server.ran) == 20


async def test_what_was_fetched_and_has_not_begun_is_queued_again_at_the_end(fleet: Fleet) -> None:
    """Nothing ran, so no attempt counts."""
    server = await fleet(concurrency=1)
    manager = server.worker._engine.manager
    stopped = asyncio.Event()

    async def hold(given: Delivery, lease: Lease) -> Outcome:
        async with manager.pool.connection() as c, c.transaction():
            taken = await claiming.take(c, next(iter(manager.claims.values())).worker, NOW, 2)
        manager.claims.update({claim.number: claim for claim in taken.claims})
        manager._ready.extend(taken.claims)
        stopped.set()
        return Done()

    server.behaviour = hold
    await asyncio.gather(*(server.put(number, b"acme/app#%d opened" % number) for number in range(3)))
    await stopped.wait()
    await server.worker.stop(within=1.0)
    jobs = await server.store.recent(3)
    assert sorted((job.state, job.attempts) for job in jobs) == [(State.DONE, 1), (State.QUEUED, 0), (State.QUEUED, 0)]


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

    async def both_have_a_partition() -> bool:
        return all(job.key for job in await second.store.queued())

    await until(both_have_a_partition)
    all_sent.set()
    await ended(first.store, 3)
    assert newer == [True]
    assert states((await first.store.recent(3))[::-1]) == [State.DONE, State.SUPERSEDED, State.DONE]


async def test_the_same_guid_at_all_of_them_is_one_job(fleet: Fleet) -> None:
    servers = [await fleet() for _ in range(3)]
    await asyncio.gather(*(server.put(7, b"acme/app#1 opened") for server in servers for _ in range(33)))
    await ended(servers[0].store, 1)
    assert sum(len(server.ran) for server in servers) == 1


async def test_case_26_a_lost_connection_is_made_again(fleet: Fleet) -> None:
    """What a restart of PostgreSQL does to its clients: nobody outside notices."""
    server = await fleet(tick=0.05)
    with psycopg.connect(fleet.url, autocommit=True) as admin:
        for number in range(1, 4):
            await server.put(number, b"acme/app#1 opened")
            await ended(server.store, number)
            admin.execute(CUT_OFF)
    assert server.worker.alive


async def test_case_26_without_the_database_it_refuses_and_recovers_by_itself(
    fleet: Fleet, postgres_server: str
) -> None:
    server = await fleet(tick=0.05)
    name = psycopg.conninfo.conninfo_to_dict(fleet.url)["dbname"]
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        admin.execute(CUT_OFF.replace("current_database()", f"'{name}'"))
        with pytest.raises(StoreUnavailable):
            await server.put(1, b"acme/app#1 opened")
        with pytest.raises(StoreUnavailable):
            await server.inbox.check()
        assert server.worker.alive
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    await server.inbox.check()
    await server.put(1, b"acme/app#1 opened")
    await ended(server.store, 1)
