"""smee.io on loopback, as far as a client sees it (github.com/probot/smee.io): a POST to a channel is one message."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from aiohttp import web


class SmeeServer:
    """``POST /NAME`` sends to all who read ``GET /NAME``."""

    def __init__(self) -> None:
        self.url = ""
        self.readers: list[asyncio.Queue[bytes | None]] = []
        self.changed = asyncio.Event()
        self._ids = count(1)

    async def receive(self, request: web.Request) -> web.Response:
        """The service parses the JSON and writes it again, as ``JSON.stringify`` does."""
        payload = {name.lower(): value for name, value in request.headers.items()}
        message = {**payload, "body": json.loads(await request.read()), "query": {}, "timestamp": 1700000000000}
        self.say(stringify(message))
        return web.Response(text="OK")

    def say(self, data: str, kind: str = "") -> None:
        event = f"event: {kind}\n" if kind else ""
        self.send(f"id: {next(self._ids)}\n{event}data: {data}\n\n".encode())

    def send(self, raw: bytes | None) -> None:
        for reader in self.readers:
            reader.put_nowait(raw)

    async def read(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await answer.prepare(request)
        await answer.write(b"event: ready\ndata: {}\n\nevent: ping\ndata: {}\n\n")
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.readers.append(queue)
        self.changed.set()
        while (raw := await queue.get()) is not None:
            await answer.write(raw)
        self.readers.remove(queue)
        return answer

    async def is_read(self) -> None:
        """Wait until somebody reads."""
        async with asyncio.timeout(60):
            while not self.readers:
                self.changed.clear()
                await self.changed.wait()


def stringify(value: object) -> str:
    """``JSON.stringify``."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def _page(_: web.Request) -> web.Response:
    return web.Response(text="hello")


@asynccontextmanager
async def smee_server() -> AsyncIterator[SmeeServer]:
    server = SmeeServer()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.add_routes([web.get("/channel", server.read), web.post("/channel", server.receive)])
    app.add_routes([web.get("/page", _page)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/channel"
    try:
        yield server
    finally:
        server.send(None)
        await runner.cleanup()
