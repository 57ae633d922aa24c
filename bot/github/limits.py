"""When requests may be sent: rate limits, and the pace of writes.

Both keep their state in a ``LimitStore``: one that is on disk makes a limit outlive the process, one that is
shared makes all processes wait for it together.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import structlog

from bot.domain.errors import RetryLater
from bot.github.clock import Clock, http_date

T = TypeVar("T")
Document = Mapping[str, Any]
"""A JSON object."""

SECONDARY_PAUSE = 60.0
"""Seconds to wait after a secondary limit that names no time; doubles with each further one."""
LONGEST_PAUSE = 3_600.0
LONGEST_OBEYED = 86_400.0
"""A ``retry-after`` beyond a day is a fault of the server's, or of something in between."""
_GRACE = 1.0
"""Added to times that GitHub gives in whole seconds of its own clock."""
_MOST_STRIKES = 16

log = structlog.get_logger("bot.github")


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """A rate limit of GitHub.  ``seconds`` is ``None`` when GitHub does not say for how long."""

    seconds: float | None
    reason: str


def throttle(status: int, headers: Mapping[str, str], message: str, answered_at: datetime) -> Throttle | None:
    """What an answer says about rate limits.

    ``headers`` have lower-case names; ``message`` is the body's; ``answered_at`` the server's time of the answer.
    A ``retry-after`` or an exhausted quota stops requests for any status; a bare 429, and a 403 that mentions a rate
    limit, are secondary limits.
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


# --- what is remembered ------------------------------------------------------------------------------------------


class LimitStore(Protocol):
    """Small documents by name, each with a lock of its own.  ``bot.storage`` keeps them in a database.

    Times in them are seconds on the store's clock, which all who share it see alike.  Both methods raise
    ``RetryLater`` when it cannot be asked.
    """

    async def read(self, name: str) -> tuple[Document | None, float]:
        """The document, if there is one, and the time now."""
        ...

    async def update(self, name: str, change: Callable[[Document | None, float], tuple[Document, T]]) -> T:
        """Replace the document by the changed one, under its lock."""
        ...


class MemoryLimitStore:
    """Known to this process only, and gone with it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._documents: dict[str, Document] = {}

    async def read(self, name: str) -> tuple[Document | None, float]:
        return self._documents.get(name), self._clock.monotonic()

    async def update(self, name: str, change: Callable[[Document | None, float], tuple[Document, T]]) -> T:
        self._documents[name], result = change(self._documents.get(name), self._clock.monotonic())
        return result


def silenced(before: Document | None, now: float, limit: Throttle) -> tuple[Document, float]:
    """The gate's document after ``limit``, and for how many seconds it is closed.

    A limit that does not say for how long closes it for a minute at first, then twice as long each time.  Limits
    that arrive while it is closed answer requests that were already sent: they do not count again.
    """
    before = before or {}
    strikes, seconds, left = before.get("strikes", 0), limit.seconds, _left(before, now)
    if seconds is None:
        if left <= 0 or not strikes:
            strikes = min(strikes + 1, _MOST_STRIKES)
        seconds = min(SECONDARY_PAUSE * 2.0 ** (strikes - 1), LONGEST_PAUSE)
    kept = before if left > seconds else {"open_at": now + seconds, "reason": limit.reason}
    return {**kept, "strikes": strikes}, max(left, seconds)


def _left(document: Document | None, now: float) -> float:
    """Seconds until the gate opens.  A clock that was set back can make it a day at most."""
    open_at: float = (document or {}).get("open_at", now)
    return min(open_at - now, LONGEST_OBEYED)


def _forgiven(before: Document | None, now: float) -> tuple[Document, None]:
    before = before or {}
    return ({**before, "strikes": 0} if _left(before, now) <= 0 else before), None


class RateLimit:
    """One identity's rate limit."""

    def __init__(self, clock: Clock, store: LimitStore | None = None, name: str = "") -> None:
        self.name = name
        self._clock, self._store, self._document = clock, store or MemoryLimitStore(clock), f"github/{name}/gate"
        # The limits that this process has seen apply also while the store is unreachable.
        self._open_at, self._reason = 0.0, ""
        self._struck = False

    async def check(self) -> None:
        """Raise :class:`RetryLater` while a limit is in force."""
        self._refuse(self._open_at - self._clock.monotonic())
        document, now = await self._store.read(self._document)
        self._struck = bool(document and document.get("strikes"))
        if document and (left := _left(document, now)) > 0:
            self._close(left, document.get("reason", ""))
            self._refuse(left)

    async def close(self, limit: Throttle) -> None:
        """Close for as long as GitHub asks; see :func:`silenced`."""
        self._close(SECONDARY_PAUSE if limit.seconds is None else limit.seconds, limit.reason)
        try:
            left = await self._store.update(self._document, lambda before, now: silenced(before, now, limit))
        except RetryLater as fault:
            log.warning("github.limit_not_recorded", rate_limit=self.name, reason=str(fault))
            return
        self._struck = True
        self._close(left, limit.reason)
        log.warning("github.limited", rate_limit=self.name, reason=limit.reason, seconds=round(left))

    async def answered(self) -> None:
        """A request went through: the next secondary limit starts at a minute again."""
        if self._struck:
            self._struck = False
            await self._store.update(self._document, _forgiven)

    def _close(self, seconds: float, reason: str) -> None:
        until = self._clock.monotonic() + seconds
        if until > self._open_at:
            self._open_at, self._reason = until, reason

    def _refuse(self, wait: float) -> None:
        if wait > 0:
            raise RetryLater(at=self._clock.now() + timedelta(seconds=wait), reason=self._reason)


# --- the pace of writes ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Writes of one installation: ``gap`` seconds apart, content within ``per_minute`` and ``per_hour``."""

    gap: float = 1.0
    per_minute: int = 80
    per_hour: int = 500
    patience: float = 65.0
    """Seconds beyond which a write goes back to the queue instead of waiting here for its turn."""

    def start(self, last: float, content: Sequence[float], now: float) -> float:
        """When the next write may begin, after ``last`` and the ``content`` of the last hour (ascending)."""
        windows = ((60.0, self.per_minute), (3_600.0, self.per_hour))
        free = [content[-most] + seconds for seconds, most in windows if len(content) >= most]
        return max(now, last + self.gap, *free)


def turned(before: Document | None, now: float, pace: Pace, *, content: bool) -> tuple[Document, float]:
    """The pacer's document with one more turn, and the seconds until it; unchanged if that is beyond the patience.

    Turns are never taken further ahead than the patience: later times come from a clock that was set back.
    """
    before, latest = before or {}, now + pace.patience
    last = min(before.get("last", -math.inf), latest)
    recent = [min(at, latest) for at in before.get("content", ()) if at > now - 3_600.0]
    start = pace.start(last, recent if content else (), now)
    if start - now > pace.patience:
        return before, start - now
    return {"last": start, "content": [*recent, start] if content else recent}, start - now


class Pacer:
    """Gives out the turns of one identity's writes."""

    def __init__(self, clock: Clock, pace: Pace | None = None, store: LimitStore | None = None, name: str = "") -> None:
        self._clock, self._pace, self._name = clock, pace or Pace(), f"github/{name}/pace"
        self._store = store or MemoryLimitStore(clock)

    async def turn(self, *, content: bool) -> None:
        """Wait for this write's turn; turns come in the order of the calls.

        Raises :class:`RetryLater` instead of waiting longer than the patience: then no turn was taken.
        """

        def take(before: Document | None, now: float) -> tuple[Document, float]:
            return turned(before, now, self._pace, content=content)

        wait = await self._store.update(self._name, take)
        if wait > self._pace.patience:
            at = self._clock.now() + timedelta(seconds=wait)
            raise RetryLater(at=at, reason="the hourly limit of writes is used up")
        if wait > 0:
            await self._clock.sleep(wait)
