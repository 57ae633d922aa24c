"""How soon is work begun and done, and what does waiting cost?

    python -m benchmarks.latency [--database sqlite|postgresql] [--senders 1 8 32] [--idle 10]
    python -m benchmarks.latency --rtt 200 [--trace]

The whole bot with its real handlers as a process of its own, against the sandbox GitHub in this one.  Each sender
posts signed deliveries one after the other, each for a pull request of its own that adds a deprecated usage, and waits
for its review.  Told are the times from the acknowledgement to the job's start, and to the posted review; and the share
of one core that the process takes while nothing comes in.

With ``--rtt`` each answer of GitHub takes so many milliseconds, and writes keep the pace that GitHub asks for: told is
when the check and the review are there (:mod:`benchmarks.far`).
"""

import argparse
import asyncio
import contextlib
import cProfile
import hashlib
import hmac
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from benchmarks import far
from benchmarks.kill import ROOT, environment_of, postgres, until
from bot.github.limits import Pace
from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.example import CHANGE, FILES

FAST = Pace(gap=0.0, per_minute=100_000, per_hour=100_000)
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


async def serve(pace: Pace | None, profile: Path | None = None) -> None:
    """The child: says its port, then ``GUID TIME`` for each start of a job."""
    from aiohttp import web

    from bot import log, memory
    from bot.app import build, redactor, registered
    from bot.jobs import Job
    from bot.settings import Settings
    from bot.web import Metrics, create_runner

    class Stamps(Metrics):
        def started(self, job: Job, waited: float) -> None:
            print(job.id, time.time(), flush=True)

    memory.give_back_what_is_freed()
    settings = Settings.from_env(os.environ)
    log.configure(form="text", level="error", redact=redactor(settings))
    app = build(settings, registered(settings), pace=pace)
    vars(app.worker)["_observer"] = Stamps()
    runner = create_runner(app.web)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    profiler = cProfile.Profile()
    with profiler if profile else contextlib.nullcontext():
        await stopping.wait()
    if profile:
        profiler.dump_stats(profile)
    await runner.cleanup()


@dataclass
class Times:
    """Seconds from the acknowledgement."""

    acknowledged: dict[str, float] = field(default_factory=dict)
    started: dict[str, float] = field(default_factory=dict)
    reviewed: list[float] = field(default_factory=list)

    def waits(self) -> list[float]:
        """A job may have begun before its sender read the answer."""
        return [max(self.started[guid] - at, 0.0) for guid, at in self.acknowledged.items() if guid in self.started]


async def by_looking(pull: PullRequestHandle) -> None:
    await until(lambda: len(pull.reviews) > 0, within=120)


class Sender:
    """``reviewed`` returns once a pull request has a review."""

    def __init__(
        self,
        github: Sandbox,
        repo: Repo,
        url: str,
        times: Times,
        reviewed: Callable[[PullRequestHandle], Awaitable[None]] = by_looking,
    ) -> None:
        self._github, self._repo, self._url, self._times, self._reviewed = github, repo, url, times, reviewed

    async def run(self, session: aiohttp.ClientSession, pulls: list[PullRequestHandle]) -> None:
        for pull in pulls:
            guid = f"{self._repo.id}-{pull.number}"
            body = json.dumps(self._payload(pull)).encode()
            await self._post(session, guid, body)
            acknowledged = self._times.acknowledged[guid] = time.time()
            await self._reviewed(pull)
            self._times.reviewed.append(time.time() - acknowledged)

    def _payload(self, pull: PullRequestHandle) -> Mapping[str, object]:
        return {
            "action": "opened",
            "installation": {"id": self._github.installation(self._repo).id},
            "repository": {"id": self._repo.id, "full_name": self._repo.full_name},
            "sender": {"id": 1, "login": "ann", "type": "User"},
            "pull_request": {"number": pull.number, "head": {"sha": pull.head_sha}},
        }

    async def _post(self, session: aiohttp.ClientSession, guid: str, body: bytes) -> None:
        digest = hmac.new(self._github.app.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
        head = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "pull_request",
            "X-GitHub-Delivery": guid,
            "X-Hub-Signature-256": f"sha256={digest}",
        }
        async with session.post(self._url, data=body, headers=head) as answer:
            if answer.status != 202:
                raise SystemExit(f"not acknowledged: {answer.status}")


async def measure(github: Sandbox, url: str, senders: int, each: int, starts: dict[str, float]) -> str:
    repo = await github.repo(f"acme/service{senders}", files=dict(FILES))
    author = github.user("ann", role="write")
    pulls = [await repo.open_pull_request(dict(CHANGE), by=author, title=f"{n}") for n in range(senders * each)]
    times = Times(started=starts)
    async with aiohttp.ClientSession() as session:
        began = time.monotonic()
        work = [Sender(github, repo, url, times).run(session, pulls[n::senders]) for n in range(senders)]
        await asyncio.gather(*work)
        took = time.monotonic() - began
    waits, reviews = sorted(times.waits()), sorted(times.reviewed)
    return (
        f"{senders:>7}  {len(reviews):>7}  {statistics.median(waits) * 1e3:>12.1f} {waits[-1] * 1e3:>9.1f}"
        f"  {statistics.median(reviews) * 1e3:>14.0f} {reviews[-1] * 1e3:>9.0f}  {len(reviews) / took:>9.1f}"
    )


def cpu(pid: int) -> float:
    """Seconds of a process and its threads.  https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


async def compare(database_url: str, directory: Path, senders: list[int], each: int, idle: float) -> None:
    async with Sandbox() as github:
        environment = {"PATH": os.environ["PATH"], **environment_of(github, directory, database_url)}
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.latency", "--serve", "fast", cwd=ROOT, env=environment, stdout=-1
        )
        try:
            await _compare(github, server, senders, each, idle)
        finally:
            server.terminate()
            await server.wait()


async def _compare(
    github: Sandbox, server: asyncio.subprocess.Process, senders: list[int], each: int, idle: float
) -> None:
    assert server.stdout is not None  # noqa: S101  # for the type checker
    port = int(await server.stdout.readline())
    starts: dict[str, float] = {}
    reading = asyncio.create_task(read_starts(server.stdout, starts))
    await asyncio.sleep(3)
    before = cpu(server.pid)
    await asyncio.sleep(idle)
    print(f"idle: {(cpu(server.pid) - before) / idle * 100:.2f} % of a core over {idle:g} s")
    print(f"{'senders':>7}  {'reviews':>7}  {'start p50 ms':>12} {'worst':>9}  {'review p50 ms':>14} {'worst':>9}"
          f"  {'reviews/s':>9}")  # fmt: skip
    for count in senders:
        print(await measure(github, f"http://127.0.0.1:{port}/webhook", count, each, starts))
    reading.cancel()


async def read_starts(stdout: asyncio.StreamReader, starts: dict[str, float]) -> None:
    while line := await stdout.readline():
        guid, _, at = line.decode().rpartition(" ")  # a task's id may hold spaces
        starts.setdefault(guid, float(at))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--senders", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--each", type=int, default=3, help="pull requests of each sender")
    parser.add_argument("--idle", type=float, default=10.0, help="seconds to watch it do nothing")
    parser.add_argument("--rtt", type=float, help="milliseconds that each answer of GitHub takes")
    parser.add_argument("--trace", action="store_true", help="with --rtt: every request, and when it was sent")
    parser.add_argument("--profile", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--serve", choices=["fast", "paced"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(FAST if options.serve == "fast" else None, options.profile))
        return
    with tempfile.TemporaryDirectory(prefix="ssot-latency-") as name, contextlib.ExitStack() as stack:
        directory = Path(name)
        sqlite = options.database == "sqlite"
        url = f"sqlite:///{directory / 'ssot.db'}" if sqlite else stack.enter_context(postgres(directory))
        if options.rtt is not None:
            asyncio.run(far.measure(url, directory, options.rtt / 1000, trace=options.trace))
            return
        print(f"{'SQLite' if sqlite else 'PostgreSQL'}, {os.cpu_count()} cores, the sandbox GitHub on one of them")
        asyncio.run(compare(url, directory, options.senders, options.each, options.idle))


if __name__ == "__main__":
    main()
