"""``ssot jobs`` says the same on both databases, and procrastinate's shell works on the same rows."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from bot.cli.jobs import command
from bot.domain.references import Delivery
from bot.jobs import Done, Lease, Outcome, Policy, State
from bot.jobs.postgres import PostgresStore
from tests.jobs.conftest import Bench, Opener, delivery, states, until

ROOT = Path(__file__).parents[2]
ONCE = Policy(tries=1)


async def fails(given: Delivery, lease: Lease) -> Outcome:
    if b"poison" in given.body:
        raise KeyError("head")
    return Done(summary="1 review")


def ssot_jobs(url: str, *arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, env={"SSOT_DATABASE_URL": url})
    assert result.exit_code == 0, result.output
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", result.stdout)


async def test_the_list_and_a_job_are_told_in_the_same_words(bench: Bench, opened: Opener) -> None:
    bench.behaviour, bench.policy = fails, ONCE
    await bench.start()
    await bench.put(1, b"acme/app#1 opened")
    await bench.put(2, b"acme/app#2 poison")
    await bench.inbox.put(delivery(3, b"acme/app#3", "ssot.x"), not_before=datetime(2100, 1, 1, 9, 30, tzinfo=UTC))

    async def all_are_settled() -> bool:
        jobs = await bench.store.recent(9)
        return sum(job.state.finished for job in jobs) == 2 and all(job.key for job in jobs)

    await until(all_are_settled)
    assert ssot_jobs(opened.url, "list").splitlines() == [
        "NUMBER  STATE   RECEIVED              EVENT                FOR         ATTEMPTS  REASON",
        "3       queued  TIMEZ  ssot.x               acme/app#3  0         waits until 09:30:00Z",
        "2       dead    TIMEZ  pull_request.poison  acme/app#2  1         failed 1 times: KeyError: 'head'",
        "1       done    TIMEZ  pull_request.opened  acme/app#1  1         1 review",
    ]
    assert ssot_jobs(opened.url, "list", "--state", "running") == ""
    assert ssot_jobs(opened.url, "show", "2").splitlines() == [
        f"job         2, delivery {delivery(2).id}",
        "event       pull_request.poison",
        "for         acme/app#2",
        "state       dead",
        "attempts    1",
        "received    TIME UTC",
        "started     TIME UTC",
        "ended       TIME UTC",
        "reason      failed 1 times: KeyError: 'head'",
        "to retry    ssot jobs retry 2",
    ]
    assert ssot_jobs(opened.url, "show", "--body", str(delivery(1).id)) == "acme/app#1 opened"
    bench.behaviour = None
    assert ssot_jobs(opened.url, "retry", "2") == "job 2 is queued\n"

    async def done() -> bool:
        return states(await bench.store.recent(9)) == [State.QUEUED, State.DONE, State.DONE]

    await until(done)
    counts = await bench.store.counts()
    assert {state: count for state, count in counts.items() if count} == {State.QUEUED: 1, State.DONE: 2}


def shell(url: str, *lines: str) -> str:
    """What procrastinate's shell answers."""
    result = subprocess.run(
        [sys.executable, "-m", "procrastinate", "--app", "bot.jobs.postgres.shell.app", "shell"],
        input="\n".join((*lines, "EOF", "")),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "SSOT_DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_procrastinates_shell_sees_retries_and_cancels_the_same_jobs(bench: Bench, opened: Opener) -> None:
    bench.behaviour, bench.policy = fails, ONCE
    await bench.start()
    await bench.put(1, b"acme/app#1 poison")
    await bench.put(2, b"acme/app#2 opened")
    assert states(await bench.settled()) == [State.DEAD, State.DONE]
    await bench.worker.stop(within=1)
    listed = shell(opened.url, "list_jobs details")
    assert delivery(1).id in listed
    assert "pull_request.poison" in listed
    assert "acme/app#1" in listed
    assert "failed" in listed
    assert isinstance(bench.store, PostgresStore)
    with psycopg.connect(opened.url, autocommit=True) as admin:
        (number,) = admin.execute("SELECT job FROM deliveries WHERE seq = 1").fetchone() or (0,)
        shell(opened.url, f"retry {number}")
        assert states(await bench.store.recent(9)) == [State.DONE, State.QUEUED]
        shell(opened.url, f"cancel {number}")
        dead = (await bench.store.recent(9))[1]
        assert (dead.state, dead.reason) == (State.DEAD, "failed 1 times: KeyError: 'head'")
        assert await bench.store.retry(1)
        bench.behaviour = None
        await bench.start()
        assert states(await bench.settled()) == [State.DONE, State.DONE]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_what_procrastinates_shell_cancels_is_a_dead_letter_and_is_cleaned(bench: Bench, opened: Opener) -> None:
    await bench.start()
    later = datetime.now(UTC) + timedelta(hours=1)
    with psycopg.connect(opened.url, autocommit=True) as admin:
        await bench.worker.stop(within=1)
        await bench.put(1)
        admin.execute(
            "UPDATE deliveries SET key = 'acme/app#1', next_at = %s WHERE seq = 1", (later.timestamp(),)
        )  # as after a try that failed
        bench.build()
        await bench.worker.start()

        async def deferred() -> bool:
            return admin.execute("SELECT job FROM deliveries").fetchone() != (None,)

        await until(deferred)
        (number,) = admin.execute("SELECT job FROM deliveries").fetchone() or (0,)
        shell(opened.url, f"cancel {number}")
    (job,) = await bench.store.recent(1)
    assert (job.state, job.reason) == (State.DEAD, "ended by another tool")
    assert await bench.store.clean([State.DEAD], datetime.now(UTC) - timedelta(days=1), 10) == 0
    (job,) = await bench.store.recent(1)
    assert (job.state, job.reason, job.finished_at is None) == (State.DEAD, "ended by another tool", False)
    assert await bench.store.clean([State.DEAD], datetime.now(UTC) + timedelta(days=1), 10) == 1
