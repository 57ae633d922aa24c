"""When requests may be sent: rate limits, and the pace of writes.

Both keep their state in a ``LimitStore``: one that is on disk makes a limit outlive the process, one that is
shared makes all processes wait for it together.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, TypeVar

import structlog

from bot.domain.errors import RetryLater
from bot.github.clock import Clock
from bot.github.throttle import LONGEST_OBEYED, Throttle

T = TypeVar("T")
Document = Mapping[str, Any]
"""A JSON object."""

SECONDARY_PAUSE = 60.0
"""Seconds to wait after a secondary limit that names no time; doubles with each further one."""
LONGEST_PAUSE = 3_600.0
_MOST_STRIKES = 16

log = structlog.get_logger("bot.github")


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
    """The gate's document after ``limit``, and for how many seconds what it concerns is closed.

    A secondary limit concerns everything, a primary one its own resource alone.  A limit that does not say for how
    long closes for a minute at first, then twice as long each time; a secondary one that is met again although its
    time was kept grows as well.  Limits that arrive while it is closed answer requests that were already sent: they do
    not count again.
    """
    before = before or {}
    closed = _part(before, limit.resource)
    strikes, seconds, left = before.get("strikes", 0), limit.seconds, _left(closed, now)
    if seconds is None or limit.resource is None:
        if left <= 0 or not strikes:
            strikes = min(strikes + 1, _MOST_STRIKES)
        seconds = max(seconds or 0.0, _pause(strikes if seconds is None else strikes - 1))
    if left <= seconds:
        closed = {"open_at": now + seconds, "reason": limit.reason}
    resources = before.get("resources", {})
    if limit.resource is None:
        return {**before, **closed, "strikes": strikes}, max(left, seconds)
    return {**before, "resources": {**resources, limit.resource: closed}, "strikes": strikes}, max(left, seconds)


def _pause(strikes: int) -> float:
    return min(SECONDARY_PAUSE * 2.0 ** (strikes - 1), LONGEST_PAUSE) if strikes else 0.0


def _part(document: Document | None, resource: str | None) -> Document:
    """What the document says of one resource; ``None``: of all of them."""
    whole = document or {}
    if resource is None:
        return {key: whole[key] for key in ("open_at", "reason") if key in whole}
    found: Document = whole.get("resources", {}).get(resource, {})
    return found


def _left(document: Document | None, now: float) -> float:
    """Seconds until the gate opens.  A clock that was set back can make it a day at most."""
    open_at: float = (document or {}).get("open_at", now)
    return min(open_at - now, LONGEST_OBEYED)


def _forgiven(before: Document | None, now: float) -> tuple[Document, None]:
    before = before or {}
    parts = (before, *before.get("resources", {}).values())
    return ({**before, "strikes": 0} if all(_left(part, now) <= 0 for part in parts) else before), None


class RateLimit:
    """One identity's rate limits: a gate for each resource, and one for all of them."""

    def __init__(self, clock: Clock, store: LimitStore | None = None, name: str = "") -> None:
        self.name = name
        self._clock, self._store, self._document = clock, store or MemoryLimitStore(clock), f"github/{name}/gate"
        # The limits that this process has seen apply also while the store is unreachable.
        self._closed: dict[str | None, tuple[float, str]] = {}
        self._struck = False

    async def check(self, resource: str) -> None:
        """Raise :class:`RetryLater` while a limit is in force that concerns the resource."""
        self._refuse(resource)
        document, now = await self._store.read(self._document)
        self._struck = bool(document and document.get("strikes"))
        for part in (None, resource):
            closed = _part(document, part)
            if (left := _left(closed, now)) > 0:
                self._close(part, left, closed.get("reason", ""))
        self._refuse(resource)

    async def close(self, limit: Throttle) -> None:
        """Close for as long as GitHub asks; see :func:`silenced`."""
        self._close(limit.resource, SECONDARY_PAUSE if limit.seconds is None else limit.seconds, limit.reason)
        try:
            left = await self._store.update(self._document, lambda before, now: silenced(before, now, limit))
        except RetryLater as fault:
            log.warning("github.limit_not_recorded", rate_limit=self.name, reason=str(fault))
            return
        self._struck = True
        self._close(limit.resource, left, limit.reason)
        log.warning(
            "github.limited",
            rate_limit=self.name,
            resource=limit.resource or "all",
            reason=limit.reason,
            seconds=round(left),
        )

    async def answered(self) -> None:
        """A request went through: the next secondary limit starts at a minute again."""
        if self._struck:
            self._struck = False
            await self._store.update(self._document, _forgiven)

    def _close(self, part: str | None, seconds: float, reason: str) -> None:
        until = self._clock.monotonic() + seconds
        if until > self._closed.get(part, (-math.inf, ""))[0]:
            self._closed[part] = (until, reason)

    def _refuse(self, resource: str) -> None:
        until, reason = max(self._closed.get(part, (-math.inf, "")) for part in (None, resource))
        wait = until - self._clock.monotonic()
        if wait > 0:
            raise RetryLater(at=self._clock.now() + timedelta(seconds=wait), reason=reason)


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

    @property
    def gap(self) -> float:
        """Seconds between two writes."""
        return self._pace.gap

    async def ahead(self) -> float:
        """Seconds until a write could begin that creates no content: how long the turns are that others have taken."""
        if self.gap <= 0:
            return 0.0
        document, now = await self._store.read(self._name)
        last = min((document or {}).get("last", -math.inf), now + self._pace.patience)
        return self._pace.start(last, (), now) - now

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
