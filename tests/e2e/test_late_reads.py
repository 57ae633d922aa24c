"""GitHub's reads lag behind its events: what an event names is waited for, and nothing is lost or said twice."""

from datetime import timedelta

import pytest

from bot.commands import dispatch
from bot.github import channel
from bot.jobs import Job, State, late
from bot.review import perform
from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.example import HEALTH_MIGRATED, HEALTH_WITH_A_PROBE
from bot.sandbox.lagging import FormerPull
from tests.e2e.conftest import RunningBot
from tests.e2e.test_sweep import verdicts
from tests.jobs.conftest import until

HEALTH = "netra_backend/app/routes/health.py"
NEW = "netra_backend/app/routes/new.py"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late, "SHORTEST", timedelta(seconds=0.05))
    monkeypatch.setattr(late, "LONGEST", timedelta(seconds=0.05))


async def waiting(bot: RunningBot, event: str) -> Job:
    """The job of that event, once it waits for another look."""
    found: list[Job] = []

    async def waits() -> bool:
        found[:] = [job for job in await bot.jobs() if job.event == event and job.state is State.QUEUED and job.reason]
        return bool(found)

    await until(waits)
    assert found[0].attempts == 0, "waiting is no failed try"
    return found[0]


async def caught_up(bot: RunningBot) -> None:
    """Once the replicas follow, and nothing waits any more."""
    bot.github.catch_up()

    async def idle() -> bool:
        await bot.github.settled()
        return all(job.state.finished for job in await bot.jobs() if job.not_before is None)

    await until(idle)
    assert [job for job in await bot.jobs() if job.state is State.DEAD] == []


async def test_a_new_pull_request_that_is_not_shown_yet(bot: RunningBot, service: Repo) -> None:
    bot.github.lag()
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    assert "not there yet" in ((await waiting(bot, "pull_request")).reason or "")
    await caught_up(bot)
    assert verdicts(pull) == ["failure"]
    assert len(pull.reviews) == 1


@pytest.mark.parametrize("first", [HEALTH_MIGRATED, HEALTH_WITH_A_PROBE], ids=["clean before", "usage before"])
async def test_a_push_is_reviewed_at_its_own_head(bot: RunningBot, service: Repo, first: bytes) -> None:
    pull = await bot.receive(service.open_pull_request({HEALTH: first}))
    bot.github.lag()
    former = pull.head_sha
    await pull.push({NEW: HEALTH_WITH_A_PROBE})
    assert f"at {former}, before the push" in ((await waiting(bot, "pull_request")).reason or "")
    await caught_up(bot)
    assert verdicts(pull) == ["failure"]


async def test_a_head_that_two_pushes_replaced_is_not_reviewed(bot: RunningBot, service: Repo) -> None:
    """It is neither what the second push replaced nor what it made."""
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_MIGRATED}))
    bot.github.lag()
    bot.github.webhooks.faults.lose = 1
    await pull.push({"app/between.py": b"x = 1\n"})
    await bot.github.settled()
    bot.github.webhooks.faults.lose = 0
    await pull.push({NEW: HEALTH_WITH_A_PROBE})
    await waiting(bot, "pull_request")
    await caught_up(bot)
    assert verdicts(pull) == ["failure"]


async def test_an_old_event_waits_for_nothing_once_a_newer_head_is_there(bot: RunningBot, service: Repo) -> None:
    """Deliveries come out of order, and a head that is ahead of the event is the present."""
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_MIGRATED}))
    bot.github.webhooks.faults.hold()
    await pull.push({NEW: HEALTH_WITH_A_PROBE})
    await pull.push({"app/more.py": b"x = 1\n"})
    bot.github.webhooks._outbox.reverse()
    bot.github.webhooks.release()
    await bot.settled()
    assert verdicts(pull) == ["failure"]


@pytest.mark.parametrize("deed", ["reopen", "ready", "retarget"])
async def test_other_changes_are_waited_for(bot: RunningBot, service: Repo, github: Sandbox, deed: str) -> None:
    await service.set_branch("release", service.branch("main").sha)
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, draft=deed == "ready")
    if deed == "reopen":
        await pull.close()
    await bot.settled()
    reviews = len(pull.reviews)
    github.lag()
    match deed:
        case "reopen":
            await pull.push({NEW: HEALTH_WITH_A_PROBE})
            await pull.reopen()
        case "ready":
            await pull.mark_ready()
        case "retarget":
            await service.push({".github/ssot.yml": b"version: 1\n"}, branch="release")
            await pull.edit(base="release")
    assert "still shows the pull request" in ((await waiting(bot, "pull_request")).reason or "")
    await caught_up(bot)
    assert verdicts(pull)[-1] == ("neutral" if deed == "retarget" else "failure")
    if deed == "ready":
        assert len(pull.reviews) == reviews + 1


async def test_a_command_whose_comment_is_not_shown_yet(bot: RunningBot, service: Repo, github: Sandbox) -> None:
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    github.lag()
    comment = await pull.comment("/ssot status", by=github.user("ann", role="write"))
    await waiting(bot, "issue_comment")
    await caught_up(bot)
    assert "2 new deprecated usages" in pull.last_comment.body
    assert comment.reactions == ["eyes", "rocket"]


async def lately_gone(bot: RunningBot, pull: PullRequestHandle, monkeypatch: pytest.MonkeyPatch, path: str) -> str:
    """What is said about a command when something that it needs stays away."""
    bot.github.faults.status(404, path=path, method="GET", times=None)
    await pull.comment("/ssot migrate", by=bot.github.user("ann", role="write"))
    await waiting(bot, "issue_comment")
    monkeypatch.setattr(late, "WAITED_FOR", timedelta())
    await caught_up(bot)
    return pull.last_comment.body


@pytest.mark.parametrize("path", ["*/pulls/*", "*/git/trees/*", "*/issues/[0-9]*"])
async def test_a_command_says_when_what_it_needs_does_not_come(
    bot: RunningBot, service: Repo, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    if path.startswith("*/issues"):
        path = f"*/issues/{pull.number}"
    said = await lately_gone(bot, pull, monkeypatch, path)
    assert said.startswith("This could not be done: GitHub does not show what the command needs")
    assert [comment.body.count("could not be done") for comment in pull.comments] == [0, 1]
    assert pull.head[HEALTH] == HEALTH_WITH_A_PROBE


async def test_a_comment_that_was_deleted_gets_no_answer(
    bot: RunningBot, service: Repo, github: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    github.webhooks.faults.hold()
    comment = await pull.comment("/ssot status", by=github.user("ann", role="write"))
    await comment.delete(by=github.user("ann"))
    github.webhooks.release()
    await waiting(bot, "issue_comment")
    monkeypatch.setattr(late, "WAITED_FOR", timedelta())
    await caught_up(bot)
    assert pull.comments == []


# --- what the bot has just written is not listed yet -----------------------------------------------------------------


async def test_a_review_that_is_not_listed_yet_is_not_written_again(
    bot: RunningBot, service: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perform, "SOON", timedelta(seconds=0.2))
    bot.github.webhooks.faults.hold()
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    bot.github.lag()
    bot.github.webhooks.release()
    await bot.settled()
    await service.rerequest_all(pull.head_sha)
    assert "does not list the last review yet" in ((await waiting(bot, "ssot.rerun")).reason or "")
    await caught_up(bot)
    assert (len(pull.reviews), len(pull.review_comments)) == (1, 1)
    assert [run.conclusion for run in pull.check_runs] == ["failure", "failure"]
    assert pull.check_runs[-1].annotations == []


async def test_a_review_that_is_not_listed_delays_no_verdict(
    bot: RunningBot, service: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perform, "SOON", timedelta(seconds=0.2))
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    bot.github.webhooks.faults.hold()
    await pull.push({NEW: HEALTH_WITH_A_PROBE})
    bot.github.lag()
    bot.github.webhooks.release()
    await bot.settled()
    reviews = len(pull.reviews)
    await service.push({".github/ssot.yml": b"version: 1\nextends: [websocket-manager-factory]\n"})
    await waiting(bot, "ssot.review")
    assert pull.check_runs[-1].conclusion == "failure"
    await caught_up(bot)
    assert len(pull.reviews) == reviews == 2


async def test_a_verdict_that_changed_back_stands_although_the_one_between_is_not_listed(
    bot: RunningBot, service: Repo
) -> None:
    """What is listed as the newest says the same, and is not the newest."""
    await service.push({".github/ssot.yml": b"version: 1\n"}, branch="release")
    await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, head="feature", base="release"))
    fails = await service.propose("feature", base="main")
    await bot.settled()
    await bot.receive(fails.close())
    assert service.check_runs[-1].conclusion != "failure"
    bot.github.webhooks.faults.hold()
    await fails.reopen()
    bot.github.lag()
    bot.github.webhooks.release()
    await bot.settled()
    assert service.check_runs[-1].conclusion == "failure"
    bot.github.webhooks.faults.hold()
    await fails.close()
    replica = bot.github.world.replica
    assert replica is not None
    replica.pulls[fails.record.id] = FormerPull.of(fails.record)
    bot.github.webhooks.release()
    await bot.settled()
    assert service.check_runs[-1].conclusion != "failure"


async def test_a_reply_that_is_not_listed_yet_is_not_written_again(
    bot: RunningBot, service: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of two commands is answered a moment after the first, whose reply is not listed by then."""
    monkeypatch.setattr(dispatch, "SOON", timedelta(seconds=0.2))
    monkeypatch.setattr(channel, "RECONCILE", timedelta(seconds=0.1))
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    bot.github.webhooks.faults.hold()
    await pull.comment("/ssot status\n\n/ssot help", by=bot.github.user("ann", role="write"))
    bot.github.lag()
    bot.github.faults.slow(0, method="POST", path="*/issues/*/comments")
    bot.github.faults.drop(effect=False, method="POST", path="*/issues/*/comments")
    bot.github.webhooks.release()

    async def waits() -> bool:
        return any("does not list the last reply yet" in (job.reason or "") for job in await bot.jobs())

    await until(waits)
    await caught_up(bot)
    assert [comment.author for comment in pull.comments] == ["ann", "ssot-bot[bot]", "ssot-bot[bot]"]
