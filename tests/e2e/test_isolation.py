"""What strangers write is read in workers: a file on the default branch costs itself, and the server nothing."""

import ast
import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from bot.config import reading
from bot.sandbox import Repo, Sandbox
from bot.scanner import Scanner
from tests.e2e.conftest import RunningBot
from tests.e2e.test_tracker import collected
from tests.tracker.test_update import BODY, CLEAN, FILES

KNOT = b"from pkg.impl import old as y\n" + b"if a:\n  y = z.old\nelse:\n  z = y.old\n" * 1_600
"""58 KB: what each name stands for depends on all that the other one stands for, eight times over."""


@pytest.fixture
async def repo(github: Sandbox) -> Repo:
    return await github.repo("acme/app", files={**FILES, "app/knot.py": KNOT})


@pytest.fixture
async def beats() -> AsyncIterator[list[float]]:
    """How long the server's event loop was held up, in seconds of its own time, each time that it was."""
    found: list[float] = []

    async def beat() -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.01)
            found.append(time.thread_time() - before)

    task = asyncio.create_task(beat())
    yield found
    task.cancel()


async def test_a_knot_on_the_default_branch_costs_itself_and_the_server_goes_on(
    bot: RunningBot, repo: Repo, beats: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Scanner, "_timeout", property(lambda _: 2.0), raising=False)
    issue = await repo.open_issue("Migrate", BODY)
    await repo.push({"README.md": b"now"})
    await collected(bot)
    assert "could not be read**" in issue.body
    assert "app/knot.py" in issue.body
    assert max(beats) < 2.0
    assert await bot.failed() == []


def noting(parse: Callable[..., object], parsed: list[object]) -> Callable[..., object]:
    """The same, with a note of what it is given."""

    def noted(source: object, *rest: object, **named: object) -> object:
        parsed.append(source)
        return parse(source, *rest, **named)

    return noted


async def test_nothing_is_parsed_in_the_servers_process(
    bot: RunningBot, github: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A review, a command on it, a tracker and its pull requests: the workers, which come from elsewhere, parse."""
    parsed: list[object] = []
    for module in (ast, reading):
        monkeypatch.setattr(module, "parse", noting(module.parse, parsed))
    repo = await github.repo("acme/app", files=dict(FILES))
    ann = github.user("ann", role="write")
    issue = await repo.open_issue("Migrate", BODY)
    pull = await repo.open_pull_request(
        {"app/new.py": b"from pkg.facade import make\n\nmake()\nfrom pkg.impl import old\n"}
    )
    await bot.settled()
    await pull.comment("/ssot migrate", by=ann)
    await issue.comment("/ssot migrate", by=ann)
    await collected(bot)
    migration = await repo.open_pull_request({"routes/a.py": CLEAN}, head="clean", body="Part of #1")
    await migration.merge()
    await collected(bot)
    assert "usages left**" in issue.body
    assert parsed == []
