"""Whether the server can accept deliveries."""

import asyncio
import time
from collections.abc import Callable

from bot.jobs import Inbox, StoreUnavailable, Worker

FRESH = 1.0
"""Seconds for which a result is reused, so that nobody can make the server write to disk at will."""


class Readiness:
    """Tries a durable write, at most once in ``FRESH`` seconds.

    ``scanner`` says why nothing can be scanned; ``None`` when it can.
    """

    def __init__(self, inbox: Inbox, worker: Worker, scanner: Callable[[], str | None]) -> None:
        self._inbox, self._worker, self._scanner = inbox, worker, scanner
        self._lock = asyncio.Lock()
        self._checked_at = float("-inf")
        self._fault: str | None = None

    async def fault(self) -> str | None:
        """Why the server is not ready, in a constant phrase (the log has the details); ``None`` when it is."""
        if not self._worker.alive:
            return "the worker is not running"
        if (fault := self._scanner()) is not None:
            return fault
        async with self._lock:
            if time.monotonic() - self._checked_at >= FRESH:
                self._fault = await self._check()
                self._checked_at = time.monotonic()
            return self._fault

    async def _check(self) -> str | None:
        try:
            await self._inbox.check()
        except StoreUnavailable:
            return "the database accepts no writes"
        return None
