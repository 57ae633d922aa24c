"""After an outage the whole bot finds what it missed: deliveries by GitHub's log, pull requests by looking."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.cli.demo import serving, settings_for, settled
from bot.domain.references import Task
from bot.github.payloads import delivery_of
from bot.jobs import Job, State
from bot.recovery.deliveries import LOOK, SWEEP, look_tasks, sweep_tasks
from bot.review.siblings import REVIEW
from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.example import FILES
from tests.e2e.conftest import RunningBot
from tests.jobs.conftest import until

USAGE = b"from shared.websocket import get_websocket_manager_factory\n\nfactory = get_websocket_manager_factory()\n"


def verdicts(pull: PullRequestHandle) -> list[str | None]:
    return [run.conclusion for run in pull.check_runs]


async def finished(app: App, event: str) -> list[Job]:
    """The tasks of a name, once there are some and all of them have ended."""

    async def ended() -> bool:
        found[:] = [job for job in await app.store.recent(1_000) if job.event == event]
        return bool(found) and all(job.state.finished for job in found)

    found: list[Job] = []
    await until(ended)
    return found


async def test_what_came_while_it_was_down_is_worked_on_after_the_start(
    github: Sandbox, service: Repo, tmp_path: Path
) -> None:
    """Nobody asks for the sweep: it belongs to the start."""
    github.webhook_url = "http://127.0.0.1:9/nobody"
    pulls = [await service.open_pull_request({f"app/new{n}.py": USAGE}, head=f"pr{n}") for n in range(3)]
    await github.settled()
    failed = {each.guid for each in github.deliveries if not each.ok and each.event == "pull_request"}
    assert len(failed) == 3
    async with serving(github, settings_for(github, tmp_path)) as app:
        (swept,) = await finished(app, SWEEP)
        assert swept.reason is not None
        await settled(github, app)
        asked = Counter(each.guid for each in github.deliveries if each.redelivery)
        assert failed <= set(asked)
        assert set(asked.values()) == {1}
        assert [len(verdicts(pull)) for pull in pulls] == [1, 1, 1]
        await app.inbox.put(delivery_of(Task(event=SWEEP, id="again", repo=None)))
        await settled(github, app)
    assert Counter(each.guid for each in github.deliveries if each.redelivery) == asked


async def test_pull_requests_without_a_check_run_of_ours_get_their_review(bot: RunningBot, service: Repo) -> None:
    """What GitHub's log does not reach: opened before the App was installed, or longer ago than three days."""
    seen = await service.open_pull_request({"app/seen.py": USAGE}, head="seen")
    await bot.settled()
    bot.github.webhooks.faults.lose = 100
    missed = await service.open_pull_request({"app/missed.py": USAGE}, head="missed")
    await service.open_pull_request({"app/closed.py": USAGE}, head="closed")
    await service.pull_request(missed.number + 1).close()
    await bot.settled()
    assert verdicts(missed) == []
    bot.github.webhooks.faults.lose = 0
    before = len(bot.github.requests)
    for turn in range(2):
        await bot.app.inbox.put(delivery_of(Task(event=LOOK, id=str(turn), repo=None)))
        await bot.settled()
        assert (len(verdicts(seen)), len(verdicts(missed))) == (1, 1)
    sent = [job for job in await bot.jobs() if job.event == REVIEW]
    assert [(job.key, job.state) for job in sent] == [(f"repo:{service.id}#{missed.number}", State.DONE)]
    asked = [r for r in bot.github.requests[before:] if r.path.endswith("/check-runs") and r.method == "GET"]
    assert len(asked) <= 4, "a head that was seen with a check run is not asked for again"


async def look(bot: RunningBot, name: str) -> None:
    await bot.app.inbox.put(delivery_of(Task(event=LOOK, id=name, repo=None)))
    await bot.settled()


async def test_a_check_that_never_ended_is_asked_for_again(bot: RunningBot, service: Repo) -> None:
    pull = await bot.receive(service.open_pull_request({"app/new.py": USAGE}))
    (run,) = pull.check_runs
    run.status, run.conclusion = "in_progress", None
    await look(bot, "first")
    assert [each.status for each in pull.check_runs] == ["in_progress", "completed"]


async def test_a_head_whose_review_ended_without_a_check_is_asked_for_again(bot: RunningBot, service: Repo) -> None:
    bot.github.webhooks.faults.lose = 100
    pull = await service.open_pull_request({"app/missed.py": USAGE})
    await bot.settled()
    bot.github.webhooks.faults.lose = 0
    fault = bot.github.faults.status(403, "No.", path="*/check-runs", method="POST", times=None)
    await bot.app.inbox.put(delivery_of(Task(event=LOOK, id="first", repo=None)))

    async def reviewed() -> bool:
        jobs = [job for job in await bot.jobs() if job.event == REVIEW]
        return bool(jobs) and all(job.reason for job in jobs)

    await until(reviewed)
    (first,) = [job for job in await bot.jobs() if job.event == REVIEW]
    bot.github.faults.remove(fault)
    await bot.app.store.settle(first.seq, State.DEAD, "given up", datetime.now(UTC))
    assert pull.check_runs == []
    await look(bot, "second")
    assert pull.check_runs[-1].status == "completed"
    asked = len([job for job in await bot.jobs() if job.event == REVIEW])
    await look(bot, "third")
    assert len([job for job in await bot.jobs() if job.event == REVIEW]) == asked == 2


async def test_where_nothing_is_configured_a_head_is_asked_for_once(bot: RunningBot) -> None:
    other = await bot.github.repo("elsewhere/app", files={"a.py": b"x = 1\n"})
    await bot.receive(other.open_pull_request({"b.py": b"y = 1\n"}))
    for name in ("first", "second", "third"):
        await look(bot, name)
    assert len([job for job in await bot.jobs() if job.event == REVIEW]) == 1


@pytest.mark.parametrize("deed", ["installed", "permissions", "given the repository", "configured", "base configured"])
async def test_news_bring_a_look(bot: RunningBot, github: Sandbox, service: Repo, deed: str) -> None:
    """Of the App's installation, its permissions and repositories, and of a configuration."""
    base = "release" if deed == "base configured" else "main"
    if base == "release":
        await service.set_branch("release", service.branch("main").sha)
    github.webhooks.faults.lose = 100
    pull = await service.open_pull_request({"app/new.py": USAGE}, base=base)
    await github.settled()
    github.webhooks.faults.lose = 0
    installation = github.installation(service)
    match deed:
        case "installed":
            github.uninstall(installation)
            github.install("acme")
        case "permissions":
            github.accept_permissions(installation)
        case "given the repository":
            github.remove_repositories(installation, [service])
            github.add_repositories(installation, [service])
        case _:
            await service.push({".github/ssot.yml": b"version: 1\nmigrations: {}\n"}, branch=base)
    await bot.settled()
    assert len(verdicts(pull)) == 1


async def test_an_installation_that_has_to_wait_holds_up_no_other(bot: RunningBot, service: Repo) -> None:
    other = await bot.github.repo("elsewhere/app", files=dict(FILES))
    bot.github.webhooks.faults.lose = 100
    pull = await other.open_pull_request({"b.py": USAGE})
    await bot.github.settled()
    limited = bot.github.installation(service).id
    bot.github.faults.limited(retry_after=600, path="/installation/repositories", identity=f"installation:{limited}")
    await bot.app.inbox.put(delivery_of(Task(event=LOOK, id="x", repo=None)))

    async def judged() -> bool:
        return bool(verdicts(pull))

    await until(judged)
    (look,) = [job for job in await bot.jobs() if job.id == f"{LOOK}:x"]
    assert (look.state, look.attempts) == (State.QUEUED, 0)
    assert look.next_at is not None


@pytest.mark.parametrize("tasks", [sweep_tasks, look_tasks], ids=["sweep", "look"])
async def test_processes_that_start_together_share_one_sweep(
    bot: RunningBot, tasks: Callable[[Any, datetime], Awaitable[Iterable[Task]]]
) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    ids = [[task.id for task in await tasks(bot, now.replace(minute=minute))] for minute in (0, 4, 5)]
    assert ids[0] == ids[1] != ids[2]
