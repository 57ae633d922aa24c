"""What GitHub refuses ends in a clear sentence with its own reason, or in a clean skip: no endless tries."""

import json

from bot.sandbox import Repo, Sandbox
from bot.sandbox.faults import Reply
from tests.e2e.conftest import RunningBot
from tests.e2e.test_migrate_issue import config, probes, tracked

RULE = "Repository rule violations found\n\nBranch name must match ^feature/"


def refusing(github: Sandbox, message: str, operation: str) -> None:
    """A rule of the repository, as GraphQL tells it."""
    errors = [{"type": "UNPROCESSABLE", "message": message, "path": [operation]}]
    body = json.dumps({"data": {operation: None}, "errors": errors}).encode()
    github.faults.add("rule", Reply(status=200, body=body), effect=False, operation=operation, times=None)


async def test_a_rule_on_branch_names(bot: RunningBot) -> None:
    it = await tracked(bot, probes("a.py"))
    refusing(bot.github, RULE, "updateRefs")
    answer = await it.migrate()
    assert "Branch name must match" in answer
    assert it.open == []


async def test_a_branch_that_stands_in_the_way(bot: RunningBot) -> None:
    it = await tracked(bot, probes("a.py"))
    await it.repo.set_branch("ssot", it.repo.branch().sha)
    answer = await it.migrate()
    assert "the branch ssot stands in the way" in answer
    assert it.open == []


async def test_without_drafts_it_is_opened_ready(bot: RunningBot) -> None:
    settings = config().replace(b"split: directory}", b"split: directory, draft: true}")
    it = await tracked(bot, probes("a.py"), settings)
    it.repo.record.drafts = False
    await it.migrate()
    assert [pull.draft for pull in it.open] == [False]


async def test_an_archived_repository_is_left_alone(bot: RunningBot, service: Repo, github: Sandbox) -> None:
    pr = await bot.receive(service.open_pull_request({"a.py": b"x = 1\n"}))
    checks = len(service.check_runs)
    service.record.archived = True
    await bot.receive(pr.comment("/ssot scan", by=github.user("ann", role="write")))
    await bot.receive(pr.push({"b.py": b"x = 1\n"}))
    assert len(service.check_runs) == checks
    assert await bot.failed() == []


async def test_an_empty_repository(bot: RunningBot, service: Repo, github: Sandbox) -> None:
    issue = await service.open_issue("Hello")
    github.faults.status(409, "Git Repository is empty.", path="*/git/*", times=None)
    github.faults.status(404, "This repository is empty.", path="*/contents/*", times=None)
    github.faults.status(404, "Branch not found", path="*/branches/*", times=None)
    await bot.receive(issue.comment("/ssot help", by=github.user("ann", role="write")))
    assert await bot.failed() == []


async def test_a_pull_request_without_a_common_ancestor(bot: RunningBot, service: Repo, github: Sandbox) -> None:
    message = "No common ancestor between main and alone."
    github.faults.status(404, message, path="*/compare/*", times=None)
    await bot.receive(service.open_pull_request({"a.py": b"x = 1\n"}))
    assert await bot.failed() == []
    assert service.check_runs == []
    [job] = [job for job in await bot.jobs() if job.event == "pull_request"]
    assert "no commit in common" in (job.reason or "")
