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
MANY = {f"netra_backend/app/many/m{number}.py": b"x = 1\n" for number in range(30)}
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
        found[:] = [job for job in await app.store.recent(100) if job.place == key and job.next_at is not None]
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
    asked = asked_of(github, service)  # what was sent together with the refused request is over by now
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
        jobs = [job for job in await bot.jobs() if job.place == f"acme/service#{pull.number}"]
        return bool(jobs) and all(job.state.finished for job in jobs)

    await until(done)
    await settled(bot.github, bot.app)
    assert len(verdicts(pull)) == 1
    assert len([review for review in pull.reviews if review.body]) == 1
    sent = [r for r in bot.github.mutations if r.method == "POST" and r.path.endswith(path.removeprefix("*"))]
    assert len(sent) == (1 if happened else 2)


def limit_graphql(github: Sandbox, limit: str, who: str) -> None:
    kind, _, status = limit.partition(" with ")
    if kind == "primary":
        github.limits.quotas["graphql"], github.limits.graphql_status = 0, int(status)
    else:
        github.faults.graphql_limited(None, status=int(status), retry_after=600, identity=who)


@pytest.mark.parametrize("limit", ["primary with 200", "primary with 403", "secondary with 200", "secondary with 403"])
async def test_a_limit_of_graphql_is_waited_for_and_told_nobody(
    bot: RunningBot, service: Repo, github: Sandbox, limit: str
) -> None:
    """A primary one stops GraphQL alone: what does without it goes on."""
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    other = await bot.receive(service.open_issue(title="Anything"))
    said = len(pull.comments)
    limit_graphql(github, limit, f"installation:{github.installation(service).id}")
    comment = await pull.comment("/ssot migrate", by=github.user("ann", role="write"))
    job = await asleep(bot.app, f"acme/service#{pull.number}")
    assert (job.state, job.attempts) == (State.QUEUED, 0)
    assert job.next_at is not None
    wait = (job.next_at - datetime.now(UTC)).total_seconds()
    assert {"primary": 3_000, "secondary": 50}[limit.split(maxsplit=1)[0]] < wait <= 3_602
    assert (len(pull.comments), "confused" in comment.reactions) == (said + 1, False)
    await other.comment("/ssot help", by=github.user("ann"))

    async def helped() -> bool:
        jobs = [job for job in await bot.jobs() if job.place == f"acme/service#{other.number}"]
        return any(job.state.finished or job.next_at for job in jobs)

    await until(helped)
    assert len(other.comments) == (2 if limit.startswith("primary") else 1)


async def test_what_was_submitted_too_quickly_is_submitted_later(
    bot: RunningBot, service: Repo, github: Sandbox
) -> None:
    github.faults.too_quickly(path="*/reviews")
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    job = await asleep(bot.app, f"acme/service#{pull.number}")
    assert job.attempts == 0
    assert "secondary" in (job.reason or "")


async def test_credentials_that_are_refused_for_minutes_are_an_outage(
    bot: RunningBot, service: Repo, github: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "AGAIN", timedelta(seconds=0.02))
    fault = github.faults.status(401, "Bad credentials", times=None)
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})

    async def often_refused() -> bool:
        return fault.met > 20

    await until(often_refused)
    github.faults.remove(fault)

    async def judged() -> bool:
        return bool(verdicts(pull))

    await until(judged)
    await settled(github, bot.app)
    assert [job.attempts for job in await bot.jobs() if job.event == "pull_request"] == [1]


async def test_queries_that_are_too_large_are_asked_for_in_parts(
    bot: RunningBot, service: Repo, github: Sandbox
) -> None:
    github.limits.graphql_nodes = 700
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE, **MANY}))
    await bot.receive(pull.push({"README.md": b"again"}))
    assert (verdicts(pull), len(pull.reviews)) == (["failure"], 1)
    assert await bot.failed() == []
