"""The server ends while GitHub's answer to a write is on its way: GitHub has done it, and nothing here knows."""

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from benchmarks.kill import Driver, Report, Servers, environment_of, servers
from bot.sandbox import Repo, Sandbox

NOBODY = random.Random(1)  # noqa: S311  # there is only one server to choose from


@dataclass(frozen=True, kw_only=True)
class Cut:
    github: Sandbox
    repo: Repo
    servers: Servers
    driver: Driver
    session: aiohttp.ClientSession

    async def until_the_write_is_done_and_not_answered(self) -> None:
        gate = self.github.faults.hold(effect=True, method="POST", path="*/check-runs")
        await self.driver.send(self.session, 0, 1)
        await gate.reached.wait()
        assert len(self.repo.check_runs) == 1

    async def start_again(self) -> None:
        await self.servers.start()
        await self.driver.settled(within=60)
        self.driver.judge()


@pytest.fixture(params=["sqlite", "postgresql"])
async def cut(request: pytest.FixtureRequest, github: Sandbox, tmp_path: Path) -> AsyncIterator[Cut]:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'ssot.db'}" if sqlite else str(request.getfixturevalue("postgres_url"))
    repo = await github.repo("acme/app", files={"a.py": b""})
    async with AsyncExitStack() as stack:
        processes = await stack.enter_async_context(servers(environment_of(github, tmp_path, url), 1))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        driver = Driver(github, [repo], processes, url, Report(database=request.param, seed=1))
        yield Cut(github=github, repo=repo, servers=processes, driver=driver, session=session)


async def test_case_24_the_exact_cut_leads_to_no_second_write(cut: Cut) -> None:
    await cut.until_the_write_is_done_and_not_answered()
    cut.servers.kill(NOBODY)
    await cut.start_again()
    assert cut.driver.report.faults == []
    assert (cut.driver.report.effects, cut.driver.report.repeated_runs) == (1, 1)


async def test_case_28_a_graceful_stop_in_the_middle_of_a_job(cut: Cut) -> None:
    await cut.until_the_write_is_done_and_not_answered()
    assert await cut.servers.terminate() < 8
    await cut.start_again()
    assert cut.driver.report.faults == []
    assert (cut.driver.report.effects, cut.driver.report.repeated_runs) == (1, 0)
