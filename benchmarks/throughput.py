"""How many reviews a second, how soon is work begun, and who takes the time?

    python -m benchmarks.throughput [--senders 32] [--each 8] [--database sqlite|postgresql] [--profile FILE]

The whole bot with its real handlers as a process of its own, against the sandbox GitHub in this one.  Each sender posts
signed deliveries one after the other, each for a pull request of its own that adds a deprecated usage, and waits for
its review.  Told are the reviews a second, the time from the acknowledgement to the job's start, and the processor time
of a review: of the server, of its helpers (the scanner's processes), and of this process (GitHub and the senders).
Writes do not wait for GitHub's pace.

``--profile`` writes what the server's event loop did, for ``python -m pstats``.
"""

import argparse
import asyncio
import contextlib
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from benchmarks.kill import ROOT, environment_of, postgres
from benchmarks.latency import Sender, Times, cpu, read_starts
from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.example import CHANGE, FILES

LOOK = 0.01
"""Seconds between two looks for reviews: often enough, and cheap for the processor that GitHub has."""


@dataclass
class Reviews:
    """One look for all senders: each of its own would take much of a processor."""

    waiting: dict[PullRequestHandle, asyncio.Event] = field(default_factory=dict)

    async def watch(self) -> None:
        while True:
            for pull in [pull for pull in self.waiting if pull.reviews]:
                self.waiting.pop(pull).set()
            await asyncio.sleep(LOOK)

    async def of(self, pull: PullRequestHandle) -> None:
        self.waiting[pull] = event = asyncio.Event()
        async with asyncio.timeout(300):
            await event.wait()


@dataclass(frozen=True)
class Used:
    """Seconds of processor time."""

    server: float
    helpers: float
    here: float
    git: float
    """By the sandbox's git, as far as it has ended."""

    def __sub__(self, before: "Used") -> "Used":
        return Used(
            self.server - before.server, self.helpers - before.helpers, self.here - before.here, self.git - before.git
        )


def used(pid: int) -> Used:
    """By a server since its start.  What has ended of its helpers is missing."""
    helpers = sum(cpu(child) for child in descendants(pid))
    git = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Used(cpu(pid), helpers, time.process_time(), git.ru_utime + git.ru_stime)


def descendants(pid: int) -> list[int]:
    """All processes that a process started, and those that they started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *descendants(child)]
    return found


async def drive(
    github: Sandbox, repo: Repo, url: str, senders: int, pulls: list[PullRequestHandle], starts: dict[str, float]
) -> tuple[float, list[float]]:
    """Seconds for all of them, and the seconds from each acknowledgement to the job's start."""
    times, reviews = Times(started=starts), Reviews()
    watching = asyncio.create_task(reviews.watch())
    async with aiohttp.ClientSession() as session:
        began = time.monotonic()
        each = [Sender(github, repo, url, times, reviews.of).run(session, pulls[n::senders]) for n in range(senders)]
        await asyncio.gather(*each)
        took = time.monotonic() - began
    watching.cancel()
    return took, sorted(times.waits())


async def measure(options: argparse.Namespace, database_url: str, directory: Path) -> None:
    async with Sandbox() as github:
        repo = await github.repo("acme/service", files=dict(FILES))
        author = github.user("ann", role="write")
        count = options.senders * options.each
        pulls = [await repo.open_pull_request(dict(CHANGE), by=author, title=f"{n}") for n in range(count + 8)]
        command = [sys.executable, "-m", "benchmarks.latency", "--serve", "fast"]
        if options.profile:
            command += ["--profile", str(options.profile)]
        environment = environment_of(github, directory, database_url)
        server = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=-1)
        try:
            assert server.stdout is not None  # noqa: S101  # for the type checker
            url, starts = f"http://127.0.0.1:{int(await server.stdout.readline())}/webhook", dict[str, float]()
            reading = asyncio.create_task(read_starts(server.stdout, starts))
            await drive(github, repo, url, 2, pulls[count:], starts)  # the token, the survey, what is loaded at need
            before, requests = used(server.pid), len(github.requests)
            took, waits = await drive(github, repo, url, options.senders, pulls[:count], starts)
            spent, asked = used(server.pid) - before, len(github.requests) - requests
            reading.cancel()
        finally:
            server.terminate()
            await server.wait()
    p50, p99 = (waits[int(len(waits) * share)] * 1e3 for share in (0.5, 0.99))
    print(f"{options.senders} senders: {count / took:.1f} reviews/s; from the acknowledgement to the start "
          f"{p50:.0f} ms (median), {p99:.0f} (p99)")  # fmt: skip
    print(f"of a review: {asked / count:.1f} requests; ms of processor: server {spent.server / count * 1e3:.1f}, "
          f"scanner {spent.helpers / count * 1e3:.1f}, GitHub and senders {spent.here / count * 1e3:.1f}, "
          f"its git {spent.git / count * 1e3:.1f}")  # fmt: skip


@contextmanager
def database_of(kind: str, directory: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{directory / 'ssot.db'}"
    else:
        with postgres(directory) as url:
            yield url


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--senders", type=int, default=32)
    parser.add_argument("--each", type=int, default=8, help="pull requests of each sender")
    parser.add_argument("--profile", type=Path, help="where to write the profile of the server's event loop")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ssot-throughput-") as name, contextlib.ExitStack() as stack:
        url = stack.enter_context(database_of(options.database, Path(name)))
        asyncio.run(measure(options, url, Path(name)))


if __name__ == "__main__":
    main()
