"""How fast is a delivery acknowledged?  ``python benchmarks/ack.py [--seconds 5] [--senders 1 8 32]``

The hook of this project (signature, group commit, fsync, then 202): ``store`` is the acknowledgement alone, ``durable``
has the worker behind it that routes, claims and finishes every delivery on the same core.  Beside them ``bare``, an
aiohttp handler that calls gidgethub's ``Event.from_http`` and answers 202 without storing anything.  Each runs as a
process of its own, in turns, under the same senders with 24 KB payloads.
"""

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import itertools
import json
import os
import re
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

from aiohttp import web
from gidgethub import sansio

import handlers
from bot.domain.references import Delivery
from bot.jobs import Done, Inbox, Lease, Outcome, Route, SqliteStore, Work, Worker, worker_of
from bot.settings import Allowed
from bot.web import Metrics, WebParts, create_runner, create_web_app

SECRET = "a webhook secret of the benchmark"  # noqa: S105  # it protects nothing
ROWS = [{"id": n, "url": f"https://example.test/{n * 7919}"} for n in range(480)]
PULL = {"number": 1, "head": {"sha": "a" * 40, "ref": "topic"}, "base": {"ref": "main"}}
REPOSITORY = {"id": 77, "full_name": "acme/app", "owner": {"id": 3}}
FACTS = {"action": "opened", "number": 1, "installation": {"id": 5}, "repository": REPOSITORY, "pull_request": PULL}
BODY = json.dumps(FACTS | {"rows": ROWS}).encode()
SIGNATURE = "sha256=" + hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()


async def durable(directory: Path, *, work: bool = True) -> web.AppRunner:
    """This project's hook; its handler does nothing, so that the queue is all that runs beside it.

    Without ``work`` the deliveries are stored and stay queued: the acknowledgement alone.
    """

    numbers = itertools.count()

    def route(event: str, body: bytes) -> Route:
        """As the server does it, but each delivery is for another pull request."""
        found = handlers.route(event, body, Allowed())
        return replace(found, key=f"repo:77#{next(numbers) % 997}") if isinstance(found, Work) else found

    async def handle(_delivery: Delivery, _lease: Lease) -> Outcome:
        return Done()

    store, metrics = SqliteStore(directory / "ssot.db"), Metrics()
    await store.open()
    worker = worker_of(store, router=route, handle=handle, observer=metrics)
    if work:
        await worker.start()
    inbox = Inbox(store, arrived=worker.arrived if work else lambda *_: None)
    parts = WebParts(
        inbox=inbox,
        worker=worker if work else cast("Worker", SimpleNamespace(alive=True)),
        store=store,
        secrets=[SECRET.encode()],
        events={"pull_request"},
        metrics=metrics,
    )
    return create_runner(create_web_app(parts))


async def bare(_directory: Path) -> web.AppRunner:
    """What a small bot does, without the work."""

    async def hook(request: web.Request) -> web.Response:
        sansio.Event.from_http(request.headers, await request.read(), secret=SECRET)
        return web.Response(status=202)

    app = web.Application(client_max_size=25 * 1024 * 1024)
    app.add_routes([web.post("/webhook", hook)])
    return web.AppRunner(app, access_log=None)


KINDS: dict[str, Callable[[Path], Awaitable[web.AppRunner]]] = {
    "bare": bare,
    "store": partial(durable, work=False),
    "durable": durable,
}


async def serve(kind: str, directory: Path) -> None:
    runner = await KINDS[kind](directory)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


class Sender:
    """One keep-alive connection that waits for each answer."""

    HEAD = (
        "POST /webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"X-GitHub-Event: pull_request\r\nX-Hub-Signature-256: {SIGNATURE}\r\n"
        f"Content-Length: {len(BODY)}\r\nX-GitHub-Delivery: "
    ).encode()
    LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n", re.IGNORECASE)

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)  # takes a request as a whole
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._began, self._answer = 0.0, b""

    def send(self) -> None:
        self._began, self._answer = time.perf_counter(), b""
        self.socket.sendall(self.HEAD + str(uuid4()).encode() + b"\r\n\r\n" + BODY)

    def answered(self) -> float | None:
        """Read what has come; seconds from the request to the whole answer, ``None`` while some of it is missing."""
        self._answer += self.socket.recv(65536)
        head, end, body = self._answer.partition(b"\r\n\r\n")
        length = self.LENGTH.search(head + b"\r\n")
        if not end or length is None or len(body) < int(length[1]):
            return None
        if b" 202 " not in head.split(b"\r\n", 1)[0]:
            raise SystemExit(f"not acknowledged: {self._answer!r}")
        return time.perf_counter() - self._began


def measure(port: int, senders: int, seconds: float) -> tuple[float, float, float]:
    """Acknowledgements in a second, and p50 and p99 in milliseconds.

    The senders share a process with the fewest steps possible: what they cost is missing to the server.
    """
    times: list[float] = []
    with selectors.DefaultSelector() as waiting, contextlib.ExitStack() as stack:
        began = time.perf_counter()
        for sender in [Sender(port) for _ in range(senders)]:
            stack.enter_context(sender.socket)
            waiting.register(sender.socket, selectors.EVENT_READ, sender)
            sender.send()
        while waiting.get_map():
            for key, _ in waiting.select():
                if (took := key.data.answered()) is None:
                    continue
                times.append(took)
                if time.perf_counter() < began + seconds:
                    key.data.send()
                else:
                    waiting.unregister(key.data.socket)
    rate = len(times) / (time.perf_counter() - began)
    times.sort()
    return rate, times[len(times) // 2] * 1e3, times[int(len(times) * 0.99)] * 1e3


def cpu(pid: int) -> float:
    """Seconds of a process and its threads.  https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compare(senders: list[int], seconds: float) -> None:
    print(f"{len(BODY) / 1000:.1f} KB payloads, {seconds:g} s each")
    print(f"{'senders':>7}  {'kind':<8} {'acks/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'cpu µs/ack':>11}")
    for count in senders:
        rates = {}
        for kind in KINDS:
            with tempfile.TemporaryDirectory() as directory:
                command = [sys.executable, __file__, "--serve", kind, directory]
                with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
                    assert server.stdout is not None  # noqa: S101  # for the type checker
                    try:
                        port = int(server.stdout.readline())
                        measure(port, count, seconds / 5)
                        before = cpu(server.pid)
                        rates[kind], p50, p99 = measure(port, count, seconds)
                        used = (cpu(server.pid) - before) / (rates[kind] * seconds) * 1e6
                    finally:
                        server.kill()
            print(f"{count:>7}  {kind:<8} {rates[kind]:>8.0f} {p50:>8.2f} {p99:>8.2f} {used:>11.0f}")
        ratios = (f"{kind} / bare = {rates[kind] / rates['bare']:.2f}" for kind in ("store", "durable"))
        print(f"{'':>7}  {', '.join(ratios)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--senders", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--serve", nargs=2, metavar=("KIND", "DIRECTORY"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.serve[0], Path(options.serve[1])))
    else:
        compare(options.senders, options.seconds)
