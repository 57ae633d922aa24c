"""Finds out, after the acknowledgement, what a delivery is for, and puts it in its lane."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any, assert_never

import structlog

from bot.jobs.clock import Clock
from bot.jobs.lanes import Lanes
from bot.jobs.model import Ignored, Job, Route, Router, State, Unreadable, Work
from bot.jobs.observer import Observer
from bot.jobs.order import Supersedes
from bot.jobs.retry import describe
from bot.jobs.store import Store, StoreCorrupt, StoreUnavailable

log = structlog.get_logger(__name__)

KEEP_BELOW = 1024 * 1024
"""Bytes of body that an arrival keeps in memory; bigger ones are read back from the store."""
INLINE_BELOW = 256 * 1024
"""Bytes of body that are parsed in the event loop; bigger ones are parsed in a thread."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A row that is not in a lane yet."""

    job: Job
    body: bytes | None

    @classmethod
    def of(cls, job: Job, body: bytes | None) -> "Arrival":
        return cls(job, body if body is not None and len(body) < KEEP_BELOW else None)


class Routing:
    """The writes are not awaited: the store keeps their order, and a start routes again what was not recorded."""

    def __init__(
        self,
        store: Store,
        router: Router,
        lanes: Lanes,
        supersedes: Supersedes,
        observer: Observer,
        clock: Clock,
    ) -> None:
        self._store, self._router, self._lanes = store, router, lanes
        self._supersedes, self._observer, self._clock = supersedes, observer, clock

    async def take(self, arrival: Arrival) -> bool:
        """Route one arrival; False when its body cannot be read at the moment."""
        job = arrival.job
        if job.key is not None:
            self._enter(job)
            return True
        try:
            route = await self._route(job.event, arrival.body or await self._store.body(job.seq))
        except StoreCorrupt as error:
            route = Unreadable(reason=f"the stored body is damaged: {error}")
        except StoreUnavailable as error:
            log.warning("store_unavailable", during="routing", delivery=job.id, error=str(error))
            return False
        match route:
            case Work(key=key, action=action):
                _watch(self._store.route(job.seq, route), job)
                self._enter(replace(job, key=key, action=action))
            case Ignored(reason=reason):
                self._settle(job, State.IGNORED, reason)
            case Unreadable(reason=reason):
                log.warning("delivery_unreadable", delivery=job.id, webhook=job.event, reason=reason)
                self._settle(job, State.DEAD, reason)
            case _:
                assert_never(route)
        return True

    def _enter(self, job: Job) -> None:
        for old in self._lanes.waiting(job.key or ""):
            if self._supersedes(job, old):
                self._lanes.drop(old)
                self._settle(old, State.SUPERSEDED, f"by delivery {job.id}")
        self._lanes.add(job)

    def _settle(self, job: Job, state: State, reason: str) -> None:
        now = self._clock()
        _watch(self._store.settle(job.seq, state, reason, now), job)
        self._observer.ended(job, state, (now - job.received_at).total_seconds())

    async def _route(self, event: str, body: bytes) -> Route:
        """The router's answer; a defect in it costs this delivery, not the queue."""
        (answer,) = await asyncio.gather(self._call(event, body), return_exceptions=True)
        if isinstance(answer, Exception):
            log.error("routing_failed", webhook=event, exc_info=answer)
            return Unreadable(reason=describe(answer))
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def _call(self, event: str, body: bytes) -> Route:
        if len(body) < INLINE_BELOW:
            return self._router(event, body)
        return await asyncio.to_thread(self._router, event, body)


def _watch(future: asyncio.Future[Any], job: Job) -> None:
    def report(done: asyncio.Future[Any]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            log.warning("not_recorded", delivery=job.id, error=describe(error))

    future.add_done_callback(report)
