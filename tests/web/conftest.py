"""The real server on loopback, with a store of its own; requests by raw socket, since a client would tidy them."""

import asyncio
import hashlib
import hmac
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web

from bot.domain.references import Delivery
from bot.jobs import Done, Ignored, Inbox, Lease, Outcome, Route, SqliteStore, Store, Work, Worker, worker_of
from bot.web import BodyLimits, ConnectionLimits, Metrics, WebParts, create_runner, create_web_app

ROOT = Path(__file__).parents[2]
SECRET = b"a webhook secret of the tests"
OLD_SECRET = b"the secret before the rotation"
GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"


def sign(body: bytes, secret: bytes = SECRET) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def headers(body: bytes, **changes: str | None) -> dict[str, str]:
    """GitHub's headers; a change of ``None`` leaves one out, names with ``_`` for ``-``."""
    standard = {
        "Host": "localhost",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "X-GitHub-Event": "pull_request",
        "X-GitHub-Delivery": GUID,
        "X-Hub-Signature-256": sign(body),
        "Connection": "close",
    }
    given = {name.replace("_", "-"): value for name, value in changes.items()}
    lower = {name.lower() for name in given}
    kept = {name: value for name, value in standard.items() if name.lower() not in lower}
    return {**kept, **{name: value for name, value in given.items() if value is not None}}


def request(
    body: bytes = b"{}",
    *,
    method: str = "POST",
    path: str = "/webhook",
    head: dict[str, str] | None = None,
    extra: bytes = b"",
) -> bytes:
    lines = [f"{method} {path} HTTP/1.1"] + [f"{k}: {v}" for k, v in (headers(body) if head is None else head).items()]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n" + extra + b"\r\n" + body


@dataclass(frozen=True)
class Answer:
    status: int
    head: str
    body: str


async def send(port: int, raw: bytes, *, within: float = 10.0) -> Answer:
    """Write ``raw`` on a connection of its own and read the answer to its end."""
    async with asyncio.timeout(within):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(raw)
            return parse(await reader.read())
        finally:
            writer.close()


class ServerProcess:
    """``tests.web.process`` on a database and a journal of this directory."""

    def __init__(self, directory: Path) -> None:
        self.database, self.journal = directory / "ssot.db", directory / "journal"
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "tests.web.process", str(self.database), str(self.journal)]
        env = {"PATH": os.environ["PATH"]}
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=env)
        assert self._process.stdout is not None
        self.pid, self.port = self._process.pid, int(self._process.stdout.readline())

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def restart(self) -> None:
        self.kill()
        self._start()


@dataclass
class Server:
    port: int
    store: Store
    metrics: Metrics
    worker: Worker
    handled: list[Delivery] = field(default_factory=list)

    async def send(self, raw: bytes, *, within: float = 10.0) -> Answer:
        return await send(self.port, raw, within=within)

    async def post(self, body: bytes = b"{}", **changes: str | None) -> Answer:
        return await self.send(request(body, head=headers(body, **changes)))

    async def get(self, path: str, *, method: str = "GET", **more: str) -> Answer:
        head = {"Host": "localhost", "Connection": "close", **{k.replace("_", "-"): v for k, v in more.items()}}
        return await self.send(request(b"", method=method, path=path, head=head))

    async def stored(self) -> int:
        return len(await self.store.recent(10_000))


def parse(raw: bytes) -> Answer:
    head, _, body = raw.decode("latin-1").partition("\r\n\r\n")
    return Answer(int(head.split()[1]), head, body)


def route(event: str, body: bytes) -> Route:
    return Ignored(reason="no installation") if b"nobody" in body else Work(key="acme/app#1")


Serve = Callable[..., Awaitable[Server]]


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Starts servers: ``serve(limits=…, token=…, secrets=…, depth=…)``."""
    async with AsyncExitStack() as stack:

        async def start(
            *,
            limits: BodyLimits | None = None,
            token: str | None = None,
            secrets: tuple[bytes, ...] = (SECRET,),
            full: bool = False,
            connections: ConnectionLimits | None = None,
            records: Callable[[], Awaitable[None]] | None = None,
        ) -> Server:
            store = SqliteStore(tmp_path / "ssot.db", busy_timeout=0.1)
            await store.open()
            stack.push_async_callback(store.close)
            metrics, handled = Metrics(), list[Delivery]()

            async def handle(delivery: Delivery, lease: Lease) -> Outcome:
                handled.append(delivery)
                return Done()

            worker = worker_of(store, router=route, handle=handle, observer=metrics)
            await worker.start()
            stack.push_async_callback(worker.stop, 1.0)
            metrics.watch(worker.stats)
            parts = WebParts(
                inbox=Inbox(store, arrived=worker.arrived, full=lambda: full),
                worker=worker,
                store=store,
                secrets=secrets,
                events={"pull_request", "push"},
                metrics=metrics,
                operator_token=token,
                limits=limits or BodyLimits(),
            )
            if records is not None:
                parts = replace(parts, records=records)
            runner = create_runner(create_web_app(parts), shutdown_timeout=0.2, connections=connections)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return Server(runner.addresses[0][1], store, metrics, worker, handled)

        yield start


@pytest.fixture
def server_process(tmp_path: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path)
    yield process
    process.kill()


@pytest.fixture
async def server(serve: Serve) -> Server:
    return await serve()
