"""The App gets another name: it knows its own comments, reviews, check runs, commits and pull requests by its ids."""

from pathlib import Path

import pytest

from bot.cli.demo import serving, settings_for
from bot.domain.effects import NewComment
from bot.domain.references import RepoRef
from bot.github import GitHub, Performer, open_session, reads
from bot.sandbox import Repo, Sandbox
from bot.sandbox.example import HEALTH_WITH_A_PROBE
from tests.e2e.conftest import RunningBot
from tests.e2e.test_migrate_issue import config, probes, tracked
from tests.e2e.test_sweep import verdicts

HEALTH = "netra_backend/app/routes/health.py"


@pytest.mark.parametrize("restarted", [False, True])
async def test_nothing_is_said_twice(github: Sandbox, service: Repo, tmp_path: Path, restarted: bool) -> None:
    """Comments are found, threads are resolved, a fix is committed on top of its own commit."""
    settings = settings_for(github, tmp_path)
    async with serving(github, settings) as app:
        bot = RunningBot(github, app)
        pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
        told = len(pull.review_comments)
        github.rename_app("another-bot")
        if not restarted:
            await check(bot, service, told)
    if restarted:
        async with serving(github, settings) as app:
            await check(RunningBot(github, app), service, told)


async def check(bot: RunningBot, service: Repo, told: int) -> None:
    [pull] = service.pull_requests
    await bot.receive(pull.push({"README.md": b"# Notes\n"}))
    assert (len(pull.reviews), len(pull.review_comments)) == (1, told)
    await bot.receive(pull.comment("/ssot scan"))
    assert pull.last_comment.author == "another-bot[bot]"
    answers = len(pull.comments)
    await bot.receive(pull.push({HEALTH: service.branch()[HEALTH]}))
    assert {thread.resolved_by for thread in pull.threads} == {bot.github.app.bot}
    assert (verdicts(pull), len(pull.comments)) == (["success"], answers)
    assert await bot.failed() == []


async def test_a_batch_is_kept_up_and_not_opened_twice(bot: RunningBot) -> None:
    at = await tracked(bot, probes("db/a.py"), config())
    await at.migrate()
    [opened] = at.pulls
    bot.github.rename_app("another-bot")
    await at.migrate()
    assert [pull.number for pull in at.pulls] == [opened.number]
    assert at.issue.body.count("ssot:tracker-begin") == 1
    assert await bot.failed() == []


async def test_the_id_of_its_account_is_asked_for_once(github: Sandbox, repo: Repo) -> None:
    """By the name that it has then; a name of before, which GitHub does not know any more, is asked for again."""
    at = RepoRef(installation=github.installation(repo).id, id=repo.id, owner="acme", name="app")  # type: ignore[arg-type]
    issue = await repo.open_issue("T")
    async with open_session() as session:
        gh = GitHub(session, app_id=github.app.id, private_key=github.app.private_key, api_url=github.url)
        await reads.identity(gh)
        github.rename_app("another-bot")
        await Performer(gh).perform(NewComment(repo=at, number=issue.number, body="hello"))
        [comment] = await reads.issue_comments(gh, at, issue.number)
        assert (comment.author, comment.ours) == ("another-bot[bot]", True)
        github.rename_app("third-bot")
        [comment] = await reads.issue_comments(gh, at, issue.number)
        assert (comment.author, comment.ours) == ("third-bot[bot]", True)
    asked = [each.path for each in github.requests if each.path.startswith("/users/")]
    assert asked == ["/users/ssot-bot[bot]", "/users/another-bot[bot]"]
