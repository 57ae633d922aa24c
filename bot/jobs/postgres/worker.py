"""Runs the queue on PostgreSQL: admits what arrives, and lets procrastinate run it."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import structlog
from procrastinate import PsycopgConnector

from bot.jobs.attempt import Attempt, Running
from bot.jobs.model import Job, State
from bot.jobs.order import newest_wins
from bot.jobs.postgres import claiming
from bot.jobs.postgres.admission import Admission
from bot.jobs.postgres.connection import brief
from bot.jobs.postgres.engine import FAULTS, HEARTBEAT, PAUSE, TTL, Engine, Manager
from bot.jobs.postgres.statements import FencedClaim
from bot.jobs.postgres.store import PostgresStore
from bot.jobs.retention import clean
from bot.jobs.routing import Arrival, Routing
from bot.jobs.store import StoreUnavailable
from bot.jobs.worker import Backlog, Duties, Stats

log = structlog.get_logger(__name__)

MARGIN = timedelta(milliseconds=20)
"""By which the database's clock may be behind ours; beyond it the next look finds what is due."""


class PostgresWorker:
    """See ``Worker``."""

    def __init__(self, store: PostgresStore, duties: Duties) -> None:
        self._store, self._handle, self._clock = store, duties.handle, duties.clock
        store.clock = duties.clock
        self._policy, self._limits = duties.policy, duties.limits
        self._retention, self._observer = duties.retention, duties.observer
        self._backlog = Backlog(self._limits.depth, self._clock)
        self._arrivals: dict[int, Arrival] = {}
        self._running: dict[int, Running] = {}
        """By procrastinate's number."""
        self._engine = Engine(store.url, self._manager, self._run, self._limits.concurrency)
        self._admission = Admission(
            self._engine.manager,
            Routing(duties.router, store.body),
            ended=self._ended,
            routed=self._routed,
            clock=self._clock,
            tries=self._policy.tries,
        )
        self._wake = asyncio.Event()
        self._overtaking = False
        self._pump_task: asyncio.Task[None] | None = None

    def _manager(self, connector: PsycopgConnector) -> Manager:
        return Manager(
            connector,
            clock=self._clock,
            ttl=TTL,
            concurrency=self._limits.concurrency,
            ended=self._all_ended,
            heard=self._heard,
            lost=self._expire,
        )

    # --- the interface ------------------------------------------------------------------------------------------

    def arrived(self, job: Job, body: bytes | None) -> None:
        self._backlog.open[job.seq] = job
        if job.key is None:
            self._arrivals.setdefault(job.seq, Arrival.of(job, body, waiting=len(self._arrivals)))
        self._wake.set()

    def full(self) -> bool:
        return self._backlog.full()

    def stats(self) -> Stats:
        return self._backlog.stats(lease.job for lease in self._running.values())

    @property
    def alive(self) -> bool:
        return self._engine.alive and self._pump_task is not None and not self._pump_task.done()

    async def start(self) -> None:
        for job in await self._store.queued():
            self._backlog.open[job.seq] = job
        await self._engine.start()
        self._pump_task = asyncio.create_task(self._pump(), name="ssot-admission")
        self._pump_task.add_done_callback(_report)

    async def stop(self, within: float = 7.0) -> None:
        if self._pump_task is not None:
            self._pump_task.cancel()
            await asyncio.wait({self._pump_task}, timeout=within / 4)
        await self._engine.stop(within * 3 / 4)

    async def run_now(self) -> None:
        await self._store.run_now()
        self._backlog.all_due()
        self._wake.set()

    # --- what arrives -------------------------------------------------------------------------------------------

    async def _pump(self) -> None:
        now = asyncio.get_running_loop().time
        next_tick = next_clean = now()
        due: float | None = None
        while True:
            self._wake.clear()
            try:
                due = await self._admit()
                if now() >= next_tick:
                    next_tick = now() + self._limits.tick
                    await self._forget()
                if now() >= next_clean:
                    next_clean = now() + self._retention.interval
                    await clean(self._store, self._retention, self._clock())
            except (*FAULTS, StoreUnavailable) as error:
                log.warning("store_unavailable", during="admitting", error=brief(error))
                await asyncio.sleep(PAUSE)
                continue
            wait = min(next_tick - now(), HEARTBEAT)
            if due is not None:
                wait = min(wait, due)
            try:
                async with asyncio.timeout(max(wait, 0.001)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _admit(self) -> float | None:
        """Admit all that waits; the seconds until the next task is due."""
        manager = self._engine.manager
        while True:
            async with manager.pool.connection() as c:
                admitted = await self._admission.admit(c, self._arrivals)
                if self._overtaking:
                    self._overtaking = False
                    await self._overtake(c)
            if not admitted.more:
                return admitted.due
            manager.wake()  # sooner than the database's notification

    def _routed(self, job: Job) -> None:
        self._arrivals.pop(job.seq, None)
        if job.seq in self._backlog.open:
            self._backlog.open[job.seq] = job

    async def _forget(self) -> None:
        """Forget what other servers have finished, and learn of what a tool has queued again."""
        known = set(self._backlog.open)
        for seq in known - await self._store.unfinished(known):
            self._backlog.open.pop(seq, None)
            self._arrivals.pop(seq, None)

    # --- runs ---------------------------------------------------------------------------------------------------

    async def _run(self, claim: FencedClaim) -> None:
        manager, job = self._engine.manager, claim.job
        structlog.contextvars.bind_contextvars(delivery=job.id, webhook=job.event, key=job.key)
        lease = self._running[claim.number] = Running(job, manager.in_touch)
        attempt = Attempt(self._store, self._handle, self._policy, self._limits, self._observer, self._clock)
        try:
            again = await attempt.run(lease, claim)
        finally:
            del self._running[claim.number]
            manager.claims.pop(claim.number, None)
            manager.wake()  # its partition is free
        if again is None:
            self._backlog.open.pop(job.seq, None)
            return
        self._backlog.open[job.seq] = job
        # procrastinate itself would look for it at its next interval.
        asyncio.get_running_loop().call_later((again + MARGIN - self._clock()).total_seconds(), manager.wake)

    def _all_ended(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self._ended(job, job.state)

    def _ended(self, job: Job, state: State) -> None:
        """A delivery ended without a run."""
        self._backlog.open.pop(job.seq, None)
        self._arrivals.pop(job.seq, None)
        self._observer.ended(job, state, self._backlog.age(job))

    def _expire(self) -> None:
        """Others have our jobs, and they do not come back."""
        for lease in self._running.values():
            lease.expire()

    def _heard(self) -> None:
        if any(newest_wins(lease.job.event, lease.job.action) for lease in self._running.values()):
            self._overtaking = True
            self._wake.set()

    async def _overtake(self, c: claiming.Connection) -> None:
        """Tell the running jobs that newer ones supersede them."""
        leases = {
            number: lease for number, lease in self._running.items() if newest_wins(lease.job.event, lease.job.action)
        }
        for number in await claiming.overtaken(c, list(leases)):
            leases[number].overtaken()


def _report(pump: asyncio.Task[None]) -> None:
    """It ends by being cancelled; anything else is a defect, which readiness shows as well."""
    if not pump.cancelled() and (error := pump.exception()) is not None:
        log.critical("worker_ended", exc_info=error)
