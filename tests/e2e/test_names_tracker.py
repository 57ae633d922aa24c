"""Trackers and migration pull requests through renames of repositories, owners, branches, and transfers of issues."""

import asyncio

import pytest

from bot.jobs import State
from bot.sandbox import Repo
from bot.sandbox.example import HEALTH_MIGRATED, HEALTH_WITH_A_PROBE
from bot.tracker.wake import TRACKER
from tests.e2e.conftest import RunningBot
from tests.e2e.test_migrate_issue import APP, probes, tracked, upkeep
from tests.e2e.test_names_change import WAYS, rename
from tests.e2e.test_sweep import verdicts

HEALTH = "netra_backend/app/routes/health.py"


@pytest.mark.parametrize("how", WAYS)
async def test_trackers_and_batches_go_on_after_a_rename(bot: RunningBot, how: str) -> None:
    """No second pull request, no second section; what is open is brought up to date, and links lead to the new name."""
    at = await tracked(bot, probes("db/a.py"))
    await at.migrate()
    [pull] = at.pulls
    name = await rename(bot.github, at.repo, how)
    await at.repo.push({f"{APP}/db/a.py": HEALTH_WITH_A_PROBE + b"\n\nMORE = 1\n"})
    await upkeep(bot)
    assert await bot.failed() == []
    assert (len(at.pulls), len(at.open)) == (1, 1)
    assert pull.head[f"{APP}/db/a.py"] == HEALTH_MIGRATED + b"\n\nMORE = 1\n"
    await at.migrate()
    assert len(at.pulls) == 1
    assert at.issue.body.count("ssot:tracker-begin") == 1
    assert f"/{name}/" in at.issue.body


async def test_a_renamed_default_branch_takes_batches_and_tracker_along(bot: RunningBot) -> None:
    at = await tracked(bot, probes("db/a.py"))
    await at.migrate()
    [pull] = at.pulls
    await at.repo.rename_branch("main", "trunk")
    await at.repo.push({f"{APP}/db/a.py": HEALTH_WITH_A_PROBE + b"\n\nMORE = 1\n"})
    await upkeep(bot)
    assert await bot.failed() == []
    assert (len(at.pulls), pull.record.base_ref, pull.comments) == (1, "trunk", [])
    assert pull.head[f"{APP}/db/a.py"] == HEALTH_MIGRATED + b"\n\nMORE = 1\n"
    await pull.merge()
    async with asyncio.timeout(20):  # what came with the merge may have put off the tracker's turn
        while at.repo.branch().sha[:7] not in at.issue.body:
            await upkeep(bot)
            await asyncio.sleep(0.1)


async def test_a_batch_whose_base_has_not_followed_yet_is_not_given_up(bot: RunningBot) -> None:
    """GitHub renames in the background: for a while the base of a pull request is a branch that is not there."""
    at = await tracked(bot, probes("db/a.py"))
    await at.migrate()
    [pull] = at.pulls
    await at.repo.rename_branch("main", "trunk", follow=False)
    await at.migrate()
    assert (len(at.pulls), pull.comments) == (1, [])
    pull.record.base_ref = "trunk"
    await at.repo.push({f"{APP}/db/a.py": HEALTH_WITH_A_PROBE + b"\n\nMORE = 1\n"})
    await upkeep(bot)
    assert pull.head[f"{APP}/db/a.py"] == HEALTH_MIGRATED + b"\n\nMORE = 1\n"
    assert await bot.failed() == []


@pytest.mark.parametrize("path", ["*/files", "*/reviews"])
async def test_a_base_that_is_renamed_in_the_middle_of_a_review(bot: RunningBot, service: Repo, path: str) -> None:
    gate = bot.github.faults.hold(path=path)
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await gate.reached.wait()
    await service.rename_branch("main", "trunk")
    await bot.github.settled()
    gate.release()
    await bot.settled()
    assert (len(pull.reviews), verdicts(pull)[-1]) == (1, "failure")
    await bot.receive(pull.push({HEALTH: service.branch()[HEALTH]}))
    assert verdicts(pull) == ["success"]
    assert await bot.failed() == []


@pytest.mark.parametrize("readable", [True, False])
async def test_a_tracking_issue_that_was_transferred_is_said_to_have_gone(bot: RunningBot, readable: bool) -> None:
    """Whether the App may read where it is now or not: nothing is written there, and nothing here."""
    at = await tracked(bot, probes("db/a.py"))
    await at.migrate()
    other = await bot.github.repo("acme/other" if readable else "other/repo", {"a.py": b""}, private=not readable)
    there = await at.issue.transfer(other)
    body, said = there.body, len(there.comments)
    await upkeep(bot)
    await at.repo.push({f"{APP}/db/b.py": HEALTH_WITH_A_PROBE})
    await upkeep(bot)
    last = [job for job in await bot.jobs() if job.event == TRACKER and job.state is State.IGNORED][-1]
    assert ("was transferred to another repository" if readable else "may not read") in (last.reason or "")
    assert (there.body, len(there.comments)) == (body, said)
    assert await bot.failed() == []
