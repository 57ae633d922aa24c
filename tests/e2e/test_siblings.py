"""A check belongs to a commit: it is green only if every open pull request with that head is."""

import pytest

from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.example import HEALTH_MIGRATED, HEALTH_WITH_A_PROBE
from tests.e2e.conftest import RunningBot

HEALTH = "netra_backend/app/routes/health.py"
OTHER = b"version: 1\nmigrations:\n  m: {deprecated: a.b.c, canonical: a.b.d, drop_in: true}\n"
WARN = b"version: 1\nmigrations:\n  m: {extends: websocket-manager-factory, mode: warn}\n"
INVALID = b"version: 1\nmigrations: 3\n"


def conclusion(service: Repo) -> str | None:
    """Of the newest check run, which is the one that merging looks at."""
    return service.check_runs[-1].conclusion


@pytest.fixture
async def failing(bot: RunningBot, service: Repo, github: Sandbox) -> PullRequestHandle:
    """Onto ``main``, where the migration applies; ``release`` has a configuration of its own."""
    await service.push({".github/ssot.yml": OTHER}, branch="release")
    return await bot.receive(
        service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, head="feature", by=github.user("ann"))
    )


async def test_the_worst_verdict_stands_for_the_commit(
    bot: RunningBot, service: Repo, failing: PullRequestHandle
) -> None:
    assert conclusion(service) == "failure"
    await bot.receive(service.propose("feature", base="release"))
    check = service.check_runs[-1]
    assert check.conclusion == "failure"
    assert check.title == f"Fails because of #{failing.number} onto main, by ann"
    assert f"once #{failing.number} is closed" in (check.summary or "")
    assert "For this pull request alone: No new deprecated usages." in (check.summary or "")
    assert await bot.failed() == []


async def test_the_commit_is_judged_again_when_a_sibling_closes(
    bot: RunningBot, service: Repo, failing: PullRequestHandle
) -> None:
    await bot.receive(service.propose("feature", base="release"))
    await bot.receive(failing.close())
    assert conclusion(service) == "success"
    await bot.receive(failing.reopen())
    assert conclusion(service) == "failure"


async def test_the_commit_is_judged_again_when_a_sibling_gets_another_base(
    bot: RunningBot, service: Repo, failing: PullRequestHandle
) -> None:
    await bot.receive(service.propose("feature", base="release"))
    await service.set_branch("second", service.branch("release").sha)
    await bot.receive(failing.edit(base="second"))
    assert conclusion(service) == "success"


async def test_the_commit_is_judged_again_when_a_sibling_gets_another_head(
    bot: RunningBot, service: Repo, github: Sandbox, failing: PullRequestHandle
) -> None:
    fork = await service.fork(by=github.user("eve"))
    copied = await bot.receive(service.propose("feature", base="release", fork=fork, by=github.user("eve")))
    shared = service.check_runs[-1].head_sha
    assert conclusion(service) == "failure"
    await bot.receive(failing.push({HEALTH: HEALTH_MIGRATED}))
    assert [check.conclusion for check in service.check_runs if check.head_sha == shared][-1] == "success"
    assert copied.review_comments == []


@pytest.mark.parametrize("config", [WARN, INVALID], ids=["only warns", "invalid"])
async def test_a_sibling_whose_base_blocks_nothing_does_not_count(
    bot: RunningBot, service: Repo, github: Sandbox, config: bytes
) -> None:
    await service.push({".github/ssot.yml": config})
    await service.push({".github/ssot.yml": OTHER}, branch="release")
    await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, head="feature"))
    assert conclusion(service) == "neutral"
    await bot.receive(service.propose("feature", base="release"))
    assert conclusion(service) == "success"


async def test_a_stranger_turns_no_failing_check_green(
    bot: RunningBot, service: Repo, github: Sandbox, failing: PullRequestHandle
) -> None:
    """The same head onto a branch without a usage's migration, from a fork."""
    eve = github.user("eve")
    fork = await service.fork(by=eve)
    await bot.receive(service.propose("feature", base="release", fork=fork, by=eve))
    assert [check.conclusion for check in service.check_runs] == ["failure", "failure"]


async def test_it_is_written_once_for_all(bot: RunningBot, service: Repo, failing: PullRequestHandle) -> None:
    second = await bot.receive(service.propose("feature", base="release"))
    written = len(service.check_runs)
    await bot.receive(second.comment("/ssot status", by=service.person))
    assert len(service.check_runs) == written
