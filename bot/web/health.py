"""Whether the server can accept deliveries."""

import asyncio
import time

from bot.jobs import Inbox, StoreUnavailable, Worker

FRESH = 1.0
"""Seconds for which a result is reused, so that nobody can make the server write to disk at will."""


class Readiness:
    """Tries a durable write, at most once in ``FRESH`` seconds."""

    def __init__(self, inbox: Inbox, worker: Worker) -> None:
        self._inbox, self._worker = inbox, worker
        self._lock = asyncio.Lock()
        self._checked_at = float("-inf")
        self._fault: str | None = None

    async def fault(self) -> str | None:
        """Why the server is not ready, in a constant phrase (the log has the details); ``None`` when it is."""
        if not self._worker.alive:
            return "the worker is not running"
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
