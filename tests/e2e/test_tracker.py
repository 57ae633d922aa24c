"""The tracking issue through the whole bot: webhooks in, one edit for many of them."""

import asyncio

import pytest

from bot.jobs import Job
from bot.sandbox import Repo, Sandbox
from bot.sandbox.handles import IssueHandle
from tests.e2e.conftest import RunningBot
from tests.tracker.test_update import BODY, CLEAN, FILES, boxes


@pytest.fixture
async def repo(github: Sandbox) -> Repo:
    return await github.repo("acme/app", files=dict(FILES))


@pytest.fixture
async def issue(repo: Repo) -> IssueHandle:
    return await repo.open_issue("Migrate", BODY)


async def collected(bot: RunningBot) -> None:
    """Until no work for trackers waits for the end of its window, or is being done."""
    await bot.settled()
    while any(job.event.startswith("ssot.tracker") and not job.state.finished for job in await soon(bot)):
        await asyncio.sleep(0.01)
        await bot.settled()
    await bot.settled()  # the last of them may have opened what is reviewed now


async def soon(bot: RunningBot) -> list[Job]:
    """The jobs, without the timer's, which comes minutes later."""
    return [job for job in await bot.jobs() if job.key != "ssot.trackers"]


def edits(github: Sandbox) -> int:
    return sum(request.method == "PATCH" and request.path.endswith("/issues/1") for request in github.mutations)


async def test_a_merge_ticks_and_its_revert_clears_with_its_name(
    bot: RunningBot, github: Sandbox, repo: Repo, issue: IssueHandle
) -> None:
    migration = await repo.open_pull_request({"routes/a.py": CLEAN}, body="Part of #1")
    await migration.merge()
    await collected(bot)
    assert boxes(issue.body)["Routes are clean"]
    mallory = github.user("mallory", role="write")
    revert = await repo.open_pull_request({"routes/a.py": FILES["routes/a.py"]}, by=mallory)
    await revert.merge(by=mallory)
    await collected(bot)
    assert not boxes(issue.body)["Routes are clean"]
    assert "mallory" in issue.body
    assert f"was added by `mallory` in #{revert.number} (" in issue.body
    assert await bot.failed() == []


async def test_ci_and_deployments_are_heard(bot: RunningBot, repo: Repo, issue: IssueHandle) -> None:
    await repo.complete_check("tests", "success")
    await repo.set_status("ci/lint", "success")
    await repo.deploy("staging", "success")
    await collected(bot)
    found = boxes(issue.body)
    assert (found["Tests pass"], found["Lint is green"], found["On staging"]) == (True, True, True)


async def test_a_persons_tick_without_evidence_is_put_right(bot: RunningBot, repo: Repo, issue: IssueHandle) -> None:
    await issue.edit(body=BODY.replace("[ ] All calls", "[x] All calls"))
    await collected(bot)
    assert not boxes(issue.body)["All calls replaced"]


async def test_many_merges_at_once_are_few_edits_and_the_last_state_is_right(
    bot: RunningBot, github: Sandbox, repo: Repo, issue: IssueHandle
) -> None:
    """However many events: an edit only where something is different, never one for each of them."""
    url, github.webhook_url = github.webhook_url, None
    for number in range(30):
        await repo.push({f"app/n{number}.py": b"from pkg.impl import old\n\nold()\n"})
    github.webhook_url = url
    await collected(bot)
    assert f"**{4 + 2 * 30:,} usages left**" in issue.body
    assert edits(github) <= 2


async def test_attesting_and_taking_it_back(bot: RunningBot, github: Sandbox, repo: Repo, issue: IssueHandle) -> None:
    ann = github.user("ann", role="write")
    await issue.comment("/ssot attest everybody-was-told in the meeting", by=ann)
    await collected(bot)
    assert boxes(issue.body)["Everybody was told"]
    record = next(comment for comment in issue.comments if "in the meeting" in comment.body and "ssot:" in comment.body)
    await record.delete(by=ann)
    await collected(bot)
    assert not boxes(issue.body)["Everybody was told"]


async def test_status_on_the_tracking_issue(bot: RunningBot, github: Sandbox, repo: Repo, issue: IssueHandle) -> None:
    await issue.comment("/ssot status", by=github.user("ann", role="read"))
    await collected(bot)
    answer = next(comment.body for comment in issue.comments if "left" in comment.body)
    assert "**4 usages left** in 2 files" in answer
    assert repo.branch().sha[:9] in answer
