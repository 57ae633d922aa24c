""" "Re-run all checks": the suite that GitHub names no pull request of is looked at by its commit."""

import pytest

from bot.sandbox import Repo, Sandbox
from bot.sandbox.example import HEALTH_MIGRATED, HEALTH_WITH_A_PROBE
from tests.e2e.conftest import RunningBot

HEALTH = "netra_backend/app/routes/health.py"


def conclusions(service: Repo, sha: str) -> list[str | None]:
    return [run.conclusion for run in service.check_runs if run.head_sha == sha]


@pytest.mark.parametrize("fork", [False, True], ids=["own branch", "fork"])
async def test_a_pull_request_gets_a_new_run(bot: RunningBot, service: Repo, github: Sandbox, fork: bool) -> None:
    """Even if it says the same."""
    ann = github.user("ann")
    where = await service.fork(by=ann) if fork else None
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, fork=where, by=ann))
    suite = service.record.suites[-1]
    await bot.receive(service.rerequest_all(pull.head_sha))
    assert conclusions(service, pull.head_sha) == ["failure", "failure"]
    assert not suite.reset
    assert (len(pull.reviews), await bot.failed()) == (1, [])
    suites = [d.payload["check_suite"] for d in github.deliveries if d.action == "rerequested"]
    assert [(len(each["pull_requests"]), each["status"]) for each in suites] == [(0 if fork else 1, "queued")]


async def test_one_run_that_is_asked_for_again_ends_the_wait_of_its_suite(bot: RunningBot, service: Repo) -> None:
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    suite = pull.check_runs[-1].suite
    bot.github.webhooks.faults.hold()
    await service.rerequest(pull.check_runs[-1])
    assert suite.reset
    bot.github.webhooks.release()
    await bot.settled()
    assert conclusions(service, pull.head_sha) == ["failure", "failure"]
    assert not suite.reset


async def test_the_merge_queue_gets_a_new_run(bot: RunningBot, service: Repo) -> None:
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_MIGRATED}))
    sha = await bot.receive(pull.enqueue())
    await bot.receive(service.rerequest_all(sha))
    assert conclusions(service, sha) == ["success", "success"]
    assert conclusions(service, pull.head_sha) == ["success"]


@pytest.mark.parametrize("base", ["main", "release/1.x"])
async def test_the_merge_queue_gets_the_run_that_was_never_written(
    bot: RunningBot, service: Repo, github: Sandbox, base: str
) -> None:
    """The event was lost: the queue's branch tells which pull request the commit was made of, and on what."""
    if base != "main":
        await service.set_branch(base, service.branch().sha)
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, base=base))
    github.webhooks.faults.lose = 10
    sha = await bot.receive(pull.enqueue())
    github.webhooks.faults.lose = 0
    assert conclusions(service, sha) == []
    await bot.receive(service.rerequest_all(sha))
    assert conclusions(service, sha) == ["failure"]
    assert await bot.failed() == []


async def test_a_run_that_was_never_written_is_written(bot: RunningBot, service: Repo, github: Sandbox) -> None:
    """The last run says which pull request it is; without one the commit's open pull request is it."""
    github.webhooks.faults.lose = 10
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    github.webhooks.faults.lose = 0
    assert conclusions(service, pull.head_sha) == []
    await bot.receive(service.rerequest_all(pull.head_sha))
    assert conclusions(service, pull.head_sha) == ["failure"]


async def test_one_run_is_written_for_two_pull_requests(bot: RunningBot, service: Repo) -> None:
    await service.set_branch("release", service.branch("main").sha)
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, head="feature"))
    await bot.receive(service.propose("feature", base="release"))
    before = len(service.check_runs)
    await bot.receive(service.rerequest_all(pull.head_sha))
    assert len(service.check_runs) == before + 1


async def test_a_commit_of_no_pull_request_is_nothing(bot: RunningBot, service: Repo) -> None:
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    await bot.receive(pull.close())
    await bot.receive(service.rerequest_all(pull.head_sha))
    assert conclusions(service, pull.head_sha) == ["failure"]
    assert await bot.failed() == []
