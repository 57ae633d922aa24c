"""The order, the tries and the ends of jobs, on a real database."""

import asyncio
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import Gone, RetryLater
from bot.domain.references import Delivery
from bot.jobs import (
    Done,
    Ignored,
    Lease,
    Outcome,
    Policy,
    Route,
    State,
    Superseded,
    Unreadable,
    Work,
    WorkerLimits,
)
from bot.jobs.opening import AnyStore
from tests.jobs.conftest import Bench, Opener, delivery, states, until

QUICK = Policy(tries=3, deaths=3, first=timedelta(milliseconds=5), factor=1)


async def test_a_delivery_is_handled_and_done(bench: Bench) -> None:
    await bench.start()
    await bench.put(1)
    (job,) = await bench.settled()
    assert (job.state, job.key, job.action, job.attempts) == (State.DONE, "acme/app#1", "opened", 1)
    assert bench.ran == [b"acme/app#1 opened"]


async def test_one_key_is_run_in_order_and_never_two_at_once(bench: Bench) -> None:
    running: dict[str, int] = {}
    most: dict[str, int] = {}

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        key = lease.job.key or ""
        running[key] = running.get(key, 0) + 1
        most[key] = max(most.get(key, 0), running[key])
        most["all"] = max(most.get("all", 0), sum(running.values()))
        await asyncio.sleep(0.05)
        running[key] -= 1
        return Done()

    bench.behaviour = behave
    await bench.start()
    await asyncio.gather(*(bench.put(n, f"acme/app#{n % 3} {n}".encode()) for n in range(30)))
    assert states(await bench.settled()) == [State.DONE] * 30
    assert most == {"acme/app#0": 1, "acme/app#1": 1, "acme/app#2": 1, "all": 3}
    for key in range(3):
        numbers = [int(body.split()[1]) for body in bench.ran if body.startswith(f"acme/app#{key} ".encode())]
        assert numbers == sorted(numbers)


async def test_no_more_jobs_run_at_once_than_allowed(bench: Bench) -> None:
    running = most = 0

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        return Done()

    bench.behaviour, bench.limits = behave, WorkerLimits(concurrency=2)
    await bench.start()
    await asyncio.gather(*(bench.put(n, f"acme/app#{n} opened".encode()) for n in range(12)))
    await bench.settled()
    assert most == 2


async def test_32_senders_do_not_wait_for_each_others_work(bench: Bench) -> None:
    running = asyncio.Barrier(32)

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        await running.wait()  # none ends before all have begun
        return Done()

    bench.behaviour = behave
    await bench.start()
    await asyncio.gather(*(bench.put(n, f"acme/app#{n} opened".encode()) for n in range(32)))
    await bench.settled()


async def test_work_begins_within_100_ms_of_the_acknowledgement(bench: Bench) -> None:
    began: list[float] = []

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        began.append(time.perf_counter())
        return Done()

    bench.behaviour = behave
    await bench.start()
    waits = []
    for n in range(21):
        await bench.put(n, f"acme/app#{n} opened".encode())
        acknowledged = time.perf_counter()
        await bench.settled()
        waits.append(began[-1] - acknowledged)
    assert sorted(waits)[10] < 0.1


async def test_the_same_guid_a_hundred_times_is_one_job(bench: Bench) -> None:
    await bench.start()
    await asyncio.gather(*(bench.inbox.put(delivery(7)) for _ in range(100)))
    await bench.settled()
    assert len(bench.ran) == 1


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (Done(), State.DONE, None),
        (Done(summary="1 review"), State.DONE, "1 review"),
        (Ignored(reason="closed"), State.IGNORED, "closed"),
        (Superseded(reason="newer head"), State.SUPERSEDED, "newer head"),
        (Unreadable(reason="no JSON"), State.DEAD, "no JSON"),
        (Gone("repository deleted"), State.DONE, "Gone: repository deleted"),
    ],
    ids=["done", "summary", "ignored", "superseded", "unreadable", "gone"],
)
async def test_how_a_run_ends(bench: Bench, outcome: Outcome | Gone, state: State, reason: str | None) -> None:
    async def behave(given: Delivery, lease: Lease) -> Outcome:
        if isinstance(outcome, Gone):
            raise outcome
        return outcome

    bench.behaviour = behave
    await bench.start()
    await bench.put(1)
    (job,) = await bench.settled()
    assert (job.state, job.reason, len(bench.ran)) == (state, reason, 1)


async def test_poison_is_dead_lettered_and_its_neighbours_go_on(bench: Bench) -> None:
    async def behave(given: Delivery, lease: Lease) -> Outcome:
        if b"poison" in given.body:
            raise KeyError("head")
        return Done()

    bench.behaviour, bench.policy = behave, QUICK
    await bench.start()
    await bench.put(1, b"acme/app#1 poison")
    await bench.put(2, b"acme/app#1 behind")
    await bench.put(3, b"acme/app#2 beside")
    jobs = await bench.settled()
    assert states(jobs) == [State.DEAD, State.DONE, State.DONE]
    assert (jobs[0].attempts, jobs[0].reason) == (3, "failed 3 times: KeyError: 'head'")
    assert bench.ran.index(b"acme/app#1 behind") > bench.ran.index(b"acme/app#2 beside")


async def test_retry_later_waits_in_the_database_and_does_not_count(bench: Bench) -> None:
    due = datetime.now(UTC) + timedelta(milliseconds=150)
    began: list[datetime] = []

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        began.append(datetime.now(UTC))
        if len(began) < 5:
            raise RetryLater(due, "rate limit")
        return Done()

    bench.behaviour, bench.policy = behave, Policy(tries=2)
    await bench.start()
    await bench.put(1)
    (job,) = await bench.settled()
    assert (job.state, job.attempts) == (State.DONE, 1)
    assert began[1] >= due


async def test_a_restart_takes_up_what_waits_with_its_time(bench: Bench, store: AnyStore) -> None:
    due = datetime.now(UTC) + timedelta(seconds=3)
    began: list[datetime] = []

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        if lease.job.id != delivery(1).id:
            return Done()
        began.append(datetime.now(UTC))
        if began[-1] < due:
            raise RetryLater(due, "rate limit")
        return Done()

    bench.behaviour = behave
    await bench.start()
    await bench.put(1)

    async def waits() -> bool:
        queued = await store.queued()
        return bool(queued) and queued[0].next_at is not None and not bench.worker.stats().running

    await until(waits)
    await bench.worker.stop(within=1)
    bench.ran.clear()
    await bench.start()
    await bench.put(2, b"acme/app#2 opened")

    async def one_is_done() -> bool:
        return len(await store.recent(5, State.DONE)) == 1

    await until(one_is_done)
    assert bench.ran == [b"acme/app#2 opened"]
    assert datetime.now(UTC) < due
    assert states(await bench.settled()) == [State.DONE, State.DONE]
    assert len(began) == 2
    assert began[1] >= due


async def test_a_newer_synchronize_supersedes_the_ones_that_wait(bench: Bench) -> None:
    first_runs, go_on = asyncio.Event(), asyncio.Event()
    newer: list[bool] = []

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        if lease.job.seq == 1:
            first_runs.set()
            await go_on.wait()

            async def newer_waits() -> bool:
                return lease.newer_waits()

            await until(newer_waits)  # on PostgreSQL a moment later
            newer.append(True)
        return Done()

    bench.behaviour = behave
    await bench.start()
    await bench.put(1, b"acme/app#1 synchronize")
    await first_runs.wait()
    await bench.put(2, b"acme/app#1 synchronize")
    await bench.put(3, b"acme/app#1 closed")
    await bench.put(4, b"acme/app#1 synchronize")
    await bench.put(5, b"acme/app#2 synchronize")

    async def three_wait() -> bool:
        return bench.worker.stats().waiting == 3 and all(job.key for job in await bench.store.queued())

    await until(three_wait)
    go_on.set()
    jobs = await bench.settled()
    assert states(jobs) == [State.DONE, State.SUPERSEDED, State.DONE, State.DONE, State.DONE]
    assert jobs[1].reason == f"by delivery {delivery(4).id}"
    assert newer == [True]


async def test_a_hung_handler_is_cut_off_and_fenced(bench: Bench) -> None:
    held: list[bool] = []
    late = asyncio.Event()

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        if len(bench.ran) > 1:
            return Done(summary="second")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            held.append(lease.held())
            await late.wait()
        return Done(summary="too late")

    bench.behaviour, bench.policy = behave, QUICK
    bench.limits = WorkerLimits(deadline=0.05, grace=0.05)
    await bench.start()
    await bench.put(1)
    (job,) = await bench.settled()
    late.set()
    await asyncio.sleep(0)
    assert held == [False]
    assert (job.state, job.reason, job.attempts) == (State.DONE, "second", 2)


async def test_a_graceful_stop_queues_running_jobs_again_without_counting(bench: Bench, store: AnyStore) -> None:
    started = asyncio.Event()

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        started.set()
        await asyncio.Event().wait()
        return Done()

    bench.behaviour = behave
    await bench.start()
    await bench.put(1)
    await started.wait()
    began = time.monotonic()
    await bench.worker.stop(within=0.2)
    assert time.monotonic() - began < 1
    (job,) = await store.queued()
    assert (job.attempts, job.reason) == (0, "the server stopped")


@pytest.mark.parametrize(
    ("route", "state"),
    [(Ignored(reason="unknown action"), State.IGNORED), (Unreadable(reason="not JSON"), State.DEAD)],
    ids=["ignored", "unreadable"],
)
async def test_what_the_router_turns_away_is_kept_with_its_reason(bench: Bench, route: Route, state: State) -> None:
    bench.router = lambda *_: route
    await bench.start()
    await bench.put(1)
    (job,) = await bench.settled()
    assert (job.state, job.reason, bench.ran) == (state, getattr(route, "reason", None), [])


async def test_a_defect_of_the_router_costs_one_delivery(bench: Bench) -> None:
    def router(event: str, body: bytes) -> Route:
        if body == b"bad":
            raise RecursionError("too deep")
        return Work(key="k")

    bench.router = router
    await bench.start()
    await bench.put(1, b"bad")
    await bench.put(2, b"good")
    jobs = await bench.settled()
    assert states(jobs) == [State.DEAD, State.DONE]
    assert jobs[0].reason == "RecursionError: too deep"


@pytest.mark.parametrize("size", [300_000, 1_200_000], ids=["parsed in a thread", "read back from the store"])
async def test_big_bodies_arrive_whole(bench: Bench, size: int) -> None:
    body = b"acme/app#1 " + b"x" * size
    await bench.start()
    await bench.put(1, body)
    await bench.settled()
    assert bench.ran == [body]


async def test_a_key_that_no_database_can_hold_costs_one_delivery(bench: Bench) -> None:
    bench.router = lambda _, body: Work(key="\ud800" if body == b"bad" else "k")
    await bench.start()
    await bench.put(1, b"bad")
    await bench.put(2, b"good")
    jobs = await bench.settled()
    assert states(jobs) == [State.DEAD, State.DONE]
    assert "not a valid partition" in (jobs[0].reason or "")


async def test_runs_that_killed_the_process_count_as_tries(bench: Bench, store: AnyStore, opened: Opener) -> None:
    bench.policy = QUICK
    await store.put(delivery(1), datetime.now(UTC))
    with closing(opened.look()) as connection:
        connection.execute("UPDATE deliveries SET attempts = 3, key = 'repo:1#1'")
    await bench.start()
    (job,) = await bench.settled()
    assert (job.state, job.reason, bench.ran) == (State.DEAD, "the process died during 3 runs", [])


async def test_a_job_that_a_tool_queued_again_is_run(bench: Bench, opened: Opener) -> None:
    bench.limits = WorkerLimits(tick=0.02)
    await bench.start()
    await bench.put(1)
    (job,) = await bench.settled()
    with closing(opened.look()) as connection:
        assert connection.retry(job.seq)

    async def ran_twice() -> bool:
        return len(bench.ran) == 2

    await until(ran_twice)


async def test_a_lane_that_could_not_be_recorded_is_found_again(bench: Bench, store: AnyStore) -> None:
    """The process died between the two commits."""
    bench.limits = WorkerLimits(tick=0.02)
    await bench.start()
    await store.put(delivery(1), datetime.now(UTC))
    assert states(await bench.settled()) == [State.DONE]


async def test_depth_and_age_are_known(bench: Bench) -> None:
    assert bench.worker.stats().oldest is None
    await bench.put(1)
    await bench.put(2)
    stats = bench.worker.stats()
    assert (stats.waiting, stats.running) == (2, 0)
    assert stats.oldest is not None
    assert datetime.now(UTC) - stats.oldest < timedelta(seconds=5)


async def test_a_task_waits_for_its_time_and_holds_nobody_up(bench: Bench, store: AnyStore) -> None:
    due = datetime.now(UTC) + timedelta(hours=1)
    await bench.start()
    await bench.inbox.put(delivery(1, b"acme/app#1 tracker", "ssot.tracker"), not_before=due)
    await bench.put(2)

    async def one_is_done() -> bool:
        return len(await store.recent(5, State.DONE)) == 1

    await until(one_is_done)
    assert bench.ran == [b"acme/app#1 opened"]
    assert (bench.worker.stats().delayed, bench.worker.stats().waiting) == (1, 0)
    await bench.worker.stop(within=1)
    await bench.start()
    assert bench.worker.stats().delayed == 1
    await bench.worker.run_now()
    assert states(await bench.settled()) == [State.DONE, State.DONE]


async def test_a_task_runs_when_its_time_has_come(bench: Bench) -> None:
    due, began = datetime.now(UTC) + timedelta(milliseconds=100), list[datetime]()

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        began.append(datetime.now(UTC))
        return Done()

    bench.behaviour = behave
    await bench.start()
    for _ in range(3):
        await bench.inbox.put(delivery(1, b"acme/app#1", "ssot.tracker"), not_before=due)
    assert states(await bench.settled()) == [State.DONE]
    assert len(began) == 1
    assert began[0] >= due


async def test_a_newer_task_replaces_the_ones_that_wait(bench: Bench) -> None:
    first_runs, go_on = asyncio.Event(), asyncio.Event()

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        first_runs.set()
        await go_on.wait()
        return Done()

    bench.behaviour = behave
    await bench.start()
    await bench.put(1)
    await first_runs.wait()
    for number, action in enumerate(["#7", "#7", "#8"], 2):
        await bench.put(number, f"acme/app#1 {action}".encode(), "ssot.tracker")

    async def three_wait() -> bool:
        return bench.worker.stats().waiting == 3 and all(job.key for job in await bench.store.queued())

    await until(three_wait)
    go_on.set()
    assert states(await bench.settled()) == [State.DONE, State.SUPERSEDED, State.DONE, State.DONE]
