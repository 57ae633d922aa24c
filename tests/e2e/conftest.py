"""The whole bot on loopback: the real server and its workers against the sandbox GitHub."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from bot.app import App, build, registered
from bot.github.client import Limits
from bot.jobs import Job, State
from bot.sandbox import Repo, Sandbox
from bot.sandbox.example import FILES
from bot.settings import Settings
from bot.web import create_runner

UNPACED = Limits(gap=0.0, per_minute=100_000, per_hour=100_000)


@dataclass(frozen=True)
class RunningBot:
    """``await bot.settled()`` returns when all that happened at GitHub was delivered and worked on."""

    github: Sandbox
    app: App

    async def settled(self) -> None:
        """Raises ``AssertionError`` with the queue's own words when a job waits for another try."""
        await self.github.settled()
        while (stats := self.app.worker.stats()).waiting or stats.running:
            await asyncio.sleep(0.005)
            await self.github.settled()
            waiting = [job for job in await self.jobs() if job.state is State.QUEUED and job.reason]
            assert not waiting, waiting

    async def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        return sorted(await self.app.store.recent(1_000), key=lambda job: job.seq)

    async def failed(self) -> list[Job]:
        return [job for job in await self.jobs() if job.state in (State.DEAD, State.QUEUED) or job.attempts > 1]


def settings_for(github: Sandbox, directory: Path) -> Settings:
    return Settings.from_env(
        {
            "GITHUB_APP_ID": str(github.app.id),
            "GITHUB_PRIVATE_KEY": github.app.private_key,
            "GITHUB_WEBHOOK_SECRET": github.app.webhook_secret,
            "GITHUB_API_URL": github.url,
            "SSOT_DATA_DIR": str(directory),
        }
    )


@pytest.fixture
async def bot(github: Sandbox, tmp_path: Path) -> AsyncIterator[RunningBot]:
    """The server, started, with the sandbox's webhooks coming in."""
    settings = settings_for(github, tmp_path)
    app = build(settings, registered(settings), pace=UNPACED)
    runner = create_runner(app.web)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    github.webhook_url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
    yield RunningBot(github, app)
    await runner.cleanup()


@pytest.fixture
async def service(github: Sandbox) -> Repo:
    """``acme/service``: a repository in the middle of the default migration."""
    return await github.repo("acme/service", files=dict(FILES))
