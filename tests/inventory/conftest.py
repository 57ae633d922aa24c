"""A bot that works for the sandbox GitHub, without a server around it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.app import open_bot
from bot.cli.demo import settings_for
from bot.context import Bot
from bot.domain.references import Task
from bot.github.limits import Pace
from bot.sandbox import Sandbox
from tests.github.conftest import ref_of

__all__ = ["ref_of"]


@dataclass
class Outbox:
    """The tasks that the bot gave itself."""

    tasks: list[Task] = field(default_factory=list)

    async def __call__(self, task: Task) -> None:
        self.tasks.append(task)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
async def bot(github: Sandbox, tmp_path: Path, outbox: Outbox) -> AsyncIterator[Bot]:
    async with AsyncExitStack() as stack:
        pace = Pace(gap=0.0, per_minute=100_000, per_hour=100_000)
        yield await open_bot(settings_for(github, tmp_path), pace, outbox, stack)
