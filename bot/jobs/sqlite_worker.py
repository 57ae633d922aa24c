"""Runs the queue on SQLite: routes deliveries, claims jobs that may begin, and records how they ended.

One process has the file, so nothing polls and nobody else has to be told: the inbox wakes the worker after each commit.
A slow tick picks up what a tool changed.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, assert_never

import structlog

from bot.jobs.attempt import Attempt, Running
from bot.jobs.clock import SetBack
from bot.jobs.model import Ignored, Job, Route, State, Unreadable, Work
from bot.jobs.order import newest_wins
from bot.jobs.retention import clean
from bot.jobs.retry import describe
from bot.jobs.routing import KEEP_BELOW, MOST_KEPT, Arrival, Routing, ended_the_process
from bot.jobs.sqlite import SqliteStore
from bot.jobs.store import Claim, StoreUnavailable
from bot.jobs.worker import Backlog, Duties, Stats

log = structlog.get_logger(__name__)

PATIENCE = 0.1
"""Seconds after which a row without a partition is read again: its partition could not be recorded."""
AT_ONCE = 64
"""Deliveries that are routed before jobs are begun again."""
PAUSE = 1.0
"""Seconds before the next try while the database accepts no writes."""


class SqliteWorker:
    """See ``Worker``."""

    def __init__(self, store: SqliteStore, duties: Duties) -> None:
        self._store, self._handle, self._clock = store, duties.handle, duties.clock
        self._policy, self._limits = duties.policy, duties.limits
        self._retention, self._observer = duties.retention, duties.observer
        self._routing = Routing(duties.router, store.body)
        self._backlog = Backlog(self._limits.depth, self._clock)
        self._arrivals: dict[int, Arrival] = {}
        self._bodies: dict[int, bytes] = {}
        """Of routed deliveries that wait: they need not be read back."""
        self._running: dict[int, tuple[Running, asyncio.Task[None]]] = {}
        self._set_back = SetBack()
        self._due: datetime | None = None
        self._blocked: tuple[int | None, float] = (None, 0.0)
        """The row without a partition that all others wait for, and since when."""
        self._unsure = False
        """The answer to a claim was lost: jobs may be marked as running that are not."""
        self._fault = False
        self._wake = asyncio.Event()
        self._stopping = False
        self._pump_task: asyncio.Task[None] | None = None

    def arrived(self, job: Job, body: bytes | None, *, left: bool = False) -> None:
        """See ``Worker``.  ``left``: by an earlier process."""
        self._backlog.open[job.seq] = job
        if job.key is None:
            kept = len(self._arrivals) + len(self._bodies)
            self._arrivals.setdefault(job.seq, Arrival.of(job, body, waiting=kept, left=left))
        self._wake.set()

    def full(self) -> bool:
        return self._backlog.full()

    def stats(self) -> Stats:
        return self._backlog.stats(lease.job for lease, _ in self._running.values())

    async def run_now(self) -> None:
        await self._store.run_now()
        self._backlog.all_due()
        self._wake.set()

    async def start(self) -> None:
        for job in await self._store.queued():
            self.arrived(job, None, left=True)
        self._pump_task = asyncio.create_task(self._pump(), name="ssot-worker")
        self._pump_task.add_done_callback(_report)

    @property
    def alive(self) -> bool:
        return self._pump_task is not None and not self._pump_task.done()

    async def stop(self, within: float = 7.0) -> None:
        if self._pump_task is not None:
            # Not cancelled at once: a claim that was just made has to be recorded here.
            self._stopping = True
            self._wake.set()
            await asyncio.wait({self._pump_task}, timeout=within / 4)
            self._pump_task.cancel()
            await asyncio.wait({self._pump_task})
        tasks = {task for _, task in self._running.values()}
        if tasks:
            _, tasks = await asyncio.wait(tasks, timeout=within / 4)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=within / 2)

    async def _pump(self) -> None:
        next_tick = next_clean = self._loop_time()
        while not self._stopping:
            self._wake.clear()
            self._fault = False
            if self._loop_time() >= next_tick:
                next_tick = self._loop_time() + self._limits.tick
                await self._guarded("tick", self._forget())
                if seconds := self._set_back.seconds():
                    log.warning("clock_set_back", seconds=round(seconds))
                    await self._guarded("tick", self._store.set_back(seconds))
            await self._guarded("routing", self._route_arrivals())
            await self._guarded("claim", self._start_due())
            if self._loop_time() >= next_clean:
                next_clean = self._loop_time() + self._retention.interval
                await self._guarded("clean", clean(self._store, self._retention, self._clock()))
            if self._fault and not self._stopping:
                await asyncio.sleep(PAUSE)  # whatever is due: the next try would fail as well
            else:
                await self._sleep(next_tick)

    async def _route_arrivals(self) -> None:
        """Of those that wait, the first ``AT_ONCE``: then jobs begin, however fast others arrive."""
        for seq, arrival in (await self._next_arrivals()).items():
            route = await self._decide(arrival)
            del self._arrivals[seq]
            job = arrival.job
            # Not awaited: the store keeps the order of writes, and what was not recorded is routed again.
            match route:
                case Work():
                    _watch(self._store.route(seq, route), job)
                    if arrival.body is not None and len(self._bodies) < MOST_KEPT:
                        self._bodies[seq] = arrival.body
                    if newest_wins(job.event, route.action):
                        self._overtake(job, route)
                case Ignored(reason=reason):
                    self._settle(job, State.IGNORED, reason)
                case Unreadable(reason=reason):
                    self._settle(job, State.DEAD, reason)
                case _:
                    assert_never(route)
        if self._arrivals:
            self._wake.set()

    async def _next_arrivals(self) -> dict[int, Arrival]:
        """Bodies that are no longer in memory are read together."""
        arrivals = dict(islice(self._arrivals.items(), AT_ONCE))
        if unread := [seq for seq, arrival in arrivals.items() if arrival.body is None]:
            for seq, body in (await self._store.bodies_below(KEEP_BELOW, unread)).items():
                arrivals[seq] = replace(arrivals[seq], body=body)
        return arrivals

    async def _decide(self, arrival: Arrival) -> Route:
        # Not of each that arrives: a process that dies of one leaves it to the next.
        tries = self._policy.tries
        if arrival.left and await self._store.begin_routing(arrival.job.seq) > tries:
            return ended_the_process(tries)
        return await self._routing.decide(arrival)

    def _settle(self, job: Job, state: State, reason: str) -> None:
        _watch(self._store.settle(job.seq, state, reason, self._clock()), job)
        self._ended(job, state)

    async def _start_due(self) -> None:
        free = self._limits.concurrency - len(self._running)
        if free <= 0 or self._stopping:
            return
        if self._unsure:
            await self._store.release(self._running)
        self._unsure = True
        claimed = await self._store.claim(free, self._clock(), self._bodies)
        self._unsure = False
        self._due = claimed.due
        await self._unblock(claimed.unrouted)
        for job in claimed.ended:
            self._ended(job, job.state)
        for claim in claimed.claims:
            self._bodies.pop(claim.job.seq, None)
            lease = Running(claim.job)
            task = asyncio.create_task(self._run(lease, claim), name=f"ssot-job-{claim.job.seq}")
            self._running[claim.job.seq] = (lease, task)
            task.add_done_callback(partial(self._stopped, claim))

    async def _unblock(self, unrouted: int | None) -> None:
        if unrouted != self._blocked[0]:
            self._blocked = (unrouted, self._loop_time())
        elif unrouted is not None and self._loop_time() - self._blocked[1] >= PATIENCE:
            for job in await self._store.unrouted():
                self.arrived(job, None)

    async def _run(self, lease: Running, claim: Claim) -> None:
        job = claim.job
        structlog.contextvars.bind_contextvars(delivery=job.id, webhook=job.event, key=job.key)
        attempt = Attempt(self._store, self._handle, self._policy, self._limits, self._observer, self._clock)
        if await attempt.run(lease, claim) is None:
            self._backlog.open.pop(job.seq, None)
        else:
            self._backlog.open[job.seq] = job

    def _stopped(self, claim: Claim, task: asyncio.Task[None]) -> None:
        del self._running[claim.job.seq]
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("job_not_recorded", seq=claim.job.seq, exc_info=error)

    def _ended(self, job: Job, state: State) -> None:
        """A delivery ended without a run."""
        self._backlog.open.pop(job.seq, None)
        self._bodies.pop(job.seq, None)
        self._observer.ended(job, state, self._backlog.age(job))

    def _overtake(self, newer: Job, work: Work) -> None:
        """Tell the running job that a newer delivery supersedes it."""
        for lease, _ in self._running.values():
            job = lease.job
            if job.seq < newer.seq and (job.event, job.key, job.action) == (newer.event, work.key, work.action):
                lease.overtaken()

    async def _sleep(self, until: float) -> None:
        wait = until - self._loop_time()
        if len(self._running) < self._limits.concurrency and self._due is not None:
            wait = min(wait, (self._due - self._clock()).total_seconds())
        if self._blocked[0] is not None:
            wait = min(wait, PATIENCE)
        if wait > 0:
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                return

    async def _forget(self) -> None:
        """Forget what a tool has ended, and begin what one has queued again."""
        known = set(self._backlog.open)
        for seq in known - await self._store.unfinished(known):
            self._backlog.open.pop(seq, None)
            self._bodies.pop(seq, None)

    async def _guarded(self, during: str, work: Awaitable[object]) -> None:
        try:
            await work
        except StoreUnavailable as error:
            self._fault = True
            log.warning("store_unavailable", during=during, error=str(error))

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()


def _report(pump: asyncio.Task[None]) -> None:
    """The pump ends by being cancelled; anything else is a defect, which readiness shows as well."""
    if not pump.cancelled() and (error := pump.exception()) is not None:
        log.critical("worker_ended", exc_info=error)


def _watch(future: asyncio.Future[Any], job: Job) -> None:
    def report(done: asyncio.Future[Any]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            log.warning("not_recorded", delivery=job.id, error=describe(error))

    future.add_done_callback(report)
