"""Each command, as people use it: a comment in, real git and HTTP behind, one reply and its reactions out."""

import json
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.app import receive
from bot.cli.demo import settings_for
from bot.domain.effects import CheckRun, Effect, FileCommit, NewComment, NewReaction, Review
from bot.domain.references import Delivery, DeliveryId
from bot.jobs import Done
from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.example import CHANGE, HEALTH_WITH_A_PROBE
from bot.sandbox.people import User
from tests.e2e.conftest import RunningBot

HEALTH = "netra_backend/app/routes/health.py"
TRACKER = b"""\
version: 1
migrations:
  managers:
    deprecated: [old.get_manager]
    canonical: new.Manager
    drop_in: true
    message: Managers are made, not got.
    docs_url: https://example.com/managers
    tracking:
      issue: 1
      checklist:
        - {id: staging, item: Verified on staging, evidence: {attested: true}}
        - {id: gone, item: No usage left, evidence: {usages: none}}
"""


@pytest.fixture
def ann(github: Sandbox) -> User:
    return github.user("ann", role="write")


@pytest.fixture
async def pr(bot: RunningBot, service: Repo) -> PullRequestHandle:
    """A pull request with one new usage, reviewed."""
    return await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))


def code_of(pr: PullRequestHandle) -> str:
    """What the bot's comment calls the finding."""
    return pr.review_comments[0].body.partition("</sub>")[0].rpartition("· `")[2].rstrip("`")


async def test_help_is_answered_once_with_all_commands(bot: RunningBot, service: Repo, github: Sandbox) -> None:
    issue = await service.open_issue("Retire the factory")
    comment = await bot.receive(issue.comment("/ssot help", by=github.user("rita", role="read")))
    assert comment.reactions == ["eyes", "rocket"]
    assert issue.last_comment.author == github.app.bot.login
    assert "`/ssot help [COMMAND]`" in issue.last_comment.body
    github.webhooks.redeliver(next(d for d in github.deliveries if d.event == "issue_comment"))
    await bot.settled()
    assert len(issue.comments) == 2
    assert await bot.failed() == []


async def test_help_says_all_about_one_command(bot: RunningBot, pr: PullRequestHandle) -> None:
    await bot.receive(pr.comment("/ssot help SKIP"))
    assert "/ssot skip FINDING REASON [--undo]" in pr.last_comment.body
    assert "at least 6 of its digits" in pr.last_comment.body


async def test_scan_gives_the_verdict_anew(bot: RunningBot, pr: PullRequestHandle, ann: User) -> None:
    comment = await bot.receive(pr.comment("/ssot scan", by=ann))
    assert comment.reactions == ["eyes", "rocket"]
    assert [run.conclusion for run in pr.check_runs] == ["failure", "failure"]
    assert "new deprecated usage" in pr.last_comment.body
    assert len(pr.reviews) == 1


async def test_status_says_what_is_known_and_writes_nothing_else(
    bot: RunningBot, service: Repo, github: Sandbox, ann: User
) -> None:
    pr = await bot.receive(service.open_pull_request(dict(CHANGE)))
    before = len(github.mutations)
    await bot.receive(pr.comment("/ssot status", by=ann))
    assert len(github.mutations) == before + 3, "👀, the reply and 🚀"
    body = pr.last_comment.body
    assert "| usage | safe | unsafe | manual |" in body
    assert f"`{code_of(pr)}`" in body
    assert "The check is *failure*." in body


async def test_explain_tells_of_the_migration(bot: RunningBot, pr: PullRequestHandle, ann: User) -> None:
    await bot.receive(pr.comment("/ssot explain websocket-manager-factory", by=ann))
    body = pr.last_comment.body
    assert "get_websocket_manager_factory`" in body
    assert "| usage | becomes | fix |" in body
    await bot.receive(pr.comment("/ssot explain websocket-factory", by=ann))
    assert "Did you mean `websocket-manager-factory`?" in pr.last_comment.body


async def test_a_skipped_finding_is_listed_and_fails_nothing_until_it_is_undone(
    bot: RunningBot, service: Repo, pr: PullRequestHandle, ann: User
) -> None:
    code = code_of(pr)
    comment = await bot.receive(pr.comment(f"/ssot skip {code} the page goes with @everyone's `next` release", by=ann))
    assert comment.reactions == ["eyes", "rocket"]
    assert [run.conclusion for run in pr.check_runs] == ["failure", "success"]
    assert "next" in (pr.check_runs[-1].text or "")
    assert "(ann)" in (pr.check_runs[-1].text or "")
    assert "@everyone" not in pr.last_comment.body
    await bot.receive(pr.push({"README.md": b"# Another title\n"}))
    assert [run.conclusion for run in pr.check_runs] == ["success"], "the reply is the record"
    await bot.receive(pr.comment(f"/ssot skip {code} --undo", by=ann))
    assert [run.conclusion for run in pr.check_runs] == ["success", "failure"]
    assert len(pr.review_comments) == 1


async def test_deleting_the_reply_takes_the_skip_back(bot: RunningBot, pr: PullRequestHandle, ann: User) -> None:
    await bot.receive(pr.comment(f"/ssot skip {code_of(pr)} not now", by=ann))
    await bot.receive(pr.last_comment.delete(by=ann))
    assert [run.conclusion for run in pr.check_runs] == ["failure", "success", "failure"]
    assert pr.threads[0].resolved_by is None
    assert len(pr.review_comments) == 1


@pytest.mark.parametrize(
    ("rest", "says"),
    [
        ("000000 because", "no such finding"),
        ("12 because", "at least 6"),
        ("zzzzzzzz because", "at least 6"),
        ("{code}", "Please give a reason"),
        ("{code} " + "x" * 301, "at most 300"),
        ("", "Missing argument"),
    ],
)
async def test_a_wrong_skip_changes_nothing(
    bot: RunningBot, pr: PullRequestHandle, ann: User, rest: str, says: str
) -> None:
    comment = await bot.receive(pr.comment("/ssot skip " + rest.replace("{code}", code_of(pr)), by=ann))
    assert comment.reactions[-1] == "confused"
    assert says in pr.last_comment.body
    assert len(pr.check_runs) == 1


async def test_an_item_is_attested_on_the_tracking_issue(bot: RunningBot, github: Sandbox, ann: User) -> None:
    repo = await github.repo("acme/shop", files={".github/ssot.yml": TRACKER})
    issue = await repo.open_issue("Retire the manager")
    comment = await bot.receive(issue.comment("/ssot attest staging all of us tried it", by=ann))
    assert comment.reactions == ["eyes", "rocket"]
    assert any("all of us tried it" in comment.body for comment in issue.comments)
    await bot.receive(issue.comment("/ssot attest gone I say so", by=ann))
    assert any("There is no such item to attest" in comment.body for comment in issue.comments)
    other = await repo.open_issue("Something else")
    await bot.receive(other.comment("/ssot attest staging yes", by=ann))
    assert "not the tracking issue" in other.last_comment.body


@pytest.mark.parametrize("command", ["scan", "skip 123456 x"])
async def test_commands_for_pull_requests_say_so_on_an_issue(
    bot: RunningBot, service: Repo, ann: User, command: str
) -> None:
    issue = await service.open_issue("A question")
    comment = await bot.receive(issue.comment(f"/ssot {command}", by=ann))
    assert comment.reactions == ["confused"]
    assert "works only on pull requests" in issue.last_comment.body


async def test_a_person_without_permission_is_told_once_on_each_pull_request(
    bot: RunningBot, service: Repo, pr: PullRequestHandle, github: Sandbox
) -> None:
    eve, bob = github.user("eve", role="read"), github.user("bob", role="triage")
    for person in (eve, eve, bob, eve):
        comment = await bot.receive(pr.comment("/ssot migrate", by=person))
        assert comment.reactions == ["-1"]
    said = [each.body.partition("\n")[0] for each in pr.comments if each.author == github.app.bot.login]
    assert said == [
        f"`{name}` cannot give `/ssot migrate` here: it needs write and above, and GitHub says `{role}`. "
        "Somebody with that permission can give the same command. Further refusals get only a 👎."
        for name, role in (("eve", "read"), ("bob", "triage"))
    ]
    other = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    await bot.receive(other.comment("/ssot skip 123456 why", by=eve))
    assert "`eve` cannot give `/ssot skip` here" in other.last_comment.body
    await bot.receive(other.comment("/ssot migrate", by=github.user("nobody", role="none")))
    assert other.last_comment.body == "/ssot migrate"


async def test_a_closed_pull_request_is_not_looked_at(bot: RunningBot, pr: PullRequestHandle, ann: User) -> None:
    await pr.close()
    comment = await bot.receive(pr.comment("/ssot scan", by=ann))
    assert comment.reactions == ["eyes", "confused"]
    assert "the pull request is closed" in pr.last_comment.body


async def test_the_page_of_the_commands_is_there_for_everybody(bot: RunningBot, github: Sandbox) -> None:
    url = str(github.webhook_url).replace("/webhook", "/commands")
    async with ClientSession() as session, session.get(url, headers={"X-Forwarded-For": "203.0.113.5"}) as answer:
        assert answer.status == 200
        assert "/ssot attest ITEM REASON" in await answer.text()


async def test_a_dry_run_shows_what_would_be_said_and_writes_nothing(
    service: Repo, github: Sandbox, ann: User, tmp_path: Path
) -> None:
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await pr.comment("/ssot scan", by=ann)
    told = github.deliveries[-1]
    delivery = Delivery(id=DeliveryId(told.guid), event=told.event, body=json.dumps(told.payload).encode())
    effects: list[Effect] = []
    assert await receive(settings_for(github, tmp_path), delivery, tell=effects.append) == Done(summary="rocket")
    assert [type(effect) for effect in effects] == [NewReaction, CheckRun, Review, NewComment, NewReaction]
    assert github.mutations == []


async def test_a_dry_run_shows_the_commit_that_a_command_would_make(
    service: Repo, github: Sandbox, ann: User, tmp_path: Path
) -> None:
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await pr.comment("/ssot migrate", by=ann)
    told = github.deliveries[-1]
    delivery = Delivery(id=DeliveryId(told.guid), event=told.event, body=json.dumps(told.payload).encode())
    effects: list[Effect] = []
    assert await receive(settings_for(github, tmp_path), delivery, tell=effects.append) == Done(summary="rocket")
    assert [type(effect) for effect in effects] == [NewReaction, FileCommit, NewComment, NewReaction]
    commit = next(effect for effect in effects if isinstance(effect, FileCommit))
    assert (commit.branch, commit.expected_head, list(commit.additions)) == (pr.head_ref, pr.head_sha, [HEALTH])
    assert github.mutations == []


async def test_the_thread_of_a_skipped_finding_is_resolved_until_it_is_undone(
    bot: RunningBot, pr: PullRequestHandle, ann: User
) -> None:
    await bot.receive(pr.comment(f"/ssot skip {code_of(pr)} not now", by=ann))
    assert pr.threads[0].resolved_by is not None
    for _ in range(2):
        await bot.receive(pr.comment(f"/ssot skip {code_of(pr)} --undo", by=ann))
        assert pr.threads[0].resolved_by is None
    assert len(pr.review_comments) == 1
