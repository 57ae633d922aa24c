"""The order of waiting jobs: examples, and the law for any sequence of events."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.jobs import Job
from bot.jobs.lanes import Lanes
from bot.model import DeliveryId

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def job(seq: int, key: str | None = "a", next_at: datetime | None = None) -> Job:
    return Job(seq=seq, id=DeliveryId(str(seq)), event="push", received_at=NOW, key=key, next_at=next_at)


def drain(lanes: Lanes, now: datetime) -> list[int]:
    """Take and free until nothing is due."""
    order = []
    while taken := lanes.take(now):
        order.append(taken.seq)
        lanes.free(taken.key or "")
    return order


@pytest.mark.parametrize(
    ("jobs", "order"),
    [
        ([], []),
        ([job(1), job(2)], [1, 2]),
        ([job(2), job(1)], [1, 2]),
        ([job(1), job(2, "b"), job(3)], [1, 2, 3]),
        ([job(1, next_at=LATER), job(2), job(3, "b")], [3]),
        ([job(1, next_at=NOW), job(2)], [1, 2]),
    ],
    ids=["none", "in order", "out of order", "two keys", "a waiting head blocks its lane", "due just now"],
)
def test_the_order(jobs: list[Job], order: list[int]) -> None:
    lanes = Lanes()
    for each in jobs:
        lanes.add(each)
    assert drain(lanes, NOW) == order
    assert drain(lanes, LATER) == [each.seq for each in jobs if each.seq not in order]
    assert len(lanes) == 0


def test_a_busy_key_gives_nothing_until_it_is_free() -> None:
    lanes = Lanes()
    lanes.add(job(1))
    lanes.add(job(2))
    assert lanes.take(NOW) == job(1)
    assert lanes.take(NOW) is None
    lanes.free("a")
    assert lanes.take(NOW) == job(2)


def test_a_job_that_waits_again_keeps_its_place_and_its_time() -> None:
    lanes = Lanes()
    lanes.add(job(1, next_at=NOW))
    lanes.add(job(2))
    assert lanes.take(NOW) == job(1, next_at=NOW)
    lanes.add(job(1, next_at=LATER))
    lanes.free("a")
    assert lanes.wake_at() == LATER
    assert lanes.take(NOW) is None
    assert drain(lanes, LATER) == [1, 2]
    assert lanes.wake_at() is None


def test_a_dropped_head_makes_way() -> None:
    lanes = Lanes()
    lanes.add(job(1, next_at=LATER))
    lanes.add(job(2))
    lanes.drop(job(1, next_at=LATER))
    assert (1 in lanes, 2 in lanes) == (False, True)
    assert drain(lanes, NOW) == [2]


def test_a_job_without_a_key_is_a_defect() -> None:
    with pytest.raises(ValueError, match="not routed"):
        Lanes().add(job(1, None))


@settings(derandomize=True, max_examples=200)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.booleans()), max_size=30))
def test_every_job_runs_once_and_each_key_in_order(events: list[tuple[str, int, bool]]) -> None:
    """Whatever arrives, waits and runs in between: none is lost, none overtakes within its key, none is early."""
    lanes, ran, held = Lanes(), list[Job](), list[Job]()
    for seq, (key, minutes, take) in enumerate(events):
        lanes.add(job(seq, key, NOW + timedelta(minutes=minutes) if minutes else None))
        if take and (taken := lanes.take(NOW)):
            assert taken.next_at is None
            assert taken.key not in {each.key for each in held}
            held.append(taken)
        elif held:
            ended = held.pop()
            ran.append(ended)
            lanes.free(ended.key or "")
    for ended in held:
        ran.append(ended)
        lanes.free(ended.key or "")
    while taken := lanes.take(NOW + timedelta(hours=1)):
        ran.append(taken)
        lanes.free(taken.key or "")
    assert sorted(each.seq for each in ran) == list(range(len(events)))
    for key in "abc":
        seqs = [each.seq for each in ran if each.key == key]
        assert seqs == sorted(seqs)
