"""One run of one job: run the handler, record the result."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Generic, Protocol, TypeVar, assert_never

import structlog

from bot import memory
from bot.domain.errors import Gone, RetryLater
from bot.domain.references import Delivery
from bot.jobs.clock import Clock
from bot.jobs.model import Done, Handle, Ignored, Job, Outcome, State, Superseded, Unreadable
from bot.jobs.observer import Observer
from bot.jobs.retry import Again, GiveUp, Policy, decide, describe
from bot.jobs.store import Claim, StoreCorrupt, StoreUnavailable

log = structlog.get_logger(__name__)
T = TypeVar("T")
C_contra = TypeVar("C_contra", bound=Claim, contravariant=True)
K = TypeVar("K", bound=Claim)

STORE_PAUSE = 1.0
"""Seconds between two tries to record a result while the database accepts no writes."""


class Running:
    """The lease of a running job."""

    def __init__(self, job: Job, in_touch: Callable[[], bool] = lambda: True) -> None:
        self._job, self._in_touch = job, in_touch
        self._newer, self._held = False, True

    @property
    def job(self) -> Job:
        return self._job

    def held(self) -> bool:
        return self._held and self._in_touch()

    def newer_waits(self) -> bool:
        return self._newer

    def overtaken(self) -> None:
        """A newer delivery supersedes this one."""
        self._newer = True

    def expire(self) -> None:
        self._held = False


class Limits(Protocol):
    @property
    def deadline(self) -> float: ...
    @property
    def grace(self) -> float: ...


class Recorder(Protocol[C_contra]):
    """Where runs are recorded."""

    def finish(self, claim: C_contra, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]:
        """End a running delivery; False when the claim was fenced off."""
        ...

    async def body(self, seq: int) -> bytes:
        """Raises ``StoreUnavailable``, and ``StoreCorrupt`` for a body that is damaged."""
        ...

    def requeue(self, claim: C_contra, next_at: datetime | None, reason: str, *, counts: bool) -> asyncio.Future[bool]:
        """Queue a running delivery again; the attempt counts only if ``counts``."""
        ...


class Attempt(Generic[K]):
    """Runs one claimed job and records its result."""

    def __init__(
        self,
        store: Recorder[K],
        handle: Handle,
        policy: Policy,
        limits: Limits,
        observer: Observer,
        clock: Clock,
    ) -> None:
        self._store, self._handle, self._policy = store, handle, policy
        self._limits, self._observer, self._clock = limits, observer, clock

    async def run(self, lease: Running, claim: K) -> datetime | None:
        """When the job may run again; ``None`` when it has ended."""
        job = claim.job
        if claim.attempts > self._policy.deaths:
            # The tries were used up by runs that recorded nothing: the process died during each.
            await self._finish(job, claim, State.DEAD, self._worn_out(job))
            return None
        self._observer.started(job, self._age(job))
        try:
            async with memory.work() as work:
                result = await self._whole_result(lease, claim, work)
        except asyncio.CancelledError:
            await self._store.requeue(claim, None, "the server stopped", counts=False)
            raise
        if isinstance(result, Superseded | RetryLater) and not lease.held():
            # It stopped because our heartbeat was late: nobody has done the work, and however old it is, it goes on.
            await self._recorded(lambda: self._store.requeue(claim, None, result.reason, counts=False))
            return self._clock()
        return await self._record(job, claim, result)

    async def _whole_result(self, lease: Running, claim: K, work: memory.Holding) -> Outcome | BaseException:
        """A large body is read once it is its turn: those of all jobs at once would be too much."""
        if not claim.large:
            return await self._result(lease, claim.delivery)
        try:
            await work.take(memory.SMALL + 1)
            body = await self._body(claim.job.seq)
        except (RetryLater, StoreCorrupt) as error:
            return error
        return await self._result(lease, replace(claim.delivery, body=body))

    async def _body(self, seq: int) -> bytes:
        while True:
            try:
                return await self._store.body(seq)
            except StoreCorrupt:
                raise
            except StoreUnavailable as error:
                log.warning("store_unavailable", during="read", error=str(error))
                await asyncio.sleep(STORE_PAUSE)

    async def _result(self, lease: Running, delivery: Delivery) -> Outcome | BaseException:
        """What the handler returned or raised; ``TimeoutError`` after its deadline, whatever it does later."""
        task = asyncio.ensure_future(_call(self._handle, delivery, lease))
        try:
            await asyncio.wait({task}, timeout=self._limits.deadline)
            in_time = task.done()
        finally:
            if not task.done():
                lease.expire()
                task.cancel()
                await asyncio.wait({task}, timeout=self._limits.grace)
        if not task.done():
            log.error("handler_abandoned", grace=self._limits.grace)
            task.add_done_callback(_retrieve)
        if not in_time:
            _retrieve(task)
            return TimeoutError(f"no result within {self._limits.deadline:g} s")
        if task.cancelled():
            return asyncio.CancelledError("the handler cancelled itself")
        return task.exception() or task.result()

    async def _record(self, job: Job, claim: K, result: Outcome | BaseException) -> datetime | None:
        match result:
            case Done(summary=summary):
                await self._finish(job, claim, State.DONE, summary)
            case Ignored(reason=reason):
                await self._finish(job, claim, State.IGNORED, reason)
            case Superseded(reason=reason):
                await self._finish(job, claim, State.SUPERSEDED, reason)
            case Unreadable(reason=reason):
                log.warning("delivery_unreadable", reason=reason)
                await self._finish(job, claim, State.DEAD, reason)
            case Gone():
                await self._finish(job, claim, State.DONE, describe(result))
            case BaseException():
                return await self._failed(job, claim, result)
            case _:
                assert_never(result)
        return None

    async def _failed(self, job: Job, claim: K, error: BaseException) -> datetime | None:
        decision = decide(
            error, attempts=claim.attempts, received_at=job.received_at, now=self._clock(), policy=self._policy
        )
        match decision:
            case GiveUp(reason=reason):
                log.error("dead_letter", attempts=claim.attempts, reason=reason, exc_info=error)
                await self._finish(job, claim, State.DEAD, reason)
                return None
            case Again(at=at, reason=reason, counts=counts):
                log.warning("retry", attempts=claim.attempts, at=at.isoformat(), exc_info=error if counts else None)
                self._observer.failed(job, reason)
                await self._recorded(lambda: self._store.requeue(claim, at, reason, counts=counts))
                return at
            case _:
                assert_never(decision)

    async def _finish(self, job: Job, claim: K, state: State, reason: str | None) -> None:
        now = self._clock()
        if await self._recorded(lambda: self._store.finish(claim, state, reason, now)):
            self._observer.ended(job, state, self._age(job))
        else:
            log.warning("fenced_off", state=state)

    async def _recorded(self, write: Callable[[], Awaitable[T]]) -> T:
        """The write's result, however long the store is unavailable: the job holds its partition until then."""
        while True:
            try:
                return await write()
            except StoreUnavailable as error:
                log.warning("store_unavailable", during="record", error=str(error))
                await asyncio.sleep(STORE_PAUSE)

    def _worn_out(self, job: Job) -> str:
        last = f"; before that: {job.reason}" if job.reason else ""
        return f"the process died during {job.attempts} runs{last}"

    def _age(self, job: Job) -> float:
        return (self._clock() - job.received_at).total_seconds()


async def _call(handle: Handle, delivery: Delivery, lease: Running) -> Outcome:
    return await handle(delivery, lease)


def _retrieve(task: asyncio.Future[Outcome]) -> None:
    """Fetch the exception of an abandoned task, so that asyncio does not report it as never retrieved."""
    if task.done() and not task.cancelled():
        task.exception()
