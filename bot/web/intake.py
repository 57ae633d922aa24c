"""Reads a request's body within limits of size, time and memory."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

MIB = 1024 * 1024


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
        self._intake, self._taken = intake, 0

    async def read(self, request: web.Request) -> bytes:
        """The whole body, as it was sent.  Raises ``BodyRefused`` (400, 408, 413, 503)."""
        limits = self._intake.limits
        if (request.content_length or 0) > limits.largest:
            raise BodyRefused(413)
        chunks: list[bytes] = []
        try:
            async with asyncio.timeout(limits.deadline):
                async for chunk in request.content.iter_any():
                    self._take(len(chunk))
                    chunks.append(chunk)
        except TimeoutError as error:
            raise BodyRefused(408) from error
        except (ClientPayloadError, HttpProcessingError, ConnectionError, web.RequestPayloadError) as error:
            raise BodyRefused(400) from error
        return b"".join(chunks)

    def give_back(self) -> None:
        self._intake.used -= self._taken
        self._taken = 0

    def _take(self, size: int) -> None:
        self._taken += size
        self._intake.used += size
        if self._taken > self._intake.limits.largest:
            raise BodyRefused(413)
        if self._intake.used > self._intake.limits.in_memory:
            raise BodyRefused(503)


class Intake:
    """Counts the bytes of all bodies in memory."""

    def __init__(self, limits: BodyLimits) -> None:
        self.limits, self.used = limits, 0

    @contextmanager
    def ration(self) -> Iterator[Ration]:
        ration = Ration(self)
        try:
            yield ration
        finally:
            ration.give_back()
