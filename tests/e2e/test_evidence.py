"""Evidence on GitHub that several may give: checks of one name, sub-issues."""

import pytest

from bot.sandbox import Repo, Sandbox
from bot.sandbox.handles import IssueHandle
from tests.e2e.conftest import RunningBot
from tests.e2e.test_tracker import collected
from tests.tracker.test_update import boxes

CONFIG = b"""version: 1
migrations:
  old:
    deprecated: pkg.impl.old
    canonical: pkg.impl.new
    tracking:
      issue: 1
      checklist:
        - {item: Tests pass, evidence: {check: tests}}
        - {item: All parts are done, evidence: {sub-issues: closed}}
"""
BODY = "# Migration\n\n- [ ] Tests pass\n- [ ] All parts are done\n"
FILES = {".github/ssot.yml": CONFIG, "pkg/impl.py": b"def old(): ...\n\n\ndef new(): ...\n"}


@pytest.fixture
async def repo(github: Sandbox) -> Repo:
    return await github.repo("acme/app", files=FILES)


@pytest.fixture
async def issue(repo: Repo) -> IssueHandle:
    return await repo.open_issue("Migrate", BODY)


async def ticked(bot: RunningBot, issue: IssueHandle, text: str) -> bool:
    await collected(bot)
    return boxes(issue.body)[text]


async def test_all_checks_of_a_name_must_pass(bot: RunningBot, repo: Repo, issue: IssueHandle) -> None:
    async def passes() -> bool:
        return await ticked(bot, issue, "Tests pass")

    await repo.complete_check("tests", "success")
    assert await passes()
    await repo.complete_check("tests", "failure", workflow="Nightly")
    assert not await passes(), "another suite of the same App"
    await repo.complete_check("tests", "success", workflow="Nightly")
    assert await passes(), "the newest of its suite"
    await repo.complete_check("tests", "failure", app="other-ci")
    assert not await passes(), "another App"
    await repo.complete_check("tests", "success", workflow="Weekly")
    assert not await passes(), "a later success of another suite hides no failure"
    await repo.complete_check("tests", "neutral", app="other-ci")
    assert await passes()
    await repo.set_status("tests", "failure")
    assert not await passes(), "a commit status"


async def test_a_check_that_runs_again_does_not_clear_the_box(bot: RunningBot, repo: Repo, issue: IssueHandle) -> None:
    await repo.complete_check("tests", "success")
    assert await ticked(bot, issue, "Tests pass")
    await repo.complete_check("tests", None)
    await issue.edit(body=issue.body + "\nmore\n")
    assert await ticked(bot, issue, "Tests pass")
    assert "check `tests` is running" in issue.body


async def test_sub_issues_are_heard(bot: RunningBot, repo: Repo, issue: IssueHandle) -> None:
    async def done() -> bool:
        return await ticked(bot, issue, "All parts are done")

    one, two = await repo.open_issue("One"), await repo.open_issue("Two")
    await issue.edit(body=BODY.replace("[ ] All", "[x] All"))
    assert not await done(), "there is none"
    await one.close()
    await issue.add_sub_issue(one)
    assert await done(), "heard by sub_issues"
    await issue.add_sub_issue(two)
    assert not await done()
    await two.close(reason="not_planned")
    assert not await done(), "not completed"
    assert "is closed, but not as completed" in issue.body
    await issue.remove_sub_issue(two)
    assert await done()
    await one.reopen()
    assert not await done(), "heard by issues"
    await one.close()
    assert await done()
    assert await bot.failed() == []


async def test_a_sub_issue_that_cannot_be_read_is_unknown(
    bot: RunningBot, github: Sandbox, repo: Repo, issue: IssueHandle
) -> None:
    secret = await github.repo("acme/secret", files={"a": b""})
    one, hidden = await repo.open_issue("One"), await secret.open_issue("Hidden")
    await one.close()
    await issue.add_sub_issue(one)
    assert await ticked(bot, issue, "All parts are done")
    await issue.add_sub_issue(hidden)
    assert await ticked(bot, issue, "All parts are done"), "nothing is known, so the box stays"
    assert r"1 of 2 sub\-issues of issue 1 cannot be read" in issue.body
    await one.reopen()
    assert not await ticked(bot, issue, "All parts are done")


async def test_a_sub_issue_of_a_public_repository_counts(
    bot: RunningBot, github: Sandbox, repo: Repo, issue: IssueHandle
) -> None:
    public = await github.repo("acme/public", files={"a": b""}, private=False)
    part = await public.open_issue("Part")
    await part.close()
    await issue.add_sub_issue(part)
    assert await ticked(bot, issue, "All parts are done")


async def test_where_there_are_no_sub_issues_it_is_unknown(
    bot: RunningBot, github: Sandbox, repo: Repo, issue: IssueHandle
) -> None:
    for _ in range(9):
        github.faults.status(404, "Not Found", path="*/sub_issues")
    await issue.edit(body=BODY.replace("[ ] All", "[x] All"))
    assert await ticked(bot, issue, "All parts are done")
    assert r"there are no sub\-issues here" in issue.body
