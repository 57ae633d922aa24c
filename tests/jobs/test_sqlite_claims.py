"""How SQLite's queue claims: the first of each partition, in order, and never two at once."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.jobs import SqliteStore, State, StoreCorrupt, StoreUnavailable, Work
from bot.jobs.store import Claim
from tests.jobs.conftest import delivery

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(sqlite_store: SqliteStore) -> SqliteStore:
    return sqlite_store


async def take(store: SqliteStore, now: datetime | None = None) -> list[Claim]:
    """All that may begin now."""
    return list((await store.claim(100, now or datetime.now(UTC))).claims)


async def put(store: SqliteStore, number: int, key: str = "k", action: str = "", event: str = "pull_request") -> int:
    """A delivery in its partition."""
    seq = (await store.put(delivery(number, event=event), NOW)).seq
    await store.route(seq, Work(key=key, action=action))
    return seq


async def test_an_attempt_counts_unless_it_was_postponed(store: SqliteStore) -> None:
    await put(store, 1)
    (first,) = await take(store)
    assert await take(store) == []
    assert await store.requeue(first, None, "failed", counts=True)
    (second,) = await take(store)
    assert await store.requeue(second, None, "later", counts=False)
    (third,) = await take(store)
    assert await store.finish(third, State.DONE, None, NOW)
    assert not await store.finish(third, State.DEAD, None, NOW)
    assert not await store.requeue(third, None, "late", counts=True)
    assert (first.attempts, second.attempts, third.attempts) == (1, 2, 2)


async def test_without_a_lane_nothing_is_claimed(store: SqliteStore) -> None:
    await store.put(delivery(1), NOW)
    assert await take(store) == []
    assert [job.id for job in await store.unrouted()] == [delivery(1).id]


async def test_what_came_after_a_delivery_without_a_lane_waits_for_it(store: SqliteStore) -> None:
    """It may be of the same partition."""
    before = await put(store, 1)
    first = (await store.put(delivery(2), NOW)).seq
    behind = await put(store, 3, "other")
    claimed = await store.claim(9, NOW)
    assert ([claim.job.seq for claim in claimed.claims], claimed.unrouted) == ([before], first)
    await store.route(first, Work(key="other"))
    assert [claim.job.seq for claim in await take(store)] == [first]
    assert [job.seq for job in await store.queued()] == [behind]


async def test_each_lane_is_first_in_first_out_and_never_two_at_once(store: SqliteStore) -> None:
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
                assert await store.finish(claim, State.DONE, None, NOW)
            case "later" if running:
                key, claim = running.popitem()
                assert await store.requeue(claim, None, "again", counts=False)
                waiting[key].insert(0, claim.job.seq)


async def test_who_waits_for_another_try_holds_the_lane_and_a_task_before_its_time_does_not(store: SqliteStore) -> None:
    first = await put(store, 1)
    await put(store, 2)
    (claim,) = await take(store, NOW)
    await store.requeue(claim, NOW + timedelta(seconds=5), "rate limit", counts=False)
    claimed = await store.claim(9, NOW)
    assert (list(claimed.claims), claimed.due) == ([], NOW + timedelta(seconds=5))
    (again,) = await take(store, NOW + timedelta(seconds=5))
    assert again.job.seq == first
    await store.finish(again, State.DONE, None, NOW)

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
async def test_the_newest_of_a_kind_wins(store: SqliteStore, event: str, action: str, superseded: bool) -> None:
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
    await store.finish(claimed.claims[0], State.DONE, None, NOW)
    assert [claim.job.seq for claim in await take(store)] == [newest]


async def test_a_task_that_is_not_due_supersedes_nothing(store: SqliteStore) -> None:
    """Else a stream of events would put it off for ever."""
    old = await put(store, 1, "k", "#7", "ssot.tracker")
    later = await store.put(delivery(2, event="ssot.tracker"), NOW, NOW + timedelta(seconds=9))
    await store.route(later.seq, Work(key="k", action="#7"))
    assert [claim.job.seq for claim in await take(store, NOW)] == [old]


async def test_a_crash_leaves_the_job_queued_and_the_attempt_counted(path: Path) -> None:
    first = SqliteStore(path)
    await first.open()
    await put(first, 1, action="opened")
    await take(first)
    await first.close()
    second = SqliteStore(path)
    await second.open()
    (job,) = await second.queued()
    await second.close()
    assert (job.state, job.attempts, job.key, job.action) == (State.QUEUED, 1, "k", "opened")


async def test_what_this_process_does_not_run_is_queued_again(store: SqliteStore) -> None:
    """A claim whose commit was lost on the way back to us."""
    kept, lost = await put(store, 1, "a"), await put(store, 2, "b")
    await take(store)
    assert await store.release([kept]) == 1
    assert [job.seq for job in await store.queued()] == [lost]
    assert await store.unfinished([kept, lost, 99]) == {kept, lost}


async def test_a_damaged_body_makes_a_dead_letter(store: SqliteStore) -> None:
    seq = await put(store, 1)
    await store._writer.submit(lambda c: c.execute("UPDATE bodies SET body = ?", (b"\0",)).rowcount)
    with pytest.raises(StoreCorrupt):
        await store.body(seq)
    claimed = await store.claim(9, NOW)
    assert ([job.state for job in claimed.ended], list(claimed.claims)) == ([State.DEAD], [])
    (job,) = await store.recent(1)
    assert job.state is State.DEAD
    assert "damaged" in (job.reason or "")


async def test_retry_takes_finished_jobs_only(store: SqliteStore) -> None:
    seq = await put(store, 1)
    assert not await store.retry(seq)
    await store.settle(seq, State.DEAD, "poison\0\ud800", NOW)
    assert not await store.settle(seq, State.DONE, None, NOW)
    assert [job.reason for job in await store.recent(1)] == ["poison\N{REPLACEMENT CHARACTER}?"]
    assert await store.retry(seq)
    (job,) = await store.queued()
    assert (job.attempts, job.reason, job.finished_at) == (0, None, None)


async def test_cleaning_takes_what_is_old_and_finished(store: SqliteStore) -> None:
    seqs = [(await store.put(delivery(number), NOW)).seq for number in range(5)]
    for seq, state in zip(seqs, [State.DONE, State.IGNORED, State.DEAD], strict=False):
        await store.settle(seq, state, None, NOW)
    await store.settle(seqs[3], State.DONE, None, NOW + timedelta(days=9))
    assert await store.clean([State.DONE, State.IGNORED], NOW + timedelta(days=8), 100) == 2
    assert [job.seq for job in await store.recent(9)] == seqs[:1:-1]
    assert (await store.counts())[State.DEAD] == 1
    with pytest.raises(StoreUnavailable):
        await store.body(seqs[0])
