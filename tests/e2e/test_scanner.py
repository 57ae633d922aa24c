"""The scanner goes away under the running bot: nothing is judged meanwhile, and then all is."""

import os
import signal
from datetime import timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from bot.jobs import State
from bot.sandbox import Repo
from bot.sandbox.example import HEALTH_WITH_A_PROBE
from bot.scanner import fork_server, workers
from bot.scanner.pool import Pool
from tests.e2e.conftest import RunningBot
from tests.e2e.test_review import HEALTH
from tests.e2e.test_sweep import verdicts
from tests.jobs.conftest import until


async def is_ready(bot: RunningBot) -> bool:
    address = str(bot.github.webhook_url).removesuffix("/webhook")
    async with aiohttp.ClientSession() as session, session.get(f"{address}/health/ready") as answer:
        return answer.status == 200


def environment(process: int) -> bytes:
    return Path(f"/proc/{process}/environ").read_bytes()


async def test_a_lost_fork_server_is_replaced_and_no_pull_request_is_green_for_it(
    bot: RunningBot, service: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "canary-e8a1")
    await until(lambda: is_ready(bot))
    for number in range(2):
        server = fork_server.process_id()
        assert server is not None
        os.kill(server, signal.SIGKILL)
        pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE + b"# %d\n" % number}, head=f"pr{number}")
        await bot.settled()
        assert verdicts(pull) == ["failure"]
        await until(partial(is_replaced, server))  # a worker that it had forked may have scanned this
        assert environment(fork_server.process_id() or 0) == b""
    assert await bot.failed() == []
    await until(lambda: is_ready(bot))


async def is_replaced(server: int | None) -> bool:
    return fork_server.process_id() not in (None, server)


async def test_while_nothing_can_be_scanned_jobs_wait_and_the_light_is_red(
    bot: RunningBot, service: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "PATIENCE", 0.3)
    monkeypatch.setattr(workers, "AGAIN", timedelta(seconds=0.3))
    passes, broken = workers.Workers._passes, [True]

    async def maybe(self: workers.Workers, pool: Pool) -> bool:
        return not broken and await passes(self, pool)

    await until(lambda: is_ready(bot))
    monkeypatch.setattr(workers.Workers, "_passes", maybe)
    os.kill(fork_server.process_id() or 0, signal.SIGKILL)

    async def is_red() -> bool:
        return not await is_ready(bot)

    await until(is_red)
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await until(lambda: is_put_off(bot))
    assert verdicts(pull) == [None], "in progress"
    broken.clear()
    await until(lambda: is_ready(bot))

    async def is_judged() -> bool:
        return verdicts(pull) == [None, "failure"]

    await until(is_judged)


async def is_put_off(bot: RunningBot) -> bool:
    waiting = [job.reason or "" for job in await bot.jobs() if job.state is State.QUEUED]
    return any("the scanner is down" in reason for reason in waiting)
