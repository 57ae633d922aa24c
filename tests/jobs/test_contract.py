"""What the queue promises about ends, retries and time, on both databases; how it runs is in ``test_worker.py``."""

import asyncio
import random
import zlib
from collections import defaultdict
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from bot.domain.errors import RetryLater
from bot.domain.references import Delivery
from bot.jobs import (
    Done,
    Ignored,
    Lease,
    Outcome,
    Policy,
    Route,
    State,
    StoreCorrupt,
    StoreUnavailable,
    Unreadable,
    Work,
)
from bot.jobs.opening import AnyStore
from bot.jobs.retention import Retention, clean
from bot.jobs.sql import LARGE
from tests.jobs.conftest import Away, Bench, Opener, by_body, delivery, states, until

EAGER = Policy(tries=2, first=timedelta(milliseconds=5), factor=1)


async def test_a_damaged_body_makes_a_dead_letter(bench: Bench, store: AnyStore, opened: Opener) -> None:
    await bench.put(1)
    await bench.put(2, b"acme/app#1 behind")
    with closing(opened.look()) as connection:
        connection.execute("UPDATE bodies SET body = ? WHERE seq = 1", (b"\0",))
    with pytest.raises(StoreCorrupt):
        await store.body(1)
    bench.worker.arrived((await store.queued())[0], b"acme/app#1 opened")  # it was routed before it was damaged
    await bench.start()
    jobs = await bench.settled()
    assert states(jobs) == [State.DEAD, State.DONE]
    assert "damaged" in (jobs[0].reason or "")
    assert bench.ran == [b"acme/app#1 behind"]


async def test_large_bodies_are_run_whole_and_one_after_the_other(bench: Bench) -> None:
    """Those of all jobs at once would take too much memory; small ones do not wait for them."""
    large, now, most, small = b" " * (LARGE + 1), 0, 0, asyncio.Event()

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        nonlocal now, most
        if len(given.body) < LARGE:
            small.set()
            return Done()
        await small.wait()
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        now -= 1
        return Done()

    bench.behaviour = behave
    await bench.start()
    for number in range(1, 5):
        await bench.put(number, b"acme/app#%d opened" % number + large)
    await bench.put(5, b"acme/app#5 opened")
    assert states(await bench.settled()) == [State.DONE] * 5
    assert sorted(map(len, bench.ran)) == [17, *[17 + len(large)] * 4]
    assert most == 1


async def test_a_large_body_that_is_damaged_makes_a_dead_letter(bench: Bench, opened: Opener) -> None:
    bench.policy = EAGER
    await bench.put(1, b"acme/app#1 opened" + b" " * (LARGE + 1))
    with closing(opened.look()) as connection:
        packed = zlib.compress(b"acme/app#1 opened" + b" " * (LARGE + 1))
        connection.execute("UPDATE bodies SET body = ? WHERE seq = 1", (packed[:-4] + b"\0\0\0\0",))
    bench.router = lambda *_: Work(key="acme/app#1")
    await bench.start()
    (job,) = await bench.settled()
    assert job.state is State.DEAD
    assert "damaged" in (job.reason or "")
    assert bench.ran == []


@pytest.mark.parametrize(
    "work",
    [
        Work(key="a", action="opened", repository=(7, "acme/\0app")),
        Work(key="a", action="opened", repository=(7, "acme/\ud800")),
        Work(key="a", action="opened", repository=(7, "acme/" + "a" * 1_000_000)),
        Work(key="a", action="\0\ud800" + "a" * 1_000_000),
    ],
    ids=["NUL in a name", "half a character", "a long name", "an action"],
)
async def test_a_route_that_no_database_can_hold_stops_nobody_else(bench: Bench, work: Work) -> None:
    bench.router = lambda event, body: work if body == b"odd" else by_body(event, body)
    await bench.start()
    await bench.put(1, b"odd")
    await bench.put(2, b"repo:1#1 opened")
    assert states(await bench.settled()) == [State.DONE, State.DONE]


async def test_what_failed_is_run_again_when_a_tool_says_so(bench: Bench, opened: Opener, store: AnyStore) -> None:
    async def behave(given: Delivery, lease: Lease) -> Outcome:
        if len(bench.ran) <= 2:
            raise KeyError("poison\0\ud800")
        return Done()

    bench.behaviour, bench.policy = behave, EAGER
    await bench.start()
    await bench.put(1, b"repo:1#1 opened")
    (job,) = await bench.settled()
    assert (job.state, job.attempts) == (State.DEAD, 2)
    assert job.reason == "failed 2 times: KeyError: 'poison\\x00\\ud800'"
    with closing(opened.look()) as connection:
        assert connection.retry(job.seq)
        assert not connection.retry(99)

    async def done() -> bool:
        return states(await store.recent(1)) == [State.DONE]

    await until(done)
    (again,) = await store.recent(1)
    assert (again.attempts, again.reason, len(bench.ran)) == (1, None, 3)
    await bench.worker.stop(within=1)
    assert await store.retry(job.seq)
    (waiting,) = await store.queued()
    assert (waiting.attempts, waiting.finished_at, waiting.key) == (0, None, "repo:1#1")
    assert not await store.retry(job.seq), "it waits"


async def test_a_delivery_that_never_had_a_partition_can_be_retried(bench: Bench, store: AnyStore) -> None:
    readable = False

    def router(event: str, body: bytes) -> Route:
        return by_body(event, body) if readable else Unreadable(reason="not JSON")

    bench.router = router
    await bench.start()
    await bench.put(1)
    assert states(await bench.settled()) == [State.DEAD]
    readable = True
    assert await store.retry(1)
    bench.worker.arrived((await store.queued())[0], None)
    (job,) = await bench.settled()
    assert (job.state, job.key, bench.ran) == (State.DONE, "acme/app#1", [b"acme/app#1 opened"])


async def test_what_waits_can_be_ended_by_hand(bench: Bench, store: AnyStore) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        begun.set()
        await go_on.wait()
        return Done()

    bench.behaviour = behave
    await bench.start()
    for number in range(1, 4):
        await bench.put(number)
    await begun.wait()
    assert not await store.settle(1, State.DEAD, "by hand", datetime.now(UTC)), "it runs"
    assert await store.settle(2, State.DEAD, "by hand", datetime.now(UTC))
    assert not await store.settle(2, State.DONE, None, datetime.now(UTC))
    go_on.set()
    jobs = await bench.settled()
    assert [(job.state, job.reason) for job in jobs] == [
        (State.DONE, None),
        (State.DEAD, "by hand"),
        (State.DONE, None),
    ]


async def test_cleaning_takes_what_is_old_and_finished(bench: Bench, store: AnyStore) -> None:
    async def behave(given: Delivery, lease: Lease) -> Outcome:
        if b"dead" in given.body:
            raise KeyError("poison")
        if b"later" in given.body:
            raise RetryLater(datetime.now(UTC) + timedelta(hours=1), "rate limit")
        return Ignored(reason="closed") if b"ignored" in given.body else Done()

    bench.behaviour, bench.policy = behave, Policy(tries=1)
    await bench.start()
    for number, kind in enumerate(("done", "ignored", "dead", "later"), 1):
        await bench.put(number, f"acme/app#{number} {kind}".encode())

    async def all_are_run() -> bool:
        return (await store.counts())[State.QUEUED] == 1 and len(bench.ran) == 4

    await until(all_are_run)
    now = datetime.now(UTC)
    assert await clean(store, Retention(), now + timedelta(days=6)) == 0
    assert await clean(store, Retention(), now + timedelta(days=8)) == 2
    assert states(await store.recent(9)) == [State.QUEUED, State.DEAD]
    assert await clean(store, Retention(), now + timedelta(days=31)) == 1
    assert states(await store.recent(9)) == [State.QUEUED]
    assert {state for state, count in (await store.counts()).items() if count} == {State.QUEUED}
    with pytest.raises(StoreUnavailable):
        await store.body(1)


@pytest.mark.parametrize(
    ("event", "action", "superseded"),
    [
        ("pull_request", "synchronize", True),
        ("ssot.tracker", "#7", True),
        ("pull_request", "opened", False),
        ("issue_comment", "created", False),
    ],
)
async def test_the_newest_of_a_kind_wins(
    bench: Bench, store: AnyStore, event: str, action: str, superseded: bool
) -> None:
    """What waits behind something else of its partition; the other kinds keep their place."""
    for number, kind in enumerate((action, action, "closed", action), 1):
        await bench.put(number, f"acme/app#1 {kind}".encode(), event if kind == action else "pull_request")
    await bench.start()
    jobs = await bench.settled()
    ended = State.SUPERSEDED if superseded else State.DONE
    assert states(jobs) == [ended, ended, State.DONE, State.DONE]
    assert [job.reason for job in jobs[:2]] == ([f"by delivery {delivery(4).id}"] * 2 if superseded else [None] * 2)
    assert len(bench.ran) == (2 if superseded else 4)
    assert [job.attempts for job in jobs] == ([0, 0, 1, 1] if superseded else [1] * 4)


async def test_a_task_that_is_not_due_supersedes_nothing(bench: Bench) -> None:
    """Else a stream of events would put it off for ever."""
    await bench.put(1, b"acme/app#1 #7", "ssot.tracker")
    later = datetime.now(UTC) + timedelta(hours=1)
    await bench.inbox.put(delivery(2, b"acme/app#1 #7", "ssot.tracker"), not_before=later)
    await bench.start()

    async def one_is_done() -> bool:
        return len(bench.ran) == 1 and not bench.worker.stats().running

    await until(one_is_done)
    assert states(await bench.store.recent(9)) == [State.QUEUED, State.DONE]


async def test_who_waits_for_another_try_holds_the_partition(bench: Bench) -> None:
    due = datetime.now(UTC) + timedelta(seconds=5)

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        if len(bench.ran) == 1:
            raise RetryLater(due, "rate limit")
        return Done()

    bench.behaviour = behave
    await bench.start()
    await bench.put(1, b"acme/app#1 first")

    async def it_waits() -> bool:
        waits = [job.next_at for job in await bench.store.queued() if job.next_at is not None]
        # By the database's clock on PostgreSQL, when the statement arrives there.
        return len(waits) == 1 and timedelta() <= waits[0] - due < timedelta(seconds=1)

    await until(it_waits)
    await bench.put(2, b"acme/app#1 second")
    await bench.put(3, b"acme/app#2 beside")
    assert states(await bench.settled()) == [State.DONE] * 3
    assert bench.ran == [b"acme/app#1 first", b"acme/app#2 beside", b"acme/app#1 first", b"acme/app#1 second"]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_each_partition_is_first_in_first_out_whatever_happens(bench: Bench, seed: int) -> None:
    """A random history: jobs that end, fail, wait or are dead, put one by one and many at once."""
    chance = random.Random(seed)  # noqa: S311  # to be repeatable
    running: set[str] = set()
    ended: dict[str, list[int]] = defaultdict(list)
    fate = {number: chance.choice(["done", "done", "fail once", "later", "poison"]) for number in range(60)}
    tried: dict[int, int] = defaultdict(int)

    async def behave(given: Delivery, lease: Lease) -> Outcome:
        key, number = (lease.job.key or ""), int(given.body.split()[1])
        assert key not in running
        running.add(key)
        await asyncio.sleep(chance.random() / 200)
        running.discard(key)
        tried[number] += 1
        match fate[number], tried[number]:
            case "poison", _:
                if tried[number] == EAGER.tries:
                    ended[key].append(number)
                raise KeyError("poison")
            case "fail once", 1:
                raise KeyError("once")
            case "later", 1:
                raise RetryLater(datetime.now(UTC) + timedelta(milliseconds=5), "rate limit")
        ended[key].append(number)
        return Done()

    bench.behaviour, bench.policy = behave, EAGER
    await bench.start()
    number = 0
    while number < 60:
        for _ in range(min(chance.randrange(1, 9), 60 - number)):
            await bench.put(number, f"acme/app#{chance.randrange(4)} {number}".encode())
            number += 1
        await asyncio.sleep(chance.random() / 50)
    jobs = await bench.settled(within=60)
    assert sum(job.state is State.DEAD for job in jobs) == sum(what == "poison" for what in fate.values())
    assert all(numbers == sorted(numbers) for numbers in ended.values())
    assert sum(map(len, ended.values())) == 60


async def test_without_the_database_a_task_that_is_due_makes_no_busy_loop(
    bench: Bench, opened: Opener, away: Away
) -> None:
    """It was 8,490 lines in 5 s."""
    await bench.start()
    await bench.inbox.put(delivery(1), not_before=datetime.now(UTC) + timedelta(seconds=1))
    with structlog.testing.capture_logs() as lines, away(opened.url):
        await asyncio.sleep(4)
        assert bench.ran == []
        assert 1 <= len(lines) <= 30
    assert states(await bench.settled(within=20)) == [State.DONE]
