"""Reads a request's body within limits of size, time and memory."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import ClientPayloadError, StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.web.connections import awaiting_body

MIB = 1024 * 1024
STEP, PATIENCE = 64 * 1024, 0.5
"""A body is slow while the last so many bytes did not arrive within so many seconds."""
SMALL = MIB
"""Bytes up to which a body waits for no other."""


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
        self._paused: StreamReader | None = None
        """Where the next bytes wait while others have their turn."""
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
                        if not self._intake.may_go_on(self):
                            await self._wait(request.content)
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

    async def _wait(self, content: StreamReader) -> None:
        """Until it is this body's turn; what its sender has sent stays in the connection."""
        self._paused = content
        try:
            while not self._intake.may_go_on(self):
                await self._intake.changed()
        finally:
            self._paused = None
            self._stepped, self._step = asyncio.get_running_loop().time(), 0

    @property
    def is_large(self) -> bool:
        """Whether it is being read, and waits its turn."""
        return self._reading is not None and self._taken > SMALL

    @property
    def cost(self) -> tuple[bool, float]:
        """Whether the body arrives slowly, and its byte-seconds: 0 once it is there, for then it is signed."""
        if self._reading is None or not self._taken:
            return False, 0.0
        now = asyncio.get_running_loop().time()
        slow = now - self._stepped > PATIENCE and (self._paused is None or self._is_behind(self._paused))
        return slow, self._taken * (now - self._began)

    def _is_behind(self, paused: StreamReader) -> bool:
        """Its sender has not sent on, though the connection would have taken it."""
        _, full = paused.get_read_buffer_limits()
        return not paused.is_eof() and paused.total_bytes - self._taken <= full

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
        self._intake.tell()

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

    Nobody can tell whether a body is signed before all of it is there.  So large ones take turns: while those that
    have begun leave no room for one more, only the first of them is read on, and the others wait in their connections.
    A slow one does not wait: it loses its room.  So whoever wants to keep a delivery out has to send as fast as GitHub
    does, and again for each.  Small bodies wait for no turn; should they take all the room, the body goes that has held
    most for longest.
    """

    def __init__(self, limits: BodyLimits) -> None:
        self.limits, self.used = limits, 0
        self._rations: dict[Ration, None] = {}
        """In the order of their arrival."""
        self._shared = max(limits.in_memory * 7 // 8 - limits.largest, 0)
        """Bytes above which large bodies take turns: there is room for the largest, and for small ones."""
        self._change: asyncio.Future[None] | None = None

    @contextmanager
    def ration(self) -> Iterator[Ration]:
        ration = Ration(self)
        self._rations[ration] = None
        try:
            yield ration
        finally:
            del self._rations[ration]
            ration.give_back()

    def has_room(self, asking: Ration) -> bool:
        """Whether ``asking`` may keep what it has, once others have made room."""
        while self.used > self.limits.in_memory:
            costliest = self._costliest()
            if costliest is asking or not costliest.cost[1]:
                return False
            costliest.displace()
        return not asking.displaced

    def may_go_on(self, asking: Ration) -> bool:
        """Whether more of ``asking`` may be read now."""
        if not asking.is_large:
            return True
        while self.used > self._shared:
            costliest = self._costliest()
            if not costliest.cost[0]:
                return asking is next(ration for ration in self._rations if ration.is_large)
            costliest.displace()
        return True

    def tell(self) -> None:
        """Another one may have its turn."""
        if self._change is not None and not self._change.done():
            self._change.set_result(None)

    async def changed(self) -> None:
        """Returns when somebody gave back room, or may have become slow."""
        if self._change is None or self._change.done():
            self._change = asyncio.get_running_loop().create_future()
        await asyncio.wait({self._change}, timeout=PATIENCE / 2)

    def _costliest(self) -> Ration:
        return max(self._rations, key=lambda ration: ration.cost)
