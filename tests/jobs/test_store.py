"""What a store promises, on both databases: durable, ordered, fenced, and plain about its faults."""

import asyncio
import random
import threading
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import SettingsError
from bot.jobs import Accepted, Duplicate, State, StoreCorrupt, StoreUnavailable, Work
from bot.jobs.database import Connection
from bot.jobs.opening import existing, store_of
from bot.jobs.sqlstore import SqlStore
from bot.jobs.store import Claim
from tests.jobs.conftest import Opener, delivery, take

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def put(store: SqlStore, number: int, key: str = "k", action: str = "", event: str = "pull_request") -> int:
    """A delivery in its partition."""
    seq = (await store.put(delivery(number, event=event), NOW)).seq
    await store.route(seq, Work(key=key, action=action))
    return seq


async def test_what_was_put_is_there_after_a_restart(opened: Opener) -> None:
    first = await opened()
    assert isinstance(await first.put(delivery(1, b"\x00\xff body"), NOW), Accepted)
    await first.close()
    second = await opened()
    assert isinstance(await second.put(delivery(1), NOW), Duplicate)
    assert isinstance(await second.put(delivery(2), NOW, NOW + timedelta(seconds=9)), Accepted)
    jobs = await second.queued()
    assert [(job.received_at, job.not_before) for job in jobs] == [(NOW, None), (NOW, NOW + timedelta(seconds=9))]
    assert await second.body(jobs[0].seq) == b"\x00\xff body"
    assert await second.known([delivery(n).id for n in range(1000)]) == {delivery(1).id, delivery(2).id}


async def test_waiting_writes_share_a_commit(store: SqlStore) -> None:
    entered, go_on, commits = threading.Event(), threading.Event(), 0

    def block(_: Connection) -> None:
        entered.set()
        go_on.wait(5)

    def committed() -> None:
        nonlocal commits
        commits += 1

    store._writer._committed = committed
    blocked = store._writer.submit(block)
    await asyncio.to_thread(entered.wait, 5)
    writes = [store.put(delivery(n), NOW) for n in range(100)]
    go_on.set()
    await blocked
    assert len({(await write).seq for write in writes}) == 100
    assert commits <= 5  # one by one it would be a hundred; how the rest falls into groups is a matter of timing


async def test_a_faulty_write_fails_alone(store: SqlStore) -> None:
    def fault(_: Connection) -> None:
        raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    good, bad, also = store.put(delivery(1), NOW), store._writer.submit(fault), store.put(delivery(2), NOW)
    with pytest.raises(UnicodeEncodeError):
        await bad
    assert isinstance(await good, Accepted)
    assert isinstance(await also, Accepted)


async def test_a_claim_is_fenced_by_the_next_one(store: SqlStore) -> None:
    seq = await put(store, 1)
    (first,) = await take(store)
    assert await take(store) == []
    assert await store.requeue(seq, first.token, None, "late", counts=True)
    (second,) = await take(store)
    assert not await store.finish(seq, first.token, State.DONE, None, NOW)
    assert not await store.requeue(seq, first.token, None, "late", counts=True)
    assert await store.finish(seq, second.token, State.DONE, None, NOW)
    assert (first.attempts, second.attempts) == (1, 2)


async def test_without_a_lane_nothing_is_claimed(store: SqlStore) -> None:
    await store.put(delivery(1), NOW)
    assert await take(store) == []
    assert [job.id for job in await store.unrouted()] == [delivery(1).id]


async def test_what_came_after_a_delivery_without_a_lane_waits_for_it(store: SqlStore) -> None:
    """It may be of the same partition."""
    before = await put(store, 1)
    first = (await store.put(delivery(2), NOW)).seq
    behind = await put(store, 3, "other")
    claimed = await store.claim(9, NOW)
    assert ([claim.job.seq for claim in claimed.claims], claimed.unrouted) == ([before], first)
    await store.route(first, Work(key="other"))
    assert [claim.job.seq for claim in await take(store)] == [first]
    assert [job.seq for job in await store.queued()] == [behind]


async def test_each_lane_is_first_in_first_out_and_never_two_at_once(store: SqlStore) -> None:
    """A random history: whatever is put, claimed, finished or asked to wait, in whatever order."""
    chance = random.Random(20261124)  # noqa: S311  # to be repeatable
    waiting: dict[str, list[int]] = defaultdict(list)
    running: dict[str, Claim] = {}
    for number in range(300):
        match chance.choice(["put", "put", "claim", "finish", "later"]):
            case "put":
                key = f"partition {chance.randrange(4)}"
                waiting[key].append(await put(store, number, key))
            case "claim":
                heads = {key: partition[0] for key, partition in waiting.items() if partition and key not in running}
                limit = chance.randrange(1, 5)
                claimed = (await store.claim(limit, NOW)).claims
                assert [claim.job.seq for claim in claimed] == sorted(heads.values())[:limit]
                for claim in claimed:
                    key = claim.job.key or ""
                    running[key] = claim
                    waiting[key].pop(0)
            case "finish" if running:
                _, claim = running.popitem()
                assert await store.finish(claim.job.seq, claim.token, State.DONE, None, NOW)
            case "later" if running:
                key, claim = running.popitem()
                assert await store.requeue(claim.job.seq, claim.token, None, "again", counts=False)
                waiting[key].insert(0, claim.job.seq)


async def test_who_waits_for_another_try_holds_the_lane_and_a_task_before_its_time_does_not(store: SqlStore) -> None:
    first = await put(store, 1)
    await put(store, 2)
    (claim,) = await take(store, NOW)
    await store.requeue(first, claim.token, NOW + timedelta(seconds=5), "rate limit", counts=False)
    claimed = await store.claim(9, NOW)
    assert (list(claimed.claims), claimed.due) == ([], NOW + timedelta(seconds=5))
    (again,) = await take(store, NOW + timedelta(seconds=5))
    assert again.job.seq == first
    await store.finish(first, again.token, State.DONE, None, NOW)

    early = await store.put(delivery(3, event="ssot.x"), NOW, NOW + timedelta(minutes=1))
    await store.route(early.seq, Work(key="other"))
    behind = await put(store, 4, "other")
    assert [claim.job.seq for claim in await take(store, NOW)] == [2, behind]
    assert (await store.claim(9, NOW)).due == NOW + timedelta(minutes=1)
    await store.run_now()
    assert await take(store, NOW) == []  # its partition is busy


@pytest.mark.parametrize(
    ("event", "action", "superseded"),
    [
        ("pull_request", "synchronize", True),
        ("ssot.tracker", "#7", True),
        ("pull_request", "opened", False),
        ("issue_comment", "created", False),
    ],
)
async def test_the_newest_of_a_kind_wins(store: SqlStore, event: str, action: str, superseded: bool) -> None:
    old = [await put(store, n, "k", action, event) for n in (1, 2)]
    other = await put(store, 3, "k", "closed")
    newest = await put(store, 4, "k", action, event)
    claimed = await store.claim(9, NOW)
    if not superseded:
        assert [claim.job.seq for claim in claimed.claims] == old[:1]
        return
    assert [claim.job.seq for claim in claimed.claims] == [other]
    assert [(job.seq, job.state, job.reason) for job in claimed.ended] == [
        (seq, State.SUPERSEDED, f"by delivery {delivery(4).id}") for seq in old
    ]
    await store.finish(other, claimed.claims[0].token, State.DONE, None, NOW)
    assert [claim.job.seq for claim in await take(store)] == [newest]


async def test_a_task_that_is_not_due_supersedes_nothing(store: SqlStore) -> None:
    """Else a stream of events would put it off for ever."""
    old = await put(store, 1, "k", "#7", "ssot.tracker")
    later = await store.put(delivery(2, event="ssot.tracker"), NOW, NOW + timedelta(seconds=9))
    await store.route(later.seq, Work(key="k", action="#7"))
    assert [claim.job.seq for claim in await take(store, NOW)] == [old]


async def test_a_crash_leaves_the_job_queued_and_the_attempt_counted(opened: Opener) -> None:
    first = await opened(ttl=0.0)
    await put(first, 1, action="opened")
    await take(first)
    await first.close()
    second = await opened(ttl=0.0)
    (job,) = await second.queued()
    assert (job.state, job.attempts, job.key, job.action) == (State.QUEUED, 1, "k", "opened")


async def test_what_this_process_does_not_run_is_queued_again(store: SqlStore) -> None:
    """A claim whose commit was lost on the way back to us."""
    kept, lost = await put(store, 1, "a"), await put(store, 2, "b")
    await take(store)
    assert await store.heartbeat([kept]) == 1
    assert [job.seq for job in await store.queued()] == [lost]
    assert await store.unfinished() == {kept, lost}


async def test_a_damaged_body_makes_a_dead_letter(store: SqlStore) -> None:
    seq = await put(store, 1)
    await store._writer.submit(lambda c: c.execute("UPDATE bodies SET body = ?", (b"\0",)).rowcount)
    with pytest.raises(StoreCorrupt):
        await store.body(seq)
    claimed = await store.claim(9, NOW)
    assert ([job.state for job in claimed.ended], list(claimed.claims)) == ([State.DEAD], [])
    (job,) = await store.recent(1)
    assert job.state is State.DEAD
    assert "damaged" in (job.reason or "")


async def test_retry_takes_finished_jobs_only(store: SqlStore) -> None:
    seq = await put(store, 1)
    assert not await store.retry(seq)
    await store.settle(seq, State.DEAD, "poison\0\ud800", NOW)
    assert not await store.settle(seq, State.DONE, None, NOW)
    assert [job.reason for job in await store.recent(1)] == ["poison\N{REPLACEMENT CHARACTER}?"]
    assert await store.retry(seq)
    (job,) = await store.queued()
    assert (job.attempts, job.reason, job.finished_at) == (0, None, None)


async def test_cleaning_takes_what_is_old_and_finished(store: SqlStore) -> None:
    seqs = [(await store.put(delivery(number), NOW)).seq for number in range(5)]
    for seq, state in zip(seqs, [State.DONE, State.IGNORED, State.DEAD], strict=False):
        await store.settle(seq, state, None, NOW)
    await store.settle(seqs[3], State.DONE, None, NOW + timedelta(days=9))
    assert await store.clean([State.DONE, State.IGNORED], NOW + timedelta(days=8), 100) == 2
    assert [job.seq for job in await store.recent(9)] == seqs[:1:-1]
    assert (await store.counts())[State.DEAD] == 1
    with pytest.raises(StoreUnavailable):
        await store.body(seqs[0])


async def test_a_closed_store_takes_nothing(opened: Opener) -> None:
    store = await opened()
    await store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.put(delivery(1), NOW)


def test_looking_creates_nothing(database: str) -> None:
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=r"cannot be opened|does not exist"):
            existing(database)


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite:///", "sqlite:/x", ""])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        store_of(url)
