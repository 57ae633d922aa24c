"""A pull request gets its review: signed webhook in, real git behind, every exchange held against the contract."""

import ast
import re

import pytest

from bot.sandbox import Repo, Sandbox
from bot.sandbox.example import CHANGE, HEALTH_MIGRATED, HEALTH_WITH_A_PROBE
from tests.e2e.conftest import RunningBot

HEALTH = "netra_backend/app/routes/health.py"
SYMBOL = b"get_websocket_manager_factory"


def writes(github: Sandbox) -> list[str]:
    """What the bot changed at GitHub so far."""
    return [f"{request.method} {request.path}" for request in github.requests if request.mutating]


async def test_a_new_usage_is_reviewed_with_a_suggestion_that_applies_as_it_stands(
    bot: RunningBot, service: Repo
) -> None:
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    assert await bot.failed() == []
    (review,) = pr.reviews
    (comment,) = pr.review_comments
    assert review.commit_id == pr.head_sha
    assert comment.thread.path == HEALTH
    applied = pr.apply_suggestion(comment)
    assert applied == HEALTH_MIGRATED
    ast.parse(applied)
    assert SYMBOL not in applied
    (check,) = service.check_runs
    assert (check.status, check.conclusion, check.head_sha) == ("completed", "failure", pr.head_sha)
    assert check.annotations == []


@pytest.mark.parametrize("lacking", ["statuses", "merge_queues", "deployments"])
async def test_an_installation_that_has_not_accepted_a_permission_goes_on_with_what_it_had(
    bot: RunningBot, service: Repo, lacking: str
) -> None:
    """A review, a command, and the merge queue."""
    del bot.github.installation(service).permissions[lacking]
    pr = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    assert ([run.conclusion for run in pr.check_runs], len(pr.review_comments)) == (["failure"], 1)
    comment = await bot.receive(pr.comment("/ssot migrate", by=bot.github.user("ann", role="write")))
    assert (comment.reactions, pr.head[HEALTH]) == (["eyes", "rocket"], HEALTH_MIGRATED)
    sha = await bot.receive(pr.enqueue())
    assert [run.conclusion for run in service.check_runs if run.head_sha == sha] == ["success"]
    assert await bot.failed() == []


async def test_without_a_finding_there_is_a_green_check_and_nothing_else(bot: RunningBot, service: Repo) -> None:
    pr = await service.open_pull_request({HEALTH: b"async def ready():\n    return {'status': 'well'}\n"})
    await bot.settled()
    assert (pr.reviews, pr.review_comments) == ([], [])
    assert [check.conclusion for check in service.check_runs] == ["success"]
    assert len(writes(bot.github)) == 1


async def test_the_same_delivery_again_adds_nothing(bot: RunningBot, service: Repo) -> None:
    pr = await service.open_pull_request(dict(CHANGE))
    await bot.settled()
    said, runs, done = len(pr.review_comments), len(service.check_runs), len(writes(bot.github))
    assert said > 0
    for delivery in bot.github.deliveries:
        bot.github.webhooks.redeliver(delivery)
    await bot.settled()
    assert (len(pr.reviews), len(pr.review_comments), len(service.check_runs)) == (1, said, runs)
    assert len(writes(bot.github)) == done


async def test_a_push_without_news_adds_a_verdict_and_nothing_else(bot: RunningBot, service: Repo) -> None:
    pr = await service.open_pull_request(dict(CHANGE))
    await bot.settled()
    said = len(pr.review_comments)
    await pr.push({"README.md": b"# Another title\n"})
    await bot.settled()
    assert (len(pr.reviews), len(pr.review_comments)) == (1, said)
    assert [check.conclusion for check in service.check_runs] == ["failure", "failure"]


async def test_applying_the_suggestion_resolves_its_thread_and_turns_the_check_green(
    bot: RunningBot, service: Repo
) -> None:
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    (comment,) = pr.review_comments
    await pr.push({HEALTH: HEALTH_MIGRATED})
    await bot.settled()
    assert comment.thread.resolved_by is not None
    assert len(pr.review_comments) == 1
    assert [check.conclusion for check in service.check_runs] == ["failure", "success"]


async def test_a_usage_that_comes_back_opens_its_old_thread(bot: RunningBot, service: Repo) -> None:
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    (comment,) = pr.review_comments
    for source, is_open in ((HEALTH_MIGRATED, False), (HEALTH_WITH_A_PROBE, True), (HEALTH_WITH_A_PROBE + b"\n", True)):
        await bot.receive(pr.push({HEALTH: source}))
        assert (comment.thread.resolved_by is None) == is_open
    assert (len(pr.reviews), len(pr.review_comments)) == (1, 1)
    told = [each.payload["action"] for each in bot.github.deliveries if each.event == "pull_request_review_thread"]
    assert told == ["resolved", "unresolved"]


async def test_a_thread_that_a_person_resolved_stays_so(bot: RunningBot, service: Repo) -> None:
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    (comment,) = pr.review_comments
    ann = bot.github.user("ann")
    await pr.resolve(comment.thread, by=ann)
    for source in (HEALTH_MIGRATED, HEALTH_WITH_A_PROBE):
        await bot.receive(pr.push({HEALTH: source}))
        assert comment.thread.resolved_by is ann
    assert len(pr.review_comments) == 1


async def test_a_thread_that_a_person_answered_is_resolved_and_kept(bot: RunningBot, service: Repo) -> None:
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    (comment,) = pr.review_comments
    await pr.reply(comment, "Good point.")
    await pr.push({HEALTH: HEALTH_MIGRATED})
    await bot.settled()
    assert [c.body for c in pr.review_comments][1:] == ["Good point."]
    assert comment.thread.resolved_by is not None


async def test_a_second_usage_is_all_that_the_next_push_hears_of(bot: RunningBot, service: Repo) -> None:
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    probe = HEALTH_WITH_A_PROBE.partition(b"async def websockets")[2]
    await pr.push({HEALTH: HEALTH_WITH_A_PROBE + b"\n\nasync def more" + probe})
    await bot.settled()
    assert len(pr.reviews) == 2
    assert len(pr.review_comments) == 2


async def test_a_draft_gets_its_check_run_only_until_it_is_ready(bot: RunningBot, service: Repo) -> None:
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, draft=True)
    await bot.settled()
    assert (pr.reviews, [check.conclusion for check in service.check_runs]) == ([], ["failure"])
    await pr.mark_ready()
    await bot.settled()
    assert len(pr.review_comments) == 1


async def test_a_fork_is_read_and_reviewed(bot: RunningBot, service: Repo) -> None:
    stranger = bot.github.user("stranger")
    fork = await service.fork(by=stranger)
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, fork=fork, by=stranger)
    await bot.settled()
    (comment,) = pr.review_comments
    assert pr.apply_suggestion(comment) == HEALTH_MIGRATED


async def test_old_usages_in_touched_files_are_counted_not_reported(bot: RunningBot, service: Repo) -> None:
    chat = "netra_backend/app/routes/chat.py"
    old = service.branch()[chat]
    await service.open_pull_request({chat: old + b"\n\nasync def leave(context):\n    return None\n"})
    await bot.settled()
    (check,) = service.check_runs
    assert check.conclusion == "success"
    assert "existing usages in the files" in (check.summary or "")


async def test_an_ignored_usage_is_listed_with_its_reason(bot: RunningBot, service: Repo) -> None:
    comment = b"  # ssot: ignore[websocket-manager-factory] probe"
    silenced = re.sub(
        rb"(get_websocket_manager_factory(\(\))?)$", rb"\1" + comment, HEALTH_WITH_A_PROBE, flags=re.MULTILINE
    )
    pr = await service.open_pull_request({HEALTH: silenced})
    await bot.settled()
    (check,) = service.check_runs
    assert (pr.review_comments, check.conclusion) == ([], "success")
    assert "probe" in (check.text or "")


async def test_the_configuration_comes_from_the_base_branch(bot: RunningBot, service: Repo) -> None:
    off = b"version: 1\nmigrations:\n  other:\n    deprecated: [a.b.c]\n    canonical: a.b.d\n    drop_in: true\n"
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE, ".github/ssot.yml": off})
    await bot.settled()
    assert len(pr.review_comments) == 1


async def test_an_invalid_configuration_is_said_and_nothing_is_scanned(bot: RunningBot, service: Repo) -> None:
    await service.push({".github/ssot.yml": b"version: 1\nmigrations:\n  x: {deprecated: 3}\n"})
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    (check,) = service.check_runs
    assert (pr.review_comments, check.conclusion) == ([], "neutral")
    assert ".github/ssot.yml:3:" in (check.summary or "")


async def test_more_usages_than_comments_end_in_the_summary(bot: RunningBot, service: Repo) -> None:
    usage = "    factory = get_websocket_manager_factory()\n    print(isinstance(factory, object), {n})\n"
    body = "from netra_backend.app.websocket_core.websocket_manager_factory import get_websocket_manager_factory\n\n\n"
    body += "\n\n".join(f"def f{n}():\n{usage.replace('{n}', str(n))}" for n in range(30))
    pr = await service.open_pull_request({"netra_backend/app/many.py": body.encode()})
    await bot.settled()
    assert len(pr.review_comments) == 20
    (review,) = pr.reviews
    assert "Also found" in review.body


async def test_a_closed_pull_request_is_left_alone(bot: RunningBot, service: Repo) -> None:
    bot.github.webhook_url, url = None, bot.github.webhook_url
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await pr.close()
    bot.github.webhook_url = url
    await bot.settled()
    assert writes(bot.github) == []


async def test_only_the_newest_push_is_reviewed(bot: RunningBot, service: Repo) -> None:
    bot.github.webhook_url, url = None, bot.github.webhook_url
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await pr.push({HEALTH: HEALTH_MIGRATED})
    bot.github.webhook_url = url
    await bot.settled()
    assert pr.review_comments == []
    assert {check.head_sha for check in service.check_runs} == {pr.head_sha}


async def test_the_check_run_can_be_asked_for_again(bot: RunningBot, service: Repo) -> None:
    await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    (check,) = service.check_runs
    await service.rerequest(check)
    await bot.settled()
    assert [run.conclusion for run in service.check_runs] == ["failure", "failure"]


@pytest.mark.parametrize("action", ["labeled", "edited"])
async def test_what_changes_no_code_starts_no_work(bot: RunningBot, service: Repo, action: str) -> None:
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    before = len(bot.github.requests)
    await (pr.label("bug") if action == "labeled" else pr.edit(title="Another title"))
    await bot.settled()
    assert len(bot.github.requests) == before
