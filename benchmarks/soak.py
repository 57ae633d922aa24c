"""Does it grow?  Many deliveries through one server: memory, open files and the size of the database.

    python -m benchmarks.soak [--deliveries 100000] [--senders 16] [--size 2000]

The hook, the queue and its clean-up (which here keeps finished rows for three seconds) in a process of its own; a tenth
of the deliveries warms it up, then its memory and open files may grow by a tenth.
"""

import argparse
import asyncio
import hashlib
import hmac
import itertools
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECRET = "a webhook secret of the benchmark"  # noqa: S105  # it protects nothing
PAGE = os.sysconf("SC_PAGE_SIZE")
SETTLE = 1.0
"""Seconds before a look: the senders' connections are closed by then, and what waited has been done."""


async def serve(directory: Path) -> None:
    from aiohttp import web

    from bot.domain.references import Delivery
    from bot.jobs import Done, Inbox, Lease, Outcome, SqliteStore, Work, worker_of
    from bot.jobs.retention import Retention
    from bot.web import Metrics, WebParts, create_runner, create_web_app

    numbers = itertools.count()

    async def handle(_delivery: Delivery, _lease: Lease) -> Outcome:
        return Done()

    store, metrics = SqliteStore(directory / "ssot.db"), Metrics()
    await store.open()
    worker = worker_of(
        store,
        router=lambda *_: Work(key=f"acme/app#{next(numbers) % 97}", action="opened"),
        handle=handle,
        retention=Retention(finished=timedelta(seconds=3), interval=1.0),
        observer=metrics,
    )
    await worker.start()
    parts = WebParts(
        inbox=Inbox(store, arrived=worker.arrived, full=worker.full),
        worker=worker,
        store=store,
        secrets=[SECRET.encode()],
        events={"pull_request"},
        metrics=metrics,
    )
    runner = create_runner(create_web_app(parts))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


async def send(port: int, name: int, count: int, body: bytes) -> None:
    """Over one connection, one after the other."""
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        "POST /webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "X-GitHub-Event: pull_request\r\n"
        f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(body)}\r\nX-GitHub-Delivery: "
    )
    sent = 0
    while sent < count:
        writer.write(f"{head}{name}-{sent}-{time.monotonic_ns()}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(int(length.split(b":")[1]))
        if b" 202 " in answer.split(b"\r\n", 1)[0]:
            sent += 1
        else:
            await asyncio.sleep(0.2)  # the queue is full: later
    writer.close()


def look(pid: int, directory: Path) -> tuple[float, int, float]:
    """MiB in memory, open files, MiB on the disk."""
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    disk = sum(path.stat().st_size for path in directory.glob("ssot.db*"))
    return resident / 2**20, files, disk / 2**20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=100_000)
    parser.add_argument("--senders", type=int, default=16)
    parser.add_argument("--size", type=int, default=2_000, help="bytes of each payload")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.serve))
        return 0
    body = b'{"x": "' + b"x" * options.size + b'"}'
    with tempfile.TemporaryDirectory(prefix="ssot-soak-") as name:
        directory = Path(name)
        command = [sys.executable, "-m", "benchmarks.soak", "--serve", name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as server:
            try:
                samples = _soak(server, directory, options.deliveries, options.senders, body)
            finally:
                server.kill()
    (memory, files, _), (memory_after, files_after, _) = samples[0], samples[-1]
    grew = max(memory_after / memory, files_after / files) - 1
    print(f"after warm-up memory grew by {memory_after / memory - 1:.1%}, open files by {files_after / files - 1:.1%}")
    return 0 if grew < 0.1 else 1


def _soak(
    server: subprocess.Popen[bytes], directory: Path, deliveries: int, senders: int, body: bytes
) -> list[tuple[float, int, float]]:
    """Samples: after the warm-up, and after each further tenth."""
    assert server.stdout is not None  # noqa: S101  # for the type checker
    port = int(server.stdout.readline())
    samples: list[tuple[float, int, float]] = []

    async def tenth() -> None:
        await asyncio.gather(*(send(port, n, deliveries // 10 // senders, body) for n in range(senders)))

    print(f"{'deliveries':>10} {'seconds':>8} {'memory MiB':>11} {'files':>6} {'database MiB':>13}")
    began = time.monotonic()
    for number in range(1, 11):
        asyncio.run(tenth())
        time.sleep(SETTLE)
        samples.append(look(server.pid, directory))
        memory, files, disk = samples[-1]
        took = time.monotonic() - began
        print(f"{deliveries * number // 10:>10} {took:>8.0f} {memory:>11.1f} {files:>6} {disk:>13.1f}", flush=True)
    return samples


if __name__ == "__main__":
    sys.exit(main())
