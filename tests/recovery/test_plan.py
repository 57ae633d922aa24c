"""Which deliveries are asked for again, as laws and as tables."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.facts import HookDelivery
from bot.domain.references import DeliveryId
from bot.recovery.plan import REACH, TRIES, Asked, due, lost, settled_until, since

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EVENTS = frozenset({"pull_request", "push"})


def attempt(
    guid: str, minutes: float = 60, *, number: int = 1, status: int = 503, event: str = "push", redelivery: bool = False
) -> HookDelivery:
    """An entry of GitHub's log, ``minutes`` ago."""
    return HookDelivery(
        id=number,
        guid=DeliveryId(guid),
        delivered_at=NOW - timedelta(minutes=minutes),
        status="",
        status_code=status,
        event=event,
        action=None,
        redelivery=redelivery,
    )


def guids(found: tuple[HookDelivery, ...]) -> list[str]:
    return [each.guid for each in found]


@pytest.mark.parametrize(
    ("delivery", "stored", "expected"),
    [
        (attempt("a", status=503), False, True),
        (attempt("a", status=0), False, True),
        (attempt("a", status=401), False, True),
        (attempt("a", status=202), False, True),
        (attempt("a", status=503), True, False),
        (attempt("a", status=202), True, False),
        (attempt("a", status=503, event="star"), False, False),
        (attempt("a", status=202, event="ping"), False, False),
        (attempt("a", minutes=3 * 24 * 60 + 1), False, False),
        (attempt("a", minutes=3 * 24 * 60 - 1), False, True),
    ],
    ids=[
        "refused", "no answer", "wrong secret", "acknowledged, then lost with the database", "refused, yet stored",
        "arrived", "nothing handles it", "ping", "too old", "almost too old",
    ],
)  # fmt: skip
def test_what_counts_is_whether_the_inbox_has_it(delivery: HookDelivery, stored: bool, expected: bool) -> None:
    have = {delivery.guid} if stored else set()
    assert guids(lost([delivery], stored=have, events=EVENTS, now=NOW)) == (["a"] if expected else [])


ATTEMPTS = st.lists(
    st.builds(
        attempt,
        st.sampled_from("abcdefgh"),
        st.integers(1, 5_000),
        number=st.integers(1, 10**6),
        status=st.sampled_from([0, 202, 401, 503]),
    ),
    max_size=30,
)


@given(ATTEMPTS, st.randoms(use_true_random=False), st.sets(st.sampled_from("abcdefgh")))
def test_case_31_neither_order_nor_repetition_of_the_log_matters(
    attempts: list[HookDelivery], chance: object, stored: set[str]
) -> None:
    """Pages out of order and twice: each GUID once, the oldest first, and always the same ones."""
    have = {DeliveryId(guid) for guid in stored}
    found = lost(attempts, stored=have, events=EVENTS, now=NOW)
    again = [*attempts, *attempts]
    chance.shuffle(again)  # type: ignore[attr-defined]  # a random.Random that Hypothesis can replay
    shuffled = lost(again, stored=have, events=EVENTS, now=NOW)
    assert set(guids(shuffled)) == set(guids(found))
    assert len(set(guids(found))) == len(found)
    assert [each.delivered_at for each in found] == sorted(each.delivered_at for each in found)
    assert not set(guids(found)) & stored


def asked(times: int, minutes: float) -> dict[DeliveryId, Asked]:
    return {DeliveryId("a"): Asked(times=times, at=NOW - timedelta(minutes=minutes))}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({}, True),
        (asked(1, 0), False),
        (asked(1, 9.9), False),
        (asked(1, 10), True),
        (asked(2, 19), False),
        (asked(2, 20), True),
        (asked(4, 79), False),
        (asked(4, 80), True),
        (asked(TRIES, 10_000), False),
    ],
    ids=[
        "never",
        "just now",
        "before 10 min",
        "after 10",
        "before 20",
        "after 20",
        "before 80",
        "after 80",
        "given up",
    ],
)
def test_each_is_asked_for_once_and_again_only_after_its_time(record: dict[DeliveryId, Asked], expected: bool) -> None:
    assert guids(due([attempt("a")], record, NOW)) == (["a"] if expected else [])


def test_the_log_is_read_back_to_the_oldest_that_is_still_hoped_for() -> None:
    open_ones = [attempt("a", minutes=600), attempt("b", minutes=90)]
    assert settled_until(open_ones, {}, NOW) == NOW - timedelta(minutes=600)
    assert settled_until(open_ones, asked(1, 5), NOW) == NOW - timedelta(minutes=600)
    assert settled_until(open_ones, asked(TRIES, 5), NOW) == NOW - timedelta(minutes=90)
    assert settled_until([], {}, NOW) == NOW


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, NOW - REACH),
        (NOW - timedelta(minutes=15), NOW - timedelta(minutes=45)),
        (NOW - timedelta(days=30), NOW - REACH),
    ],
)
def test_how_far_back_the_log_is_read(last: datetime | None, expected: datetime) -> None:
    assert since(last, NOW) == expected
