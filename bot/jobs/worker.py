"""Runs the queue: routes deliveries, claims jobs that may begin, and records how they ended.

Nothing polls for work: the inbox wakes the worker after each commit, and other processes through the store's
notifications.  A slow tick sends the heartbeat and picks up what was missed.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import structlog

from bot.jobs.attempt import Attempt, Running
from bot.jobs.clock import Clock, utc_now
from bot.jobs.model import Handle, Job, Router, State
from bot.jobs.observer import Observer, Quiet
from bot.jobs.order import newest_wins
from bot.jobs.retention import Retention, clean
from bot.jobs.retry import Policy
from bot.jobs.routing import Arrival, Routing
from bot.jobs.store import Claim, Routed, Store, StoreUnavailable

log = structlog.get_logger(__name__)

PATIENCE = 0.1
"""Seconds after which a row without a partition is routed here as well: the process that received it may have died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """``deadline``: how long one run may take; ``grace``: how long it may then take to end.  All in seconds."""

    concurrency: int = 16
    """Jobs at once.  They wait for GitHub most of the time, also for their turn to write: a second apart in each
    installation.  A few more than one installation keeps busy, so that the others go on."""
    deadline: float = 300.0
    grace: float = 5.0
    tick: float = 5.0
    depth: int = 50_000
    """Waiting deliveries above which the inbox accepts no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Counts of what this process received or runs."""

    waiting: int
    running: int
    delayed: int
    """Tasks that are not due yet; they do not count as waiting."""
    oldest: datetime | None
    """When the oldest unfinished delivery arrived."""


class Worker:
    """``start`` after the store is open, ``stop`` before it is closed; pass ``arrived`` and ``full`` to the inbox."""

    def __init__(
        self,
        store: Store,
        *,
        router: Router,
        handle: Handle,
        policy: Policy | None = None,
        limits: WorkerLimits | None = None,
        retention: Retention | None = None,
        observer: Observer | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._store, self._handle, self._clock = store, handle, clock
        self._policy, self._limits = policy or Policy(), limits or WorkerLimits()
        self._retention, self._observer = retention or Retention(), observer or Quiet()
        self._routing = Routing(store, router, self._ended, clock, self._policy.tries)
        self._open: dict[int, Job] = {}
        self._arrivals: dict[int, Arrival] = {}
        self._running: dict[tuple[int, int], tuple[Running, asyncio.Task[None]]] = {}
        """By number and token: a run that was fenced off may still be active when the job runs again."""
        self._due: datetime | None = None
        self._blocked: tuple[int | None, float] = (None, 0.0)
        """The row without a partition that all others wait for, and since when."""
        self._tended = float("-inf")
        self._wake = asyncio.Event()
        self._stopping = False
        self._pump_task: asyncio.Task[None] | None = None

    def arrived(self, job: Job, body: bytes | None, *, left: bool = False) -> None:
        """A queued row exists; called in the event loop, in the order of ``seq``.  ``left``: by an earlier process."""
        self._open[job.seq] = job
        if job.key is None:
            self._arrivals.setdefault(job.seq, Arrival.of(job, body, left=left))
        self._wake.set()

    def full(self) -> bool:
        return len(self._open) >= self._limits.depth

    def stats(self) -> Stats:
        now = self._clock()
        held = self._held()
        waiting = [job for seq, job in self._open.items() if seq not in held]
        due = [job for job in waiting if job.not_before is None or job.not_before <= now]
        unfinished = due + [lease.job for lease, _ in self._running.values()]
        return Stats(
            waiting=len(due),
            running=len(self._running),
            delayed=len(waiting) - len(due),
            oldest=min((job.received_at for job in unfinished), default=None),
        )

    async def run_now(self) -> None:
        """Make every waiting task due at once: for tests and the demo."""
        await self._store.run_now()
        self._open = {seq: replace(job, not_before=None) for seq, job in self._open.items()}
        self._wake.set()

    async def start(self) -> None:
        """Start, and queue what the last process left.  Raises ``StoreUnavailable``."""
        self._store.listen(self._heard)
        for job in await self._store.queued():
            self.arrived(job, None, left=True)
        self._pump_task = asyncio.create_task(self._pump(), name="ssot-worker")
        self._pump_task.add_done_callback(_report)

    @property
    def alive(self) -> bool:
        """Started, not stopped, and not ended by a defect."""
        return self._pump_task is not None and not self._pump_task.done()

    async def stop(self, within: float = 7.0) -> None:
        """Start nothing new; give running jobs a quarter of ``within`` seconds to end, then queue them again."""
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
            if self._loop_time() >= next_tick:
                next_tick = self._loop_time() + self._limits.tick
                await self._guarded("tick", self._tick())
            await self._guarded("routing", self._route_arrivals())
            await self._guarded("claim", self._start_due())
            if self._loop_time() >= next_clean:
                next_clean = self._loop_time() + self._retention.interval
                await self._guarded("clean", clean(self._store, self._retention, self._clock()))
            await self._sleep(next_tick)

    async def _route_arrivals(self) -> None:
        while self._arrivals:
            seq, arrival = next(iter(self._arrivals.items()))
            routed = await self._routing.take(arrival)
            del self._arrivals[seq]
            if routed is not None and seq in self._open:
                self._open[seq] = routed
                self._overtake(Routed(seq=seq, event=routed.event, key=routed.key or "", action=routed.action))

    async def _start_due(self) -> None:
        free = self._limits.concurrency - len(self._running)
        if free <= 0 or self._stopping:
            return
        if not self._in_touch():
            await self._tick()
        claimed = await self._store.claim(free, self._clock())
        self._due = claimed.due
        await self._unblock(claimed.unrouted)
        for job in claimed.ended:
            self._ended(job, job.state)
        for claim in claimed.claims:
            lease = Running(claim.job, self._in_touch)
            task = asyncio.create_task(self._run(lease, claim), name=f"ssot-job-{claim.job.seq}")
            self._running[claim.job.seq, claim.token] = (lease, task)
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
        if await attempt.run(lease, claim):
            self._open.pop(job.seq, None)
        else:
            self._open[job.seq] = job

    def _stopped(self, claim: Claim, task: asyncio.Task[None]) -> None:
        del self._running[claim.job.seq, claim.token]
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("job_not_recorded", seq=claim.job.seq, exc_info=error)

    def _held(self) -> set[int]:
        return {seq for seq, _ in self._running}

    def _ended(self, job: Job, state: State) -> None:
        """A delivery ended without a run."""
        self._open.pop(job.seq, None)
        self._observer.ended(job, state, (self._clock() - job.received_at).total_seconds())

    def _heard(self, routed: Routed | None) -> None:
        if routed is not None:
            self._overtake(routed)
        self._wake.set()

    def _overtake(self, newer: Routed) -> None:
        """Tell the running job that a newer delivery supersedes it."""
        if not newest_wins(newer.event, newer.action):
            return
        for lease, _ in self._running.values():
            job = lease.job
            if job.seq < newer.seq and (job.event, job.key, job.action) == (newer.event, newer.key, newer.action):
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

    async def _tick(self) -> None:
        """Send the heartbeat, queue what was missed, and forget what others have finished."""
        before, began = set(self._open), self._loop_time()
        if not self._in_touch():
            for lease, _ in self._running.values():
                lease.expire()  # others may have the job by now, and it does not come back
        if count := await self._store.heartbeat(self._held()):
            log.warning("taken_over", jobs=count)
        self._tended = began
        for seq in before - await self._store.unfinished():
            self._open.pop(seq, None)

    def _in_touch(self) -> bool:
        """False when others may soon take over our jobs: half of the time is left for the current request."""
        ttl = self._store.ttl
        return ttl is None or self._loop_time() - self._tended < ttl / 2

    async def _guarded(self, during: str, work: Awaitable[object]) -> None:
        try:
            await work
        except StoreUnavailable as error:
            log.warning("store_unavailable", during=during, error=str(error))

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()


def _report(pump: asyncio.Task[None]) -> None:
    """The pump ends by being cancelled; anything else is a defect, which readiness shows as well."""
    if not pump.cancelled() and (error := pump.exception()) is not None:
        log.critical("worker_ended", exc_info=error)
