"""Which work may begin: what would only wait here waits in the queue, where it keeps nobody from working."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from bot.domain.errors import RetryLater
from bot.github.clock import Clock
from bot.github.limits import Pacer

AHEAD = 6.0
"""Seconds of writes that one installation may have before it.  Work takes a second or two to come to its first write,
so the next one is ready in time; and the few jobs that wait leave the others room."""


class WorkAdmission:
    """Of the work of one installation.

    Its writes are a second apart, however many jobs want to write.  Without this, hundreds of them would hold all
    places of the worker, each waiting for its turn, and the work of other installations would stand behind them.
    """

    def __init__(self, pacer: Pacer, clock: Clock) -> None:
        self._pacer, self._clock = pacer, clock
        self._working = 0
        self._given = datetime.min.replace(tzinfo=UTC)
        """When the last one that was sent away may come back."""

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[None]:
        """While work is done.  Raises :class:`RetryLater` where it would wait long for its first write.

        Those that are sent away come back one after the other, in the order in which they came.
        """
        others = self._working
        self._working += 1
        try:
            wait = await self._pacer.ahead() + others * self._pacer.gap
            if wait > AHEAD:
                soon = self._clock.now() + timedelta(seconds=wait - AHEAD)
                self._given = max(self._given, soon) + timedelta(seconds=self._pacer.gap)
                raise RetryLater(at=self._given, reason="earlier work of the installation waits for its turn to write")
            yield
        finally:
            self._working -= 1
