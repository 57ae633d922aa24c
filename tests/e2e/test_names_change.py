"""Repositories and their owners get other names and places: each is known by its id, and nothing is done twice."""

import pytest

from bot.domain.references import Task
from bot.github.payloads import delivery_of
from bot.jobs import State
from bot.recovery.deliveries import LOOK
from bot.review import render_effects
from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.example import HEALTH_WITH_A_PROBE
from tests.e2e.conftest import RunningBot
from tests.e2e.test_sweep import verdicts

HEALTH = "netra_backend/app/routes/health.py"
CHANGE = {HEALTH: HEALTH_WITH_A_PROBE}


def once(pull: PullRequestHandle) -> bool:
    """One review with its comments, and one check run."""
    return (len(pull.reviews), verdicts(pull)) == (1, ["failure"])


async def finished(bot: RunningBot, event: str) -> list[str]:
    """The partitions of the jobs of that event, in the order in which they came; each is done."""
    jobs = [job for job in await bot.jobs() if job.event == event]
    assert {job.state for job in jobs} <= {State.DONE, State.SUPERSEDED, State.IGNORED}
    return [job.key or "" for job in jobs if job.key]


async def rename(github: Sandbox, repo: Repo, how: str) -> str:
    """Give the repository another full name, in one of the ways that there are; returns it."""
    match how:
        case "repository":
            repo.rename("apogee")
        case "owner":
            github.rename_owner("acme", "apex")
        case "owner, and nobody is told":
            github.world.tells_renamed_accounts = False
            github.rename_owner("acme", "apex")
    return repo.full_name


WAYS = ("repository", "owner", "owner, and nobody is told")


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("path", ["*/files", "*/check-runs", "*/reviews"])
async def test_a_rename_in_the_middle_of_a_review(bot: RunningBot, service: Repo, how: str, path: str) -> None:
    """What happens under the new name waits for what was begun under the old one: one review, one check run."""
    gate = bot.github.faults.hold(path=path)
    pull = await service.open_pull_request(dict(CHANGE))
    await gate.reached.wait()
    await rename(bot.github, service, how)
    await pull.close()
    await pull.reopen()
    await bot.github.settled()
    gate.release()
    await bot.settled()
    assert (len(pull.reviews), verdicts(pull)) == (1, ["failure"])
    assert set(await finished(bot, "pull_request")) == {f"repo:{service.id}#1", f"repo:{service.id} ssot.trackers"}
    assert await bot.failed() == []


@pytest.mark.parametrize("how", WAYS)
async def test_what_waited_under_the_old_name_is_done_under_the_new_one(
    bot: RunningBot, service: Repo, how: str
) -> None:
    bot.github.webhooks.faults.hold()
    pull = await service.open_pull_request(dict(CHANGE))
    name = await rename(bot.github, service, how)
    await pull.comment("/ssot status")
    bot.github.webhooks.release()
    await bot.settled()
    assert (len(pull.reviews), verdicts(pull)) == (1, ["failure"])
    assert f"{name}/" in pull.comments[-1].body or "new deprecated usage" in pull.comments[-1].body
    [job] = [job for job in await bot.jobs() if job.event == "issue_comment" and job.state is State.DONE]
    assert job.place == f"{name}#1"


@pytest.mark.parametrize("how", WAYS)
async def test_a_name_that_somebody_else_has_taken(bot: RunningBot, service: Repo, how: str) -> None:
    """A public repository of a stranger has the old name by the time that the work begins."""
    github = bot.github
    github.webhooks.faults.hold()
    pull = await service.open_pull_request(dict(CHANGE))
    await rename(github, service, how)
    stranger = await github.repo("acme/service", {"a.py": b""}, private=False, installed=False)
    foreign = await stranger.open_pull_request({"b.py": b""})
    github.webhooks.release()
    await bot.settled()
    assert (len(pull.reviews), verdicts(pull)) == (1, ["failure"])
    assert (foreign.comments, foreign.reviews, stranger.check_runs) == ([], [], [])


@pytest.mark.parametrize("public", [True, False])
async def test_a_command_under_a_name_that_somebody_else_has_taken(
    bot: RunningBot, service: Repo, public: bool
) -> None:
    """The comment is not found there: it is looked for in the repository that it was written in, and answered once."""
    github = bot.github
    github.world.tells_renamed_accounts = False
    pull = await service.open_pull_request(dict(CHANGE))
    await bot.settled()
    github.webhooks.faults.hold()
    await pull.comment("/ssot status")
    github.rename_owner("acme", "apex")
    stranger = await github.repo("acme/service", {"a.py": b""}, private=not public, installed=False)
    foreign = await stranger.open_pull_request({"b.py": b""})
    github.webhooks.release()
    await bot.settled()
    assert [comment.author for comment in pull.comments] == ["octocat", "ssot-bot[bot]"]
    assert (foreign.comments, foreign.reviews, stranger.check_runs) == ([], [], [])
    await bot.app.inbox.put(delivery_of(Task(event=LOOK, id="x", repo=None)))
    await bot.settled()
    assert await bot.failed() == []


async def test_a_transfer_goes_on_where_the_app_is_installed(bot: RunningBot, service: Repo) -> None:
    """The delivery of before is of an installation that has the repository no more: the look finds what it was for."""
    bot.github.webhooks.faults.hold()
    pull = await service.open_pull_request(dict(CHANGE))
    bot.github.install("apex", None)
    service.transfer("apex")
    bot.github.webhooks.release()
    await bot.settled()
    assert (len(pull.reviews), verdicts(pull)) == (1, ["failure"])
    await pull.close()
    await bot.receive(pull.reopen())
    assert (len(pull.reviews), verdicts(pull)) == (1, ["failure"])


async def test_reviews_go_on_after_a_rename(bot: RunningBot, service: Repo) -> None:
    """Comments are found again, threads are resolved, and nothing is asked twice."""
    pull = await bot.receive(service.open_pull_request(dict(CHANGE)))
    told = len(pull.review_comments)
    service.rename("apogee")
    await bot.settled()
    await bot.receive(pull.push({"README.md": b"# Notes\n"}))
    assert (len(pull.reviews), len(pull.review_comments)) == (1, told)
    await bot.receive(pull.push({HEALTH: service.branch()[HEALTH]}))
    assert [thread.resolved_by for thread in pull.threads] == [bot.github.app.bot] * len(pull.threads)
    assert verdicts(pull) == ["success"]


async def test_a_check_run_of_an_older_version_is_recognised(
    bot: RunningBot, service: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its id held the repository's name; the same result is not written again."""
    with monkeypatch.context() as older:
        older.setattr(render_effects, "_without_names", lambda said, _: said)
        pull = await bot.receive(service.open_pull_request(dict(CHANGE)))
    before = [run.external_id for run in service.check_runs]
    await pull.close()
    await bot.receive(pull.reopen())
    assert [run.external_id for run in service.check_runs] == before
    assert len(before) == 1


async def test_once_the_name_is_known_nothing_more_is_asked(bot: RunningBot, service: Repo) -> None:
    """One request by the id after the rename; later deliveries agree with the answer."""
    pull = await bot.receive(service.open_pull_request(dict(CHANGE)))
    await bot.receive(pull.push({"README.md": b"# Notes\n"}))
    service.rename("apogee")
    await bot.settled()
    bot.github.requests.clear()
    await bot.receive(pull.push({"README.md": b"# More notes\n"}))
    assert [each.path for each in bot.github.requests if "/repositories/" in each.path or each.status == 301] == []
    old = next(each for each in bot.github.deliveries if each.action == "opened")
    old.guid = "11111111-2222-4333-8444-555555555555"
    bot.github.webhooks.redeliver(old)
    await bot.settled()
    asked = [each.path for each in bot.github.requests if "/repositories/" in each.path]
    assert asked == [f"/repositories/{service.id}"], "a delivery of before the rename, delivered again"
    assert [each.path for each in bot.github.requests if each.status == 301] == []
