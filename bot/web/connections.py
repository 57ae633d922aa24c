"""The server's connections: how long each may wait for its peer, and who goes when room or descriptors end.

Peers are not told apart by address: behind a proxy all have the same one.  So what a stranger may hold is bounded for
each connection and for all together, and the connection goes that has kept the server waiting for longest.
"""

import asyncio
import errno
import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

log = structlog.get_logger(__name__)

MIB = 1024 * 1024
NAME = "ssot-bot"
"""In the header ``Server``: no versions."""
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
RESERVED = 256
"""Descriptors that connections leave to the database, GitHub and the scanner."""
MALFORMED = (HttpProcessingError, web.RequestPayloadError)

Exceptions = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Times in seconds.  A proxy that keeps connections open should do so for less than ``idle``."""

    head: float = 10.0
    """From the connection, or from the first byte of a later request, to the end of the headers."""
    idle: float = 75.0
    """Between two requests."""
    unread: int = 32 * MIB
    """Bytes of requests whose headers are not complete, of all connections together."""
    most: int = 2_048
    """Connections at the same time; fewer where the process may not open so many files."""


class Connections:
    """All connections of a server."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._open: set[PeerConnection] = set()
        self._waiting: dict[PeerConnection, None] = {}
        """Those that wait for their peer, longest first."""
        self._unread = 0
        self._told = float("-inf")

    def opened(self, connection: "PeerConnection") -> None:
        self._open.add(connection)
        while len(self._open) > self.most() and self.make_room():
            pass

    def closed(self, connection: "PeerConnection") -> None:
        self._open.discard(connection)
        self._waiting.pop(connection, None)
        self.count(-connection.unread)

    def waits(self, connection: "PeerConnection", *, waiting: bool) -> None:
        self._waiting.pop(connection, None)
        if waiting:
            self._waiting[connection] = None

    def count(self, size: int) -> None:
        """Whoever has most of what nobody can read yet goes when there is too much of it."""
        self._unread += size
        while size > 0 and self._unread > self.limits.unread and self._waiting:
            max(self._waiting, key=lambda connection: connection.unread).drop()

    def most(self) -> int:
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == resource.RLIM_INFINITY:
            return self.limits.most
        return min(self.limits.most, soft - min(RESERVED, soft // 2))

    def make_room(self) -> bool:
        """Drop the connection that has waited for longest; False when none waits."""
        longest = next(iter(self._waiting), None)
        if longest is None:
            return False
        longest.drop()
        return True

    def exhausted(self, error: OSError) -> None:
        """No descriptor is left for a new connection; asyncio reports it for each one, and tries again in a second."""
        now = asyncio.get_running_loop().time()
        if now - self._told < 1:
            return
        self._told = now
        log.error("no_descriptors_left", error=error.strerror, connections=len(self._open), waiting=len(self._waiting))
        for _ in range(len(self._waiting) // 2 + 1):
            self.make_room()


class PeerConnection(web.RequestHandler):
    """One connection; it is dropped when its peer keeps it waiting."""

    def __init__(self, manager: web.Server, connections: Connections, **more: Any) -> None:  # noqa: ANN401  # aiohttp's
        super().__init__(manager, **more)
        self._connections = connections
        self._timer: asyncio.TimerHandle | None = None
        self._patience: float | None = None
        """Until when it may keep the server waiting; ``None`` while it does not."""
        self._idle = self._busy = False
        self._body: StreamReader | None = None
        """Of the last request: its end may be read, and thrown away, after the answer."""
        self.unread = 0
        """Bytes that may be of a request whose headers are not complete."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._wait(self._connections.limits.head)
        self._connections.opened(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._end_timer()
        self._connections.closed(self)
        self.unread = 0
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        within = self._busy or not (self._body is None or self._body.is_eof())
        if self._idle and not within:
            self._idle = False
            self._wait(self._connections.limits.head)
        self._has_unread(len(data) if within else self.unread + len(data))
        super().data_received(data)

    def begun(self, body: StreamReader) -> None:
        """A request is being answered: at most what arrived last is of a later one."""
        self._busy, self._idle, self._body = True, False, body
        self._stop_waiting()

    def ended(self) -> None:
        self._busy, self._idle = False, True
        if self.transport is not None:
            self._wait(self._connections.limits.idle)

    @contextmanager
    def awaiting_body(self) -> Iterator[None]:
        """The reader has a deadline of its own."""
        self._connections.waits(self, waiting=True)
        try:
            yield
        finally:
            self._connections.waits(self, waiting=False)

    def drop(self) -> None:
        """Without an answer: there is no request, or no room for one."""
        self._end_timer()
        self._connections.closed(self)
        self.unread = 0
        transport = self.transport
        self.force_close()
        if transport is not None:
            transport.abort()

    # --- what a peer sees and the log says ----------------------------------------------------------------------

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        resp.headers["Server"] = NAME
        return await super().finish_response(request, resp, start_time)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if not isinstance(exc, MALFORMED):
            return super().handle_error(request, status, exc, message)
        self.log_exception(exc_info=exc)
        response = web.Response(status=status, text="bad request\n")
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:  # noqa: ANN401  # aiohttp's
        """Strangers send anything; only what is a fault of ours is worth a traceback."""
        error = kw.get("exc_info")
        hung_up = self.transport is None and isinstance(error, RuntimeError) and str(error) == "Connection closed."
        if isinstance(error, MALFORMED) or hung_up:
            peer = self.peername
            remote = peer[0] if isinstance(peer, tuple) else None
            log.info("malformed_request", remote=remote, error=" ".join(str(error).split())[:200])
        else:
            super().log_exception(*args, **kw)

    # --- waiting ------------------------------------------------------------------------------------------------

    def _wait(self, seconds: float) -> None:
        self._connections.waits(self, waiting=True)
        self._patience = asyncio.get_running_loop().time() + seconds
        if self._timer is None or self._timer.when() > self._patience:
            self._look_at(self._patience)

    def _stop_waiting(self) -> None:
        """The timer goes on: a request ends long before it, and would cost a new one, and the old one's removal."""
        self._connections.waits(self, waiting=False)
        self._patience = None

    def _look_at(self, time: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(time, self._run_out)

    def _run_out(self) -> None:
        self._timer = None
        if self._patience is None:
            return
        if asyncio.get_running_loop().time() >= self._patience:
            self.drop()
        else:
            self._look_at(self._patience)

    def _end_timer(self) -> None:
        self._stop_waiting()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _has_unread(self, size: int) -> None:
        before, self.unread = self.unread, size
        self._connections.count(size - before)


@contextmanager
def awaiting_body(request: web.Request) -> Iterator[None]:
    """While this request's body is read, its connection waits for its peer."""
    connection = request.protocol
    if isinstance(connection, PeerConnection):
        with connection.awaiting_body():
            yield
    else:
        yield


class _Server(web.Server):
    def __init__(self, served: web.Server, limits: ConnectionLimits, settings: dict[str, Any]) -> None:
        self._answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]] = served.request_handler
        super().__init__(self._handle, request_factory=served.request_factory)
        self.of_peers, self._settings = Connections(limits), settings

    def __call__(self) -> PeerConnection:
        return PeerConnection(self, self.of_peers, loop=asyncio.get_running_loop(), **self._settings)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        if not isinstance(connection, PeerConnection):
            return await self._answer(request)
        connection.begun(request.content)
        try:
            return await self._answer(request)
        finally:
            connection.ended()


class Runner(web.AppRunner):
    """``settings`` are aiohttp's, for each connection."""

    __slots__ = ("_limits", "_previous", "_settings")

    def __init__(
        self,
        app: web.Application,
        limits: ConnectionLimits,
        *,
        shutdown_timeout: float,
        **settings: Any,  # noqa: ANN401  # aiohttp's
    ) -> None:
        super().__init__(app, shutdown_timeout=shutdown_timeout)
        self._limits, self._settings = limits, settings
        self._previous: Exceptions | None = None

    async def _make_server(self) -> web.Server:
        server = _Server(await super()._make_server(), self._limits, self._settings)
        loop = asyncio.get_running_loop()
        self._previous = loop.get_exception_handler()
        loop.set_exception_handler(_reporting(server.of_peers, self._previous))
        return server

    async def _cleanup_server(self) -> None:
        asyncio.get_running_loop().set_exception_handler(_unless_of_a_closed_listener(self._previous))
        await super()._cleanup_server()


def _reporting(connections: Connections, otherwise: Exceptions | None) -> Exceptions:
    """asyncio's own report of a full descriptor table has 128 tracebacks a second."""

    def report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in EXHAUSTED and "socket" in context:
            connections.exhausted(error)
        elif otherwise is not None:
            otherwise(loop, context)
        else:
            loop.default_exception_handler(context)

    return report


def _unless_of_a_closed_listener(otherwise: Exceptions | None) -> Exceptions:
    """After a full descriptor table asyncio accepts again in a second, 128 times, on a listener that may be closed."""

    def report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        callback = getattr(context.get("handle"), "_callback", None)
        if isinstance(context.get("exception"), ValueError) and getattr(callback, "__name__", "") == "_start_serving":
            return
        if otherwise is not None:
            otherwise(loop, context)
        else:
            loop.default_exception_handler(context)

    return report
