"""GitHub's limits, seen from outside: what is held back sleeps in the database, and nothing leaves before its time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import App
from bot.cli.demo import serving, settings_for, settled
from bot.github import channel
from bot.jobs import Job, State
from bot.sandbox import Repo, Sandbox
from bot.sandbox.example import FILES, HEALTH_WITH_A_PROBE
from bot.sandbox.faults import Fault
from tests.e2e.conftest import RunningBot
from tests.e2e.test_sweep import USAGE, verdicts
from tests.jobs.conftest import until

HEALTH = "netra_backend/app/routes/health.py"
LIMITS: dict[str, Callable[[Sandbox, str], Fault]] = {
    "retry-after in seconds": lambda github, who: github.faults.limited(
        retry_after=600, path="*/pulls/*", identity=who
    ),
    "retry-after as a date": lambda github, who: github.faults.limited(
        retry_after=datetime.now(UTC) + timedelta(seconds=600), path="*/pulls/*", identity=who
    ),
    "remaining 0": lambda github, who: github.faults.limited(
        reset=datetime.now(UTC) + timedelta(seconds=600), path="*/pulls/*", identity=who
    ),
    "secondary": lambda github, who: github.faults.limited(path="*/pulls/*", identity=who),
    "429": lambda github, who: github.faults.limited(status=429, retry_after=600, path="*/pulls/*", identity=who),
}


async def asleep(app: App, key: str) -> Job:
    """The job of a pull request, once it sleeps."""

    async def sleeps() -> bool:
        found[:] = [job for job in await app.store.recent(100) if job.key == key and job.next_at is not None]
        return bool(found)

    found: list[Job] = []
    await until(sleeps)
    return found[0]


def asked_of(github: Sandbox, repo: Repo) -> int:
    """Requests in the name of the repository's installation, those for its tokens included."""
    who = github.installation(repo).id
    return sum(r.identity == f"installation:{who}" or f"/installations/{who}/" in r.path for r in github.requests)


@pytest.mark.parametrize("limit", LIMITS)
async def test_case_32_work_that_is_held_back_sleeps_durably_and_others_go_on(
    github: Sandbox, service: Repo, tmp_path: Path, limit: str
) -> None:
    """Also over a restart, and also for other work of the same installation, which was told nothing."""
    other = await github.repo("elsewhere/app", files=dict(FILES))
    settings = settings_for(github, tmp_path)
    async with serving(github, settings) as app:
        who = f"installation:{github.installation(service).id}"
        LIMITS[limit](github, who)
        held = await service.open_pull_request({"app/new.py": USAGE}, head="held")
        job = await asleep(app, f"acme/service#{held.number}")
        assert (job.state, job.attempts) == (State.QUEUED, 0), "waiting is no failed try"
        assert job.next_at is not None
        wait = (job.next_at - datetime.now(UTC)).total_seconds()
        assert 50 < wait <= 60 if limit == "secondary" else 590 < wait <= 603
        asked = asked_of(github, service)
    async with serving(github, settings) as app:
        second = await service.open_pull_request({"app/second.py": USAGE}, head="second")
        await asleep(app, f"acme/service#{second.number}")
        assert asked_of(github, service) == asked, "not one request before the time"
        free = await other.open_pull_request({"b.py": USAGE}, head="free")

        async def judged() -> bool:
            return bool(verdicts(free))

        await until(judged)
        assert (verdicts(held), verdicts(second)) == ([], [])


@pytest.mark.parametrize("happened", [True, False], ids=["it happened", "it did not"])
@pytest.mark.parametrize("path", ["*/reviews", "*/check-runs"])
async def test_case_33_a_write_without_an_answer_is_looked_for_before_it_is_sent_again(
    bot: RunningBot, service: Repo, path: str, happened: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection ends after GitHub did it (or before): in the end it is there once."""
    monkeypatch.setattr(channel, "RECONCILE", timedelta())
    bot.github.faults.drop(effect=happened, method="POST", path=path, times=1)
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})

    async def done() -> bool:
        await bot.github.settled()
        jobs = [job for job in await bot.jobs() if job.key == f"acme/service#{pull.number}"]
        return bool(jobs) and all(job.state.finished for job in jobs)

    await until(done)
    await settled(bot.github, bot.app)
    assert len(verdicts(pull)) == 1
    assert len([review for review in pull.reviews if review.body]) == 1
    sent = [r for r in bot.github.mutations if r.method == "POST" and r.path.endswith(path.removeprefix("*"))]
    assert len(sent) == (1 if happened else 2)
