"""Clocks, which are passed in as arguments."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

_BELIEVABLE = timedelta(hours=1)


class Clock(Protocol):
    """What the client needs of time."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC.  It may jump."""

    def monotonic(self) -> float:
        """Seconds that only grow."""

    async def sleep(self, seconds: float) -> None:
        """Come back after ``seconds``."""


class SystemClock:
    """The machine's own."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ServerClock:
    """The server's time, estimated.

    The local clock is used until the server refuses a token because of it; then :meth:`correct` applies the difference
    that the last ``Date`` header showed.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._skew = self._seen = timedelta()

    def now(self) -> datetime:
        return self._clock.now() + self._skew

    @property
    def seen_skew(self) -> timedelta:
        """How far the server was ahead of the local clock in its last answer; its resolution is a second."""
        return self._seen

    def observe(self, date: str | None) -> None:
        """Take note of an answer's ``Date`` header."""
        if (server := http_date(date)) is not None:
            self._seen = server - self._clock.now()

    def correct(self) -> None:
        self._skew = self._seen

    def at_answer(self, date: str | None) -> datetime:
        """The server's time when it answered: its ``Date``, unless that is absent or implausible."""
        server, ours = http_date(date), self.now()
        return server if server is not None and abs(server - ours) <= _BELIEVABLE else ours


def http_date(text: str | None) -> datetime | None:
    """An HTTP date as an aware time, or ``None`` if it is not one."""
    if not text:
        return None
    try:
        parsed = parsedate_to_datetime(text)
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
