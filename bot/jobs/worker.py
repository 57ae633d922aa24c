"""Runs the queue: routes what arrives, starts what is due, and records how it ended.

Nothing polls for work: the inbox wakes the worker with each commit.  A slow tick remains, for rows that another
process queued again (``ssot jobs retry``) and for a wall clock that was set.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from bot.jobs.attempt import Attempt, Running
from bot.jobs.clock import Clock, utc_now
from bot.jobs.delay import Delayed
from bot.jobs.lanes import Lanes
from bot.jobs.model import Handle, Job, Router
from bot.jobs.observer import Observer, Quiet
from bot.jobs.order import Supersedes, newest_wins
from bot.jobs.retention import Retention, clean
from bot.jobs.retry import Policy
from bot.jobs.routing import Arrival, Routing
from bot.jobs.store import Store, StoreUnavailable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """``deadline`` is what one run may take, ``grace`` what it gets to end itself after that.  All in seconds."""

    concurrency: int = 4
    deadline: float = 300.0
    grace: float = 5.0
    tick: float = 5.0
    depth: int = 50_000
    """Waiting deliveries above which the inbox takes no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    waiting: int
    running: int
    delayed: int
    """Errands whose own time has not come; they do not count as waiting."""
    oldest: datetime | None
    """When the oldest unfinished delivery came."""


class Worker:
    """``start`` after the store is open, ``stop`` before it is closed; pass ``arrived`` and ``full`` to the inbox."""

    def __init__(
        self,
        store: Store,
        *,
        router: Router,
        handle: Handle,
        supersedes: Supersedes = newest_wins,
        policy: Policy | None = None,
        limits: WorkerLimits | None = None,
        retention: Retention | None = None,
        observer: Observer | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._store, self._handle, self._supersedes, self._clock = store, handle, supersedes, clock
        self._policy, self._limits = policy or Policy(), limits or WorkerLimits()
        self._retention, self._observer = retention or Retention(), observer or Quiet()
        self._lanes = Lanes()
        self._delayed = Delayed()
        self._routing = Routing(store, router, self._lanes, supersedes, self._observer, clock)
        self._arrivals: dict[int, Arrival] = {}
        self._running: dict[int, tuple[Job, asyncio.Task[None]]] = {}
        self._wake = asyncio.Event()
        self._pump_task: asyncio.Task[None] | None = None

    def arrived(self, job: Job, body: bytes | None) -> None:
        """A queued row exists; called in the event loop, in the order of ``seq``."""
        if any(job.seq in known for known in (self._arrivals, self._running, self._lanes, self._delayed)):
            return
        if job.not_before is not None and job.not_before > self._clock():
            self._delayed.add(job)
        else:
            self._arrivals[job.seq] = Arrival.of(job, body)
        self._wake.set()

    def hasten(self) -> None:
        """Let no errand wait for its time: for tests and the demo."""
        self._release(None)
        self._wake.set()

    def full(self) -> bool:
        return len(self._lanes) + len(self._arrivals) >= self._limits.depth

    def stats(self) -> Stats:
        unfinished = [job for job, _ in self._running.values()]
        unfinished += [*self._lanes, *(arrival.job for arrival in self._arrivals.values())]
        return Stats(
            waiting=len(unfinished) - len(self._running),
            running=len(self._running),
            delayed=len(self._delayed),
            oldest=min((job.received_at for job in unfinished), default=None),
        )

    def newer_waits(self, job: Job) -> bool:
        """Is a delivery queued that makes this running one pointless?"""
        return job.key is not None and any(self._supersedes(other, job) for other in self._lanes.waiting(job.key))

    async def start(self) -> None:
        """Take up what the last process left.  Raises ``StoreUnavailable``."""
        await self._adopt()
        self._pump_task = asyncio.create_task(self._pump(), name="ssot-worker")
        self._pump_task.add_done_callback(_report)

    @property
    def alive(self) -> bool:
        """Started, not stopped, and not ended by a defect."""
        return self._pump_task is not None and not self._pump_task.done()

    async def stop(self, within: float = 7.0) -> None:
        """Start nothing new; give the running jobs half of ``within`` seconds to end, then queue them again."""
        if self._pump_task is not None:
            self._pump_task.cancel()
            await asyncio.wait({self._pump_task})
        tasks = {task for _, task in self._running.values()}
        if tasks:
            _, tasks = await asyncio.wait(tasks, timeout=within / 2)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=within / 2)

    async def _adopt(self) -> None:
        """Take in the queued rows that we do not know of."""
        for job in await self._store.queued():
            self.arrived(job, None)

    async def _pump(self) -> None:
        next_tick = self._loop_time() + self._limits.tick
        next_clean = self._loop_time()
        while True:
            self._release(self._clock())
            await self._route_arrivals()
            self._start_due()
            await self._sleep(next_tick)
            if self._loop_time() >= next_tick:
                next_tick = self._loop_time() + self._limits.tick
                await self._tick()
            if self._loop_time() >= next_clean:
                next_clean = self._loop_time() + self._retention.interval
                await self._clean()

    def _release(self, now: datetime | None) -> None:
        for job in self._delayed.due(now):
            self._arrivals[job.seq] = Arrival.of(job, None)

    async def _route_arrivals(self) -> None:
        while self._arrivals:
            # It stays known while it is routed, and stays first when its body cannot be read now.
            seq, arrival = next(iter(self._arrivals.items()))
            if not await self._routing.take(arrival):
                return
            del self._arrivals[seq]
            self._start_due()

    def _start_due(self) -> None:
        while len(self._running) < self._limits.concurrency and (job := self._lanes.take(self._clock())):
            task = asyncio.create_task(self._run(job), name=f"ssot-job-{job.seq}")
            self._running[job.seq] = (job, task)
            task.add_done_callback(partial(self._ended, job))

    async def _run(self, job: Job) -> None:
        structlog.contextvars.bind_contextvars(delivery=job.id, webhook=job.event, key=job.key)
        lease = Running(job, self.newer_waits)
        attempt = Attempt(self._store, self._handle, self._policy, self._limits, self._observer, self._clock)
        if (again := await attempt.run(lease)) is not None:
            self._lanes.add(again)

    def _ended(self, job: Job, task: asyncio.Task[None]) -> None:
        del self._running[job.seq]
        if job.key is not None:
            self._lanes.free(job.key)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("job_not_recorded", seq=job.seq, exc_info=error)

    async def _sleep(self, until: float) -> None:
        wait = until - self._loop_time()
        times = [self._delayed.wake_at()]
        if len(self._running) < self._limits.concurrency:
            times.append(self._lanes.wake_at())
        for at in filter(None, times):
            wait = min(wait, (at - self._clock()).total_seconds())
        if wait > 0:
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                return
        self._wake.clear()

    async def _tick(self) -> None:
        try:
            if await self._store.changed_elsewhere():
                await self._adopt()
        except StoreUnavailable as error:
            log.warning("store_unavailable", during="tick", error=str(error))

    async def _clean(self) -> None:
        try:
            await clean(self._store, self._retention, self._clock())
        except StoreUnavailable as error:
            log.warning("store_unavailable", during="clean", error=str(error))

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()


def _report(pump: asyncio.Task[None]) -> None:
    """The pump ends by being cancelled; anything else is a defect, which readiness shows as well."""
    if not pump.cancelled() and (error := pump.exception()) is not None:
        log.critical("worker_ended", exc_info=error)
