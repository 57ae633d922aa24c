"""Is the server fit to take deliveries?"""

import asyncio
import time

from bot.jobs import Inbox, StoreUnavailable, Worker

FRESH = 1.0
"""Seconds for which an answer is given again, so that nobody can make us write to the disk at will."""


class Readiness:
    """Asks the store for a durable write, at most once in ``FRESH`` seconds."""

    def __init__(self, inbox: Inbox, worker: Worker) -> None:
        self._inbox, self._worker = inbox, worker
        self._lock = asyncio.Lock()
        self._checked_at = float("-inf")
        self._fault: str | None = None

    async def fault(self) -> str | None:
        """Why not, in a constant phrase (the details are in the log); ``None`` when all is well."""
        if not self._worker.alive:
            return "the worker does not run"
        async with self._lock:
            if time.monotonic() - self._checked_at >= FRESH:
                self._fault = await self._check()
                self._checked_at = time.monotonic()
            return self._fault

    async def _check(self) -> str | None:
        try:
            await self._inbox.check()
        except StoreUnavailable:
            return "the store takes no writes"
        return None
