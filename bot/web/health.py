"""Whether the server can accept deliveries."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from bot.jobs import Inbox, StoreUnavailable, Worker
from bot.storage import StorageUnavailable

log = structlog.get_logger(__name__)

NO_WORKER = "the worker is not running"
FRESH = 1.0
"""Seconds for which a result is reused, so that nobody can make the server write to disk at will."""

ANSWERED_WITHIN = 2.5
"""Seconds for which a check waits: a database may be frozen, and answer nothing."""


async def _answers() -> None:
    return


class Readiness:
    """Tries a durable write, at most once in ``FRESH`` seconds.

    ``scanner`` says why nothing can be scanned; ``None`` when it can.  ``records`` returns when what the bot keeps
    beside its inbox can be used, and raises ``StorageUnavailable`` otherwise.
    """

    def __init__(
        self,
        inbox: Inbox,
        worker: Worker,
        scanner: Callable[[], str | None],
        records: Callable[[], Awaitable[None]] = _answers,
    ) -> None:
        self._inbox, self._worker, self._scanner = inbox, worker, scanner
        self._inbox_check = Check(inbox.check, "the database accepts no writes")
        self._records_check = Check(records, "the records cannot be used")

    async def fault(self) -> str | None:
        """Why the server is not ready, in a constant phrase (the log has the details); ``None`` when it is."""
        if not self._worker.alive:
            return NO_WORKER
        if (fault := self._scanner()) is not None:
            return fault
        inbox, records = await asyncio.gather(self._inbox_check.fault(), self._records_check.fault())
        return inbox or records

    async def refusal(self) -> str | None:
        """Why a delivery would be stored in vain, apart from what storing it tells.

        Not for the scanner: until it is back, what was stored waits.
        """
        return None if self._worker.alive and await self._records_check.is_sound_now() else "not ready"


class Check:
    """A check, and what it found last.  ``phrase`` says of a fault what everybody may know."""

    def __init__(self, check: Callable[[], Awaitable[None]], phrase: str) -> None:
        self._check, self._phrase = check, phrase
        self._began = self._ended = float("-inf")
        self._fault: str | None = None
        self._running: asyncio.Future[None] | None = None
        self._trying: asyncio.Future[None] | None = None
        """One at a time: a thread may hang in it."""

    async def fault(self) -> str | None:
        """``phrase``, or ``None``, as it was at most ``FRESH`` seconds ago."""
        if not self._is_fresh():
            await self._round()
        return self._fault

    async def is_sound_now(self) -> bool:
        """A fault is looked at again for each who asks, together for those who ask meanwhile."""
        if self._fault is None and self._is_fresh():
            return True
        arrived = time.monotonic()
        await self._round()
        if self._fault is not None and self._began < arrived:
            await self._round()
        return self._fault is None

    def _is_fresh(self) -> bool:
        return time.monotonic() - self._ended < FRESH

    async def _round(self) -> None:
        """To the end of the run that is under way, or of a new one: nobody waits for others to have theirs."""
        if self._running is None or self._running.done():
            self._running = asyncio.ensure_future(self._run())
            self._running.add_done_callback(_retrieve)
        await asyncio.shield(self._running)

    async def _run(self) -> None:
        before, self._began = self._fault, time.monotonic()
        if self._trying is None or self._trying.done():
            self._trying = asyncio.ensure_future(self._check())
            self._trying.add_done_callback(_retrieve)
        try:
            await asyncio.wait_for(asyncio.shield(self._trying), ANSWERED_WITHIN)
        except (StoreUnavailable, StorageUnavailable, TimeoutError) as error:
            self._fault = self._phrase
            if before is None:
                text = str(error) or f"no answer within {ANSWERED_WITHIN:g} s"
                log.warning("not_ready", reason=self._phrase, error=text)
        else:
            self._fault = None
            if before is not None:
                log.info("ready_again", reason=before)
        self._ended = time.monotonic()


def _retrieve(tried: "asyncio.Future[None]") -> None:
    """Nobody may be waiting for it any more."""
    if not tried.cancelled():
        tried.exception()
