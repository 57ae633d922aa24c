"""Routes a delivery after the acknowledgement: parses it and finds its partition."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from bot.jobs.model import Job, Route, Router, Unreadable, Work
from bot.jobs.retry import describe
from bot.jobs.sql import storable
from bot.jobs.store import StoreCorrupt

log = structlog.get_logger(__name__)

KEEP_BELOW, MOST_KEPT = 40 * 1024, 400
"""Bytes of body that an arrival keeps in memory, and how many do; others are read back from the store."""
LONGEST_KEY = LONGEST_NAME = 500
"""Characters; an index holds at most about 2,700 bytes.  GitHub's names are below 150."""
INLINE_BELOW = 256 * 1024
"""Bytes of body that are parsed in the event loop; bigger ones are parsed in a thread."""

TURN = 0.001
"""Seconds for which deliveries are read one after the other before the event loop does other work."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A row that has no partition yet."""

    job: Job
    body: bytes | None
    left: bool = False
    """An earlier process left it; routing it may have been its end."""

    @classmethod
    def of(cls, job: Job, body: bytes | None, *, waiting: int = 0, left: bool = False) -> "Arrival":
        """``waiting``: how many others do, with their bodies in memory."""
        keep = body is not None and len(body) < KEEP_BELOW and waiting < MOST_KEPT
        return cls(job, body if keep else None, left)


class Routing:
    """``body`` reads a body back.  What could not be recorded is routed again: the router is pure."""

    def __init__(self, router: Router, body: Callable[[int], Awaitable[bytes]]) -> None:
        self._router, self._body = router, body
        self._resumed = float("-inf")

    async def decide(self, arrival: Arrival) -> Route:
        """The router's answer; a defect in it costs this delivery, not the queue.

        Raises ``StoreUnavailable`` when the body cannot be read now.
        """
        job = arrival.job
        try:
            body = arrival.body or await self._body(job.seq)
        except StoreCorrupt as error:
            return Unreadable(reason=f"the stored body is damaged: {error}")
        answer = await self._answer(job.event, body)
        match answer:
            case Work(key=key) if not _storable(key):
                answer = Unreadable(reason=f"not a valid partition: {key!r:.100}")
            case Work():
                answer = _as_stored(answer)
            case Exception():
                log.error("routing_failed", webhook=job.event, exc_info=answer)
                return Unreadable(reason=describe(answer))
        if isinstance(answer, Unreadable):
            log.warning("delivery_unreadable", delivery=job.id, webhook=job.event, reason=answer.reason)
        return answer

    async def _let_others(self) -> None:
        """Who sends meanwhile gets the acknowledgement soon; a pause after each delivery would cost more than it."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._resumed >= TURN:
            await asyncio.sleep(0)
            self._resumed = loop.time()

    async def _answer(self, event: str, body: bytes) -> Route | Exception:
        """Without a task of its own: there is one answer for each delivery."""
        try:
            if len(body) < INLINE_BELOW:
                await self._let_others()
                return self._router(event, body)
            return await asyncio.to_thread(self._router, event, body)
        except Exception as error:  # noqa: BLE001  # whatever the defect is
            return error


def ended_the_process(tries: int) -> Unreadable:
    """What becomes of a delivery whose routing began so often and never ended."""
    return Unreadable(reason=f"the process died {tries} times while this was read")


def _as_stored(work: Work) -> Work:
    """What it says beside its partition is for people, and no reason to refuse it."""
    repository = work.repository and (work.repository[0], _shown(work.repository[1]))
    return replace(work, action=_shown(work.action), repository=repository)


def _shown(text: str) -> str:
    return (storable(text) or "")[:LONGEST_NAME]


def _storable(key: str) -> bool:
    whole = "\0" not in key and not any("\ud800" <= character <= "\udfff" for character in key)
    return whole and len(key) <= LONGEST_KEY
