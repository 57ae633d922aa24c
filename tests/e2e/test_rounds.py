"""Rounds of all repositories stand before nobody's work."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

from bot.app import open_bot
from bot.cli.demo import settings_for
from bot.context import Background
from bot.domain.errors import RetryLater
from bot.domain.references import Task
from bot.installations import APART, everywhere
from bot.sandbox import Sandbox

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_a_few_of_a_round_run_a_few_wait_and_the_rest_go_back() -> None:
    background, gate = Background(), asyncio.Event()
    running = most = 0

    async def work() -> None:
        nonlocal running, most
        async with background.begin(NOW):
            running += 1
            most = max(most, running)
            await gate.wait()
            running -= 1

    tasks = [asyncio.create_task(work()) for _ in range(100)]
    await asyncio.sleep(0)
    gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    away = [each.at - NOW for each in results if isinstance(each, RetryLater)]
    assert (most, len(away)) == (Background.AT_ONCE, 100 - Background.PLACES)
    assert away == [n * Background.APART for n in range(1, len(away) + 1)]
    await asyncio.gather(*(asyncio.create_task(work()) for _ in range(Background.PLACES)))


async def test_the_tasks_of_a_round_are_due_one_after_the_other(github: Sandbox, tmp_path: Path) -> None:
    for number in range(4):
        await github.repo(f"acme/service{number}", files={})
    await github.repo("other/service", files={})
    sent: list[Task] = []

    async def send(task: Task) -> None:
        sent.append(task)

    lease = SimpleNamespace(job=SimpleNamespace(seq=7))
    async with AsyncExitStack() as stack:
        bot = await open_bot(settings_for(github, tmp_path), None, send, stack)
        began = bot.github.clock.now()
        await everywhere(bot, "ssot.survey", lease)  # all that it looks at
    later = [(task.not_before - began).total_seconds() for task in sent if task.not_before]
    assert (len(sent), len(later), sent[0].not_before) == (5, 4, None)
    assert {round(b - a, 6) for a, b in pairwise(later)} == {APART.total_seconds()}
