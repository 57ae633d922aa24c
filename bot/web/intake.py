"""Reads a request's body within limits of size, time and memory."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.web.connections import awaiting_body

MIB = 1024 * 1024
STEP, PATIENCE = 64 * 1024, 0.5
"""A body is slow while the last so many bytes did not arrive within so many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """``largest`` and ``in_memory`` in bytes, ``deadline`` in seconds.

    GitHub's own limit is 25 MB, its timeout 10 s:
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
    """

    largest: int = 25 * MIB
    deadline: float = 10.0
    in_memory: int = 64 * MIB
    """Of all bodies that are being read or stored at the same time."""


class BodyRefused(Exception):
    """The body was not read to its end; ``status`` is the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Ration:
    """The part of the intake's memory that one request uses."""

    def __init__(self, intake: "Intake") -> None:
        self._intake, self._began = intake, asyncio.get_running_loop().time()
        self._body, self._taken = bytearray(), 0
        self._stepped, self._step = self._began, 0
        self._reading: asyncio.Timeout | None = None
        self.displaced = False

    async def read(self, request: web.Request) -> bytes:
        """The whole body, as it was sent.  Raises ``BodyRefused`` (400, 408, 413, 503)."""
        limits = self._intake.limits
        if (request.content_length or 0) > limits.largest:
            raise BodyRefused(413)
        try:
            if request.content.is_eof():  # it came with its headers: nothing has to be waited for
                self._take(request.content.read_nowait())
                return self._whole()
            async with asyncio.timeout(limits.deadline) as self._reading:
                with awaiting_body(request):
                    async for chunk in request.content.iter_any():
                        self._take(chunk)
        except TimeoutError as error:
            raise BodyRefused(503 if self.displaced else 408) from error
        except (ClientPayloadError, HttpProcessingError, ConnectionError, web.RequestPayloadError) as error:
            raise BodyRefused(400) from error
        finally:
            self._reading = None
        return self._whole()

    def _whole(self) -> bytes:
        body, self._body = self._body, bytearray()
        return bytes(body)

    @property
    def cost(self) -> tuple[bool, float]:
        """Whether the body arrives slowly, and its byte-seconds: 0 once it is there, for then it is signed."""
        if self._reading is None:
            return False, 0.0
        now = asyncio.get_running_loop().time()
        return now - self._stepped > PATIENCE, self._taken * (now - self._began)

    def displace(self) -> None:
        """Give the room to others."""
        if self._reading is not None:
            self.displaced = True
            self._reading.reschedule(asyncio.get_running_loop().time())
        self._body = bytearray()
        self.give_back()

    def give_back(self) -> None:
        self._intake.used -= self._taken
        self._taken = 0

    def _take(self, chunk: bytes) -> None:
        self._taken += len(chunk)
        self._intake.used += len(chunk)
        if self._taken > self._intake.limits.largest:
            raise BodyRefused(413)
        if not self._intake.has_room(self):
            raise BodyRefused(503)
        self._body += chunk
        self._step += len(chunk)
        if self._step >= STEP:
            self._stepped, self._step = asyncio.get_running_loop().time(), 0


class Intake:
    """Counts the bytes of all bodies in memory.

    When there is no room for more, the body goes that has held most for longest, and a slow one before all others.  A
    delivery arrives within moments, so whoever wants to displace one has to send as fast as GitHub does, and again for
    each.
    """

    def __init__(self, limits: BodyLimits) -> None:
        self.limits, self.used = limits, 0
        self._rations: set[Ration] = set()

    @contextmanager
    def ration(self) -> Iterator[Ration]:
        ration = Ration(self)
        self._rations.add(ration)
        try:
            yield ration
        finally:
            self._rations.discard(ration)
            ration.give_back()

    def has_room(self, asking: Ration) -> bool:
        """Whether ``asking`` may keep what it has, once others have made room."""
        while self.used > self.limits.in_memory:
            costliest = max(self._rations, key=lambda ration: ration.cost)
            if costliest is asking or not costliest.cost[1]:
                return False
            costliest.displace()
        return not asking.displaced
