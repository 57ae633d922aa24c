"""Routes a delivery after the acknowledgement: parses it and assigns its partition."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, assert_never

import structlog

from bot.jobs.clock import Clock
from bot.jobs.model import Ignored, Job, Route, Router, State, Unreadable, Work
from bot.jobs.retry import describe
from bot.jobs.store import Store, StoreCorrupt

log = structlog.get_logger(__name__)

KEEP_BELOW = 1024 * 1024
"""Bytes of body that an arrival keeps in memory; bigger ones are read back from the store."""
LONGEST_KEY = 500
"""Characters; an index holds at most about 2,700 bytes.  GitHub's names are below 150."""
INLINE_BELOW = 256 * 1024
"""Bytes of body that are parsed in the event loop; bigger ones are parsed in a thread."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A row that has no partition yet."""

    job: Job
    body: bytes | None
    left: bool = False
    """An earlier process left it; routing it may have been its end."""

    @classmethod
    def of(cls, job: Job, body: bytes | None, *, left: bool = False) -> "Arrival":
        return cls(job, body if body is not None and len(body) < KEEP_BELOW else None, left)


class Routing:
    """The writes are not awaited: the store keeps their order, and what was not recorded is routed again.

    ``ended`` is called for each delivery that needs no run.  ``tries``: the times that routing one may end the process.
    """

    def __init__(
        self, store: Store, router: Router, ended: Callable[[Job, State], None], clock: Clock, tries: int
    ) -> None:
        self._store, self._router, self._ended, self._clock, self._tries = store, router, ended, clock, tries

    async def take(self, arrival: Arrival) -> Job | None:
        """The job with its partition; ``None`` when there is nothing to do.

        Raises ``StoreUnavailable`` when its body cannot be read now.
        """
        job = arrival.job
        # Not of each that arrives: a process that dies of one leaves it to the next.
        if arrival.left and await self._store.begin_routing(job.seq) > self._tries:
            self._settle(job, State.DEAD, f"the process died {self._tries} times while this was read")
            return None
        match await self._route(arrival):
            case Work(key=key) as work if not _storable(key):
                self._settle(job, State.DEAD, f"not a valid partition: {work.key!r:.100}")
            case Work(key=key, action=action) as work:
                _watch(self._store.route(job.seq, work), job)
                return replace(job, key=key, action=action)
            case Ignored(reason=reason):
                self._settle(job, State.IGNORED, reason)
            case Unreadable(reason=reason):
                log.warning("delivery_unreadable", delivery=job.id, webhook=job.event, reason=reason)
                self._settle(job, State.DEAD, reason)
            case other:
                assert_never(other)
        return None

    def _settle(self, job: Job, state: State, reason: str) -> None:
        _watch(self._store.settle(job.seq, state, reason, self._clock()), job)
        self._ended(job, state)

    async def _route(self, arrival: Arrival) -> Route:
        """The router's answer; a defect in it costs this delivery, not the queue."""
        job = arrival.job
        try:
            body = arrival.body or await self._store.body(job.seq)
        except StoreCorrupt as error:
            return Unreadable(reason=f"the stored body is damaged: {error}")
        (answer,) = await asyncio.gather(self._call(job.event, body), return_exceptions=True)
        if isinstance(answer, Exception):
            log.error("routing_failed", webhook=job.event, exc_info=answer)
            return Unreadable(reason=describe(answer))
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def _call(self, event: str, body: bytes) -> Route:
        if len(body) < INLINE_BELOW:
            return self._router(event, body)
        return await asyncio.to_thread(self._router, event, body)


def _storable(key: str) -> bool:
    whole = "\0" not in key and not any("\ud800" <= character <= "\udfff" for character in key)
    return whole and len(key) <= LONGEST_KEY


def _watch(future: asyncio.Future[Any], job: Job) -> None:
    def report(done: asyncio.Future[Any]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            log.warning("not_recorded", delivery=job.id, error=describe(error))

    future.add_done_callback(report)
