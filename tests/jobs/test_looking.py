"""What people can ask of the queue, the same on both databases: which jobs there are, and what became of each run."""

import asyncio
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from bot.cli.jobs import command
from bot.domain.errors import RetryLater
from bot.domain.references import Delivery
from bot.jobs import (
    Done,
    Ignored,
    Job,
    JobFilter,
    Lease,
    Outcome,
    Policy,
    Route,
    RunOutcome,
    SqliteStore,
    State,
    Work,
    sql,
)
from bot.jobs.opening import AnyStore
from bot.jobs.retention import Retention, clean
from tests.jobs.conftest import Bench, Opener, delivery, states, until

EAGER = Policy(tries=3, first=timedelta(milliseconds=5), factor=1)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
NAMES = {7: "acme/app", 77: "acme/lib", 8: "Other/App"}


def by_repository(event: str, body: bytes) -> Route:
    """``b"7 key action"``: the repository's id, and what is made of it."""
    number, key, action = body.decode().split(" ")
    if key == "none":
        return Ignored(reason="ping")
    repository = int(number)
    return Work(key=key.replace("R", f"repo:{number}"), action=action, repository=(repository, NAMES[repository]))


async def behave(given: Delivery, lease: Lease) -> Outcome:
    match given.body.rpartition(b" ")[2]:
        case b"dies":
            raise KeyError("head")
        case b"waits":
            raise RetryLater(FAR, "the limit is used up")
        case b"ignored":
            return Ignored(reason="closed")
    return Done(summary="1 review")


BODIES = (
    b"7 R#1 opened",
    b"7 R@abc opened",
    b"7 ssot.tracker_R#5 #5",
    b"77 R#1 dies",
    b"77 R opened",
    b"8 R#1 waits",
    b"7 R#12 ignored",
    b"7 none ping",
)


@pytest.fixture
async def filled(bench: Bench, store: AnyStore) -> Bench:
    bench.router, bench.behaviour, bench.policy = by_repository, behave, Policy(tries=1)
    await bench.start()
    for number, body in enumerate(BODIES, 1):
        await bench.put(number, body, "push" if number == 5 else "pull_request")

    async def tried() -> bool:
        found = await store.recent(99)
        return all(job.state.finished or job.next_at for job in found)

    await until(tried)
    return bench


def seqs(jobs: list[Job]) -> list[int]:
    return [job.seq for job in jobs]


@pytest.mark.parametrize(
    ("requested", "found"),
    [
        (JobFilter(), [8, 7, 6, 5, 4, 3, 2, 1]),
        (JobFilter(oldest_first=True), [1, 2, 3, 4, 5, 6, 7, 8]),
        (JobFilter(before=3), [2, 1]),
        (JobFilter(states=frozenset({State.DEAD})), [4]),
        (JobFilter(states=frozenset({State.QUEUED, State.RUNNING})), [6]),
        (JobFilter(states=frozenset({State.RUNNING})), []),
        (JobFilter(states=frozenset({State.DONE, State.IGNORED})), [8, 7, 5, 3, 2, 1]),
        (JobFilter(states=frozenset()), []),
        (JobFilter(event="push"), [5]),
        (JobFilter(event="push' OR true"), []),
        (JobFilter(repositories=frozenset({7})), [7, 3, 2, 1]),
        (JobFilter(repositories=frozenset({77})), [5, 4]),
        (JobFilter(repositories=frozenset({7, 8}), states=frozenset({State.DONE, State.QUEUED})), [6, 3, 2, 1]),
        (JobFilter(repositories=frozenset()), []),
    ],
    ids=[
        "all",
        "oldest first",
        "before",
        "dead",
        "unfinished",
        "running",
        "finished well",
        "no state",
        "event",
        "hostile event",
        "repository",
        "longer id",
        "two repositories",
        "no repository",
    ],
)
async def test_jobs_are_found_by_what_is_asked_of_them(filled: Bench, requested: JobFilter, found: list[int]) -> None:
    assert seqs(await filled.store.search(requested, 99)) == found
    assert seqs(await filled.store.search(requested, 2)) == found[:2]


async def test_jobs_are_found_by_name_counted_and_called_as_their_repositories_are_now(filled: Bench) -> None:
    store = filled.store
    assert await store.repositories(9) == NAMES
    assert await store.repositories(1) == {8: "Other/App"}
    assert await store.repositories_called("ACME/App") == {7}
    assert await store.repositories_called("acme/%") == frozenset()
    assert await store.tally() == {
        ("pull_request", State.DONE): 3,
        ("push", State.DONE): 1,
        ("pull_request", State.DEAD): 1,
        ("pull_request", State.QUEUED): 1,
        ("pull_request", State.IGNORED): 2,
    }
    job = await store.find(delivery(3).id)
    assert job is not None
    assert (job.seq, job.place) == (3, "ssot.tracker_acme/app#5")
    assert await store.find("4") is not None
    assert await store.find("99") is None
    assert await store.find("9" * 30) is None


async def test_a_job_says_since_when_it_runs_and_what_became_of_each_run_before(bench: Bench, store: AnyStore) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def fails_twice(given: Delivery, lease: Lease) -> Outcome:
        if len(bench.ran) == 1:
            raise KeyError("head\0")
        if len(bench.ran) == 2:
            raise RetryLater(datetime.now(UTC), "the limit is used up")
        begun.set()
        await go_on.wait()
        return Done()

    bench.behaviour, bench.policy = fails_twice, EAGER
    before = datetime.now(UTC) - timedelta(seconds=1)
    await bench.start()
    await bench.put(1)
    await begun.wait()
    (running,) = await store.search(JobFilter(states=frozenset({State.RUNNING})), 9)
    assert running.started_at is not None
    runs = await store.history(1)
    assert [(run.outcome, run.reason) for run in runs] == [
        (RunOutcome.FAILED, "KeyError: 'head\\x00'"),
        (RunOutcome.POSTPONED, running.reason),
    ]
    times = [time for run in runs for time in (run.began, run.ended)]
    assert all(before < time <= running.started_at for time in times if time), "in their order, and with a beginning"
    assert None not in times
    go_on.set()
    (job,) = await bench.settled()
    assert job.started_at == running.started_at
    assert len(await store.history(1)) == 2, "how it ended is in its row"
    assert await store.retry(1)
    assert not await store.retry(1)
    assert [run.outcome for run in await store.history(1)][2:] == [RunOutcome.DONE]
    assert await store.history(99) == []


async def test_what_waits_has_no_beginning(filled: Bench) -> None:
    (waiting,) = await filled.store.search(JobFilter(states=frozenset({State.QUEUED})), 9)
    assert waiting.started_at is None
    (never,) = await filled.store.search(JobFilter(before=9), 1)
    assert (never.state, never.started_at) == (State.IGNORED, None)


async def test_a_run_that_the_process_did_not_outlive_is_in_the_history(filled: Bench, opened: Opener) -> None:
    store = filled.store
    with closing(opened.look()) as connection:
        connection.execute("UPDATE deliveries SET started_at = 1000 WHERE seq = 6")
        if isinstance(store, SqliteStore):
            connection.execute("UPDATE deliveries SET state = 'running' WHERE seq = 6")
        else:  # as if the row of the worker had gone with it
            connection.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL WHERE status = 'todo'")
    if isinstance(store, SqliteStore):
        assert await store.release(()) == 1, "as at the start"

    async def told() -> bool:
        return any(run.outcome is RunOutcome.INTERRUPTED for run in await store.history(6))

    await until(told)
    (run,) = [run for run in await store.history(6) if run.outcome is RunOutcome.INTERRUPTED]
    assert (run.began, run.reason) == (datetime.fromtimestamp(1000, UTC), None)


async def test_tables_of_an_older_version_are_told_in_a_sentence(opened: Opener, store: AnyStore) -> None:
    with closing(opened.look()) as connection:
        if isinstance(store, SqliteStore):
            connection.execute("ALTER TABLE deliveries DROP COLUMN started_at")
        else:
            connection.execute("DROP VIEW ssot_jobs")
            connection.execute("CREATE VIEW ssot_jobs AS SELECT seq FROM deliveries")
    result = CliRunner().invoke(command, ["list"], env={"SSOT_DATABASE_URL": opened.url})
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the tables of an older version: start the server once" in result.stderr


async def test_a_run_that_ends_with_the_server_is_in_the_history(opened: Opener) -> None:
    store = await opened()
    bench = Bench(store)
    begun = asyncio.Event()

    async def forever(given: Delivery, lease: Lease) -> Outcome:
        begun.set()
        await asyncio.sleep(60)
        return Done()

    bench.behaviour = forever
    await bench.start()
    await bench.put(1)
    await begun.wait()
    await bench.worker.stop(within=1)
    (run,) = await store.history(1)
    assert (run.outcome, run.reason) == (RunOutcome.POSTPONED, "the server stopped")


async def test_the_history_is_bounded_and_goes_with_the_job(bench: Bench, store: AnyStore, opened: Opener) -> None:
    async def postponed(given: Delivery, lease: Lease) -> Outcome:
        if len(bench.ran) <= sql.KEPT_RUNS + 20:
            raise RetryLater(datetime.now(UTC), f"run {len(bench.ran)}")
        return Done()

    bench.behaviour = postponed
    await bench.start()
    await bench.put(1)
    await bench.settled(within=30)
    runs = await store.history(1)
    assert len(runs) == sql.KEPT_RUNS
    assert "run 21" in str(runs[0].reason)
    assert f"run {sql.KEPT_RUNS + 20}" in str(runs[-1].reason)
    await clean(store, Retention(finished=timedelta(0)), datetime.now(UTC) + timedelta(days=1))
    with closing(opened.look()) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (0,)


async def test_the_command_line_finds_the_same_jobs_and_tells_their_runs(filled: Bench, opened: Opener) -> None:
    def jobs(*arguments: str) -> str:
        result = CliRunner().invoke(command, arguments, env={"SSOT_DATABASE_URL": opened.url})
        assert result.exit_code == 0, result.output
        return result.stdout

    def numbers(*arguments: str) -> list[int]:
        return [job["seq"] for job in json.loads(jobs("list", "--json", *arguments))["jobs"]]

    assert numbers("--repository", "acme/app") == [7, 3, 2, 1]
    assert numbers("--repository", "acme/app", "--state", "ignored") == [7]
    assert numbers("--event", "push") == [5]
    assert numbers("--repository", "nobody/here") == []
    assert json.loads(jobs("show", "6", "--json"))["history"][0]["outcome"] == "postponed"
    assert "UTC postponed: RetryLater: the limit is used up" in jobs("show", "6")
    assert states(await filled.store.search(JobFilter(before=2), 1)) == [State.DONE]
