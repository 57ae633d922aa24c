"""The whole bot on loopback: the real server and its workers against the sandbox GitHub."""

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from bot.app import App
from bot.cli.demo import serving, settings_for, settled
from bot.jobs import Job, State
from bot.sandbox import Repo, Sandbox
from bot.sandbox.example import FILES

T = TypeVar("T")


@dataclass(frozen=True)
class RunningBot:
    """``await bot.settled()`` returns when all that happened at GitHub was delivered and worked on."""

    github: Sandbox
    app: App

    async def receive(self, happens: Awaitable[T]) -> T:
        """Let something happen at GitHub, and return what it makes once the bot is done with it."""
        made = await happens
        await self.settled()
        return made

    async def settled(self) -> None:
        """Raises ``Stuck`` with the queue's own words when a job waits for another try."""
        await settled(self.github, self.app)

    async def jobs(self) -> list[Job]:
        """All jobs, oldest first; the probe is written after all that was written before."""
        await self.app.store.probe()
        return sorted(await self.app.store.recent(1_000), key=lambda job: job.seq)

    async def failed(self) -> list[Job]:
        """Those that ended badly, wait for another try, or needed one; what has just come in has not failed."""
        jobs = await self.jobs()
        waiting = [job for job in jobs if job.state is State.QUEUED and job.reason]
        return waiting + [job for job in jobs if job.state is State.DEAD or job.attempts > 1]


@pytest.fixture
async def bot(github: Sandbox, tmp_path: Path) -> AsyncIterator[RunningBot]:
    """The server, started, with the sandbox's webhooks coming in."""
    async with serving(github, settings_for(github, tmp_path)) as app:
        yield RunningBot(github, app)


@pytest.fixture
async def service(github: Sandbox) -> Repo:
    """``acme/service``: a repository in the middle of the default migration."""
    return await github.repo("acme/service", files=dict(FILES))
