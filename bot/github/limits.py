"""When GitHub may be asked: the gate that a rate limit closes, and the pace of writes.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import RetryLater
from bot.github.clock import Clock, http_date

SECONDARY_PAUSE = 60.0
"""Seconds to wait after a secondary limit that names no time; doubles with each further one."""
LONGEST_PAUSE = 3_600.0
LONGEST_OBEYED = 86_400.0
"""A ``retry-after`` beyond a day is a fault of the server's, or of something in between."""
_GRACE = 1.0
"""Added to times that GitHub gives in whole seconds of its own clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """GitHub asks for silence.  ``seconds`` is ``None`` when it does not say for how long."""

    seconds: float | None
    reason: str


def throttle(status: int, headers: Mapping[str, str], message: str, answered_at: datetime) -> Throttle | None:
    """What an answer says about rate limits.

    ``headers`` have lower-case names; ``message`` is the body's; ``answered_at`` the server's time of the answer.
    A ``retry-after`` or an exhausted quota closes the way for any status; a bare 429, and a 403 that speaks of a
    rate limit, are secondary limits.
    """
    refused = status in (403, 429)
    asked = _retry_after(headers.get("retry-after"), answered_at)
    if refused and asked is not None:
        return Throttle(seconds=asked, reason=f"{status} with retry-after")
    if headers.get("x-ratelimit-remaining") == "0" and (reset := _reset(headers, answered_at)) is not None:
        return Throttle(seconds=reset, reason="the rate limit is used up")
    limited = status == 429 or (status == 403 and "rate limit" in message.lower())
    return Throttle(seconds=None, reason="secondary rate limit") if limited else None


def _retry_after(value: str | None, answered_at: datetime) -> float | None:
    """``Retry-After`` in seconds: a number or a date (RFC 9110, 10.2.3).  ``None`` if absent or neither."""
    if value is None:
        return None
    if value.strip().isdecimal() and value.isascii():
        seconds = float(value[:12])
    elif (date := http_date(value)) is not None:
        seconds = (date - answered_at).total_seconds() + _GRACE
    else:
        return None
    return min(max(seconds, 1.0), LONGEST_OBEYED)


def _reset(headers: Mapping[str, str], answered_at: datetime) -> float | None:
    """Seconds until ``X-RateLimit-Reset`` (seconds since 1970, UTC); ``None`` if absent or unreadable."""
    try:
        seconds = float(headers["x-ratelimit-reset"]) - answered_at.timestamp() + _GRACE
    except (KeyError, ValueError):
        return None
    return min(max(seconds, 1.0), LONGEST_OBEYED) if math.isfinite(seconds) else None


class Gate:
    """One installation's permission to send anything at all."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open_at = 0.0
        self._reason = ""
        self._strikes = 0

    def check(self) -> None:
        """Raise :class:`RetryLater` while a limit is in force."""
        wait = self._open_at - self._clock.monotonic()
        if wait > 0:
            raise RetryLater(at=self._clock.now() + timedelta(seconds=wait), reason=self._reason)

    def close(self, limit: Throttle) -> None:
        """Close for as long as GitHub asks: if it does not say, a minute at first, then twice as long each time."""
        seconds = limit.seconds
        if seconds is None:
            seconds = min(SECONDARY_PAUSE * 2.0**self._strikes, LONGEST_PAUSE)
            self._strikes = min(self._strikes + 1, 16)
        until = self._clock.monotonic() + seconds
        if until > self._open_at:
            self._open_at, self._reason = until, limit.reason

    def answered(self) -> None:
        """A request went through: the next secondary limit starts at a minute again."""
        if self._clock.monotonic() >= self._open_at:
            self._strikes = 0


class Pacer:
    """Writes of one installation: at least ``gap`` seconds apart, content within ``per_minute`` and ``per_hour``."""

    def __init__(
        self,
        clock: Clock,
        *,
        gap: float = 1.0,
        per_minute: int = 80,
        per_hour: int = 500,
        patience: float = 65.0,
    ) -> None:
        self._clock, self._gap, self._patience = clock, gap, patience
        self._windows = ((60.0, per_minute), (3_600.0, per_hour))
        self._content: deque[float] = deque(maxlen=per_hour)
        self._last = -math.inf

    async def turn(self, *, content: bool) -> None:
        """Wait for this write's turn; turns come in the order of the calls.

        Raises :class:`RetryLater` instead of waiting longer than ``patience`` seconds: then no turn was taken.
        """
        now = self._clock.monotonic()
        start = max(now, self._last + self._gap)
        if content:
            start = max(start, *(self._free_at(seconds, most) for seconds, most in self._windows))
        if start - now > self._patience:
            at = self._clock.now() + timedelta(seconds=start - now)
            raise RetryLater(at=at, reason="the hourly share of writes is used up")
        self._last = start
        if content:
            self._content.append(start)
        if start > now:
            await self._clock.sleep(start - now)

    def _free_at(self, seconds: float, most: int) -> float:
        """When the ``most``-th last content write leaves a window of ``seconds``."""
        return self._content[-most] + seconds if len(self._content) >= most else -math.inf
