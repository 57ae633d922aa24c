"""A server that is stopped in the middle of a job, and one that the database does not answer."""

import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import aiohttp
import psycopg
import pytest

from benchmarks.kill import ROOT, Driver, Report, environment_of, postgres, servers
from bot.cli.demo import serving, settings_for, settled
from bot.sandbox import Repo, Sandbox
from bot.sandbox.example import FILES
from bot.settings import Secret
from tests.e2e.test_sweep import USAGE
from tests.jobs.conftest import until

FIRST = random.Random(1)  # noqa: S311  # there is only one server to choose from


async def test_case_25_a_server_that_was_frozen_past_its_take_over_writes_nothing_beside_its_heir(
    github: Sandbox, tmp_path: Path, postgres_url: str
) -> None:
    """It sleeps after it has looked and before it writes: what it then knows is out of date."""
    repo = await github.repo("acme/app", files={"a.py": b""})
    async with AsyncExitStack() as stack:
        processes = await stack.enter_async_context(servers(environment_of(github, tmp_path, postgres_url), 1))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        driver = Driver(github, [repo], processes, postgres_url, Report(database="PostgreSQL", seed=1))
        looked = github.faults.hold(effect=True, method="GET", path="*/check-runs")
        await driver.send(session, 0, 1)
        await looked.reached.wait()
        ((frozen, _),) = processes.alive
        os.kill(frozen, signal.SIGSTOP)
        stopped = processes.alive.pop()
        await processes.start()
        await driver.send(session, 0, 2)
        began = time.monotonic()
        await driver.settled(within=60)
        assert time.monotonic() - began < 15
        looked.release()
        os.kill(frozen, signal.SIGCONT)
        processes.alive.append(stopped)
        await _back(postgres_url, workers=2)
        assert [run.external_id for run in repo.check_runs] == ["partition 0"] * 3
        driver.judge()
        assert driver.report.faults == []
        assert driver.report.repeated_runs == 1
        processes.alive.reverse()
        os.kill(processes.alive.pop()[0], signal.SIGKILL)
        await driver.send(session, 0, 1)
        await driver.settled(within=60)
        driver.judge()
        assert driver.report.faults == [], "it is back among the servers"


async def test_promise_4_another_server_takes_over_from_one_that_was_killed(
    github: Sandbox, tmp_path: Path, postgres_url: str
) -> None:
    repo = await github.repo("acme/app", files={"a.py": b""})
    async with (
        servers(environment_of(github, tmp_path, postgres_url), 2) as processes,
        aiohttp.ClientSession() as session,
    ):
        driver = Driver(github, [repo], processes, postgres_url, Report(database="PostgreSQL", seed=1))
        looked = github.faults.hold(effect=True, method="GET", path="*/check-runs")
        await driver.send(session, 0, 1)
        await looked.reached.wait()
        with psycopg.connect(postgres_url) as connection:
            rows = connection.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'").fetchall()
        assert rows == [(1,)]
        died = time.monotonic()
        for pid, _ in processes.alive:
            os.kill(pid, signal.SIGKILL)
        processes.alive.clear()
        await processes.start()
        looked.release()
        await driver.settled(within=60)
        assert time.monotonic() - died < 60
        driver.judge()
        assert driver.report.faults == []
        assert (driver.report.effects, driver.report.repeated_runs) == (1, 1)


async def _back(url: str, *, workers: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:

        async def registered() -> bool:
            (count,) = connection.execute("SELECT count(*) FROM procrastinate_workers").fetchone() or (0,)
            return int(count) == workers

        await until(registered, within=20)


async def test_four_servers_that_start_at_once_on_an_empty_database_all_start(
    github: Sandbox, tmp_path: Path, postgres_url: str
) -> None:
    async with servers(environment_of(github, tmp_path, postgres_url), 0) as processes:
        await processes.start_together(4)
        await _back(postgres_url, workers=4)
        for pid, _ in processes.alive:
            os.kill(pid, 0)  # raises when it is gone
    with psycopg.connect(postgres_url) as connection:
        rows = connection.execute("SELECT migration FROM jobs_engine").fetchall()
        assert len(rows) == len(set(rows)) > 20


class Cluster:
    """A PostgreSQL of its own, so that others do not stand still with it."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "postgres" / "postmaster.pid"

    def all(self, number: signal.Signals) -> None:
        postmaster = int(self._file.read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in (postmaster, *map(int, children)):
            os.kill(pid, number)


@pytest.fixture
async def cluster() -> AsyncIterator[tuple[str, Cluster]]:
    with tempfile.TemporaryDirectory(prefix="ssot-frozen-") as name, postgres(Path(name)) as url:
        yield url, Cluster(Path(name))


async def test_case_76_while_postgresql_is_frozen_readiness_says_so_within_3_seconds(
    github: Sandbox, tmp_path: Path, cluster: tuple[str, Cluster]
) -> None:
    service: Repo = await github.repo("acme/service", files=dict(FILES))
    url, database = cluster
    settings = replace(settings_for(github, tmp_path), database_url=Secret(url))
    async with serving(github, settings) as app, aiohttp.ClientSession() as session:
        base = str(github.webhook_url).removesuffix("/webhook")

        async def ready() -> bool:
            async with session.get(f"{base}/health/ready") as answer:
                return answer.status == 200

        await until(ready, within=30)
        await settled(github, app)
        await asyncio.sleep(1.1)  # the last answer is good for a second
        database.all(signal.SIGSTOP)
        try:
            for path, status in (("/health/ready", 503), ("/health/ready", 503), ("/health/live", 200)):
                began = time.monotonic()
                async with session.get(base + path) as answer:
                    assert answer.status == status
                assert time.monotonic() - began < 3
            pull = await service.open_pull_request({"app/new.py": USAGE})
            began = time.monotonic()
            await github.settled()
            told = [each for each in github.deliveries if each.event == "pull_request"]
            assert [each.status_code for each in told] == [503]
            assert time.monotonic() - began < 12, "GitHub gives up after 10; only the first one waits"
        finally:
            database.all(signal.SIGCONT)
        await until(ready, within=30)
        github.webhooks.redeliver(told[0])
        await settled(github, app)
        assert len(pull.check_runs) == 1


async def test_it_ends_within_8_seconds_though_postgresql_is_frozen(
    github: Sandbox, tmp_path: Path, cluster: tuple[str, Cluster]
) -> None:
    url, database = cluster
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "serve", "--port", "0", cwd=ROOT, env={
            "PATH": os.environ["PATH"], **environment_of(github, tmp_path, url)
        }, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    base = (await process.stdout.readline()).decode().split()[-1]

    async def ready() -> bool:
        async with session.get(f"{base}/health/ready") as answer:
            return answer.status == 200

    async with aiohttp.ClientSession() as session:
        await until(ready, within=60)
    database.all(signal.SIGSTOP)
    try:
        await asyncio.sleep(1)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, said = await asyncio.wait_for(process.communicate(), 30)
        assert time.monotonic() - began < 9
        assert b"Traceback" not in said
        # It waits for nothing any longer, or the driver gave up a moment before.
        assert (process.returncode, b"is run again" in said) in ((1, True), (0, False))
        assert b"is run again" in said or b"store_unavailable" in said
    finally:
        database.all(signal.SIGCONT)
        if process.returncode is None:
            process.kill()
