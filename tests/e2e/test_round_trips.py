"""What a review reads does not wait for each other: GitHub is far away, and people wait for the check."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli.demo import serving, settings_for
from bot.github import operations as ops
from bot.github.reads import changes, pulls
from bot.sandbox import IssueHandle, PullRequestHandle, Repo, Sandbox
from bot.sandbox.example import CHANGE, HEALTH_WITH_A_PROBE
from bot.sandbox.faults import Reply
from bot.sandbox.recorder import Recorded
from tests.e2e.conftest import RunningBot
from tests.e2e.test_sweep import verdicts
from tests.jobs.conftest import until

CONFIGURED = {".github/ssot.yml": b"version: 1\nmigrations:\n  m: {extends: websocket-manager-factory}\n"}
HEALTH = "netra_backend/app/routes/health.py"
HIDDEN = b'{"data": {"repository": {"ref": null, "config": null, "pullRequest": null}}}'
UNKNOWN = b'{"data": null, "errors": [{"type": "NOT_FOUND", "message": "Could not resolve to a PullRequest"}]}'
UNDEFINED = b'{"errors": [{"message": "Field \'isDraft\' doesn\'t exist on type \'PullRequest\'"}]}'


@pytest.fixture
async def bot(github: Sandbox, tmp_path: Path) -> AsyncIterator[RunningBot]:
    """Its trackers are not looked at beside."""
    settings = replace(settings_for(github, tmp_path), tracker_window=3600.0)
    async with serving(github, settings) as app:
        yield RunningBot(github, app)


@pytest.fixture
async def warm(bot: RunningBot, service: Repo) -> Repo:
    """The repository after its first review."""
    await bot.receive(service.push(CONFIGURED))  # a new configuration has the open pull requests looked at
    await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    return service


def since(github: Sandbox, start: int) -> list[Recorded]:
    return github.requests[start:]


async def test_a_review_takes_few_requests_and_no_new_token(bot: RunningBot, warm: Repo) -> None:
    start = len(bot.github.requests)
    pull = await bot.receive(warm.open_pull_request(dict(CHANGE)))
    assert verdicts(pull) == ["failure"]
    asked = [(request.method, request.template) for request in since(bot.github, start)]
    repo = "/repos/{owner}/{repo}"
    assert sorted(asked) == sorted(
        [
            ("POST", "/graphql"),  # what was said
            ("POST", "/graphql"),  # how the commit stands
            ("POST", "/graphql"),  # the files
            ("GET", f"{repo}/pulls/{{pull_number}}/files"),
            ("GET", f"{repo}/compare/{{basehead}}"),
            ("POST", f"{repo}/check-runs"),
            ("GET", f"{repo}/pulls/{{pull_number}}"),
            ("POST", f"{repo}/pulls/{{pull_number}}/reviews"),
        ]
    )


async def test_the_first_review_makes_one_token(bot: RunningBot, service: Repo) -> None:
    await bot.receive(service.open_pull_request(dict(CHANGE)))
    assert len([request for request in bot.github.requests if request.path.endswith("/access_tokens")]) == 1


async def test_the_check_comes_after_two_rounds_of_reading(bot: RunningBot, warm: Repo) -> None:
    """None of what is read in a round is answered before all of it was asked."""
    rounds = (("/graphql", "*/files", "*/compare/*"), ("/graphql", "/graphql"), ("*/check-runs",))
    holds = [[bot.github.faults.hold(path=path, effect=False) for path in paths] for paths in rounds]
    pull = await warm.open_pull_request(dict(CHANGE))
    for at_once in holds:
        await asyncio.wait_for(asyncio.gather(*(hold.reached.wait() for hold in at_once)), 20)
        for hold in at_once:
            hold.release()
    await bot.settled()
    assert verdicts(pull) == ["failure"]


@pytest.mark.parametrize("body", [UNDEFINED, UNKNOWN, HIDDEN, b"{}"], ids=["undefined", "unknown", "hidden", "odd"])
async def test_without_the_query_it_is_all_read_as_such(bot: RunningBot, warm: Repo, body: bytes) -> None:
    """On an older GitHub Enterprise Server, say."""
    fault = bot.github.faults.add(
        "graphql", Reply(status=200, body=body), effect=False, path="/graphql", times=3 if body == b"{}" else 1
    )
    pull = await warm.open_pull_request(dict(CHANGE))
    await bot.settled()
    assert fault.met
    assert verdicts(pull) == ["failure"]
    assert len(pull.reviews) == 1


async def test_what_the_event_says_is_read_again(bot: RunningBot, warm: Repo) -> None:
    """It was retargeted and pushed to before the first event came."""
    await warm.set_branch("release", warm.branch("main").sha)
    await warm.push({".github/ssot.yml": b"version: 1\n"}, branch="release")
    bot.github.webhooks.faults.hold()
    pull = await warm.open_pull_request({HEALTH: b"x = 1\n"})
    await pull.push(dict(CHANGE))
    await pull.edit(base="release")
    bot.github.webhooks.release()
    await bot.settled()
    (check,) = pull.check_runs
    assert check.conclusion == "neutral"
    assert "not valid" in (check.title or "")


async def test_a_sibling_among_many_is_found(bot: RunningBot, warm: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """The query lists a hundred open pull requests (here one); beyond those their pages are read, all at once."""
    shorter = (ops.STANDING.document or "").replace("first: 100", "first: 1")
    monkeypatch.setattr(ops, "STANDING", replace(ops.STANDING, document=shorter))
    monkeypatch.setattr(pulls, "PAGE_SIZE", 2)
    await warm.push({".github/ssot.yml": b"version: 1\nmigrations: {m: {deprecated: a.b}}\n"}, branch="release")
    failing = await bot.receive(warm.open_pull_request(dict(CHANGE), head="feature"))
    holds = [bot.github.faults.hold(path="*/pulls", effect=False) for _ in range(2)]
    await warm.propose("feature", base="release")
    await asyncio.wait_for(asyncio.gather(*(hold.reached.wait() for hold in holds)), 20)
    for hold in holds:
        hold.release()
    await bot.settled()
    assert warm.check_runs[-1].title == f"Fails because of #{failing.number} onto main, by octocat"


@pytest.mark.parametrize("place", ["pulls", "issues"])
async def test_a_command_is_seen_after_two_rounds_of_reading(bot: RunningBot, warm: Repo, place: str) -> None:
    """The person waits for the 👀: it comes after what was asked for at once, and the configuration."""
    asked: PullRequestHandle | IssueHandle
    if place == "pulls":
        asked = await bot.receive(warm.open_pull_request(dict(CHANGE)))
    else:
        asked = await bot.receive(warm.open_issue("T", "b"))
    issue, known = f"*/issues/{asked.number}", f"*/pulls/{asked.number}" if place == "pulls" else "/repos/acme/service"
    first = ("*/issues/comments/*", issue, "*/permission", f"{issue}/comments", known)
    holds = [bot.github.faults.hold(method="GET", path=path, effect=False) for path in first]
    config = bot.github.faults.hold(method="GET", path="*/contents/*", effect=False)
    seen = bot.github.faults.hold(method="POST", path="*/reactions", effect=False)
    comment = await asked.comment("/ssot status", by=bot.github.user("ann", role="write"))
    for at_once in (holds, [config], [seen]):
        await asyncio.wait_for(asyncio.gather(*(hold.reached.wait() for hold in at_once)), 20)
        for hold in at_once:
            hold.release()
    await bot.settled()
    assert comment.reactions == ["eyes", "rocket" if place == "pulls" else "confused"]


async def test_the_files_of_a_large_pull_request_are_listed_at_once(
    bot: RunningBot, warm: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "PAGE_SIZE", 1)
    holds = [bot.github.faults.hold(path="*/files", effect=False) for _ in CHANGE]
    pull = await warm.open_pull_request(dict(CHANGE))
    await asyncio.wait_for(asyncio.gather(*(hold.reached.wait() for hold in holds)), 20)
    for hold in holds:
        hold.release()
    await bot.settled()
    assert verdicts(pull) == ["failure"]
    assert {comment.path for comment in pull.threads} == set(CHANGE)


async def test_the_status_of_a_pull_request_is_read_at_once(bot: RunningBot, warm: Repo) -> None:
    pull = await bot.receive(warm.open_pull_request(dict(CHANGE)))
    holds = [bot.github.faults.hold(path=path, effect=False) for path in ("/graphql", "*/files", "*/compare/*")]
    await pull.comment("/ssot status", by=bot.github.user("ann", role="write"))
    await asyncio.wait_for(asyncio.gather(*(hold.reached.wait() for hold in holds)), 20)
    for hold in holds:
        hold.release()
    await bot.settled()
    assert "new deprecated usages" in pull.last_comment.body


async def test_a_push_is_judged_beside_its_review(bot: RunningBot, warm: Repo) -> None:
    """Looking for pull requests at the former head does not keep the check waiting."""
    pull: PullRequestHandle = await bot.receive(warm.open_pull_request({HEALTH: b"x = 1\n"}))
    hold = bot.github.faults.hold(method="GET", path="*/pulls", effect=False)
    head = await pull.push(dict(CHANGE))
    await asyncio.wait_for(hold.reached.wait(), 20)

    async def judged() -> bool:
        return head in [run.head_sha for run in warm.check_runs]

    await until(judged)
    hold.release()
    await bot.settled()
    assert verdicts(pull) == ["failure"]
