"""When GitHub may be asked again, and how fast it may be written to."""

import itertools
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bot.domain.errors import RetryLater
from bot.github.clock import ServerClock, http_date
from bot.github.limits import Pace, Pacer, RateLimit, Throttle, throttle
from tests.github.clock import ManualClock

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
IN_90 = format_datetime(NOW + timedelta(seconds=90), usegmt=True)
SECONDARY = "You have exceeded a secondary rate limit."


@pytest.mark.parametrize(
    ("status", "headers", "message", "expected"),
    [
        (403, {"retry-after": "17"}, "", 17),
        (429, {"retry-after": "17"}, "", 17),
        (403, {"retry-after": IN_90}, "", 91),
        (429, {"retry-after": "0"}, "", 1),
        (429, {"retry-after": "-5"}, "", None),
        (429, {"retry-after": "soon"}, "", None),
        (429, {"retry-after": "9" * 400}, "", 86_400),
        (429, {"retry-after": "٣"}, "", None),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW.timestamp() + 60)}, "", 61),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW.timestamp() - 60)}, "", 1),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW.timestamp() + 60)}, "", 61),
        (403, {"x-ratelimit-remaining": "0"}, "API rate limit exceeded", None),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "nan"}, "API rate limit exceeded", None),
        (403, {"retry-after": "5", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, "", 5),
        (403, {}, SECONDARY, None),
        (429, {}, "", None),
    ],
)
def test_a_limit_is_recognised(status: int, headers: dict[str, str], message: str, expected: float | None) -> None:
    found = throttle(status, headers, message, NOW)
    assert found is not None
    assert found.seconds == expected


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (200, {}, ""),
        (200, {"x-ratelimit-remaining": "1", "x-ratelimit-reset": "1"}, ""),
        (200, {"x-ratelimit-remaining": "0"}, ""),
        (403, {}, "Resource not accessible by integration"),
        (403, {"x-ratelimit-remaining": "4999", "x-ratelimit-reset": "1"}, "Must have admin rights"),
        (404, {}, SECONDARY),
        (503, {"retry-after": "5"}, ""),
        (422, {"retry-after": "5"}, ""),
    ],
)
def test_what_is_no_limit_is_none(status: int, headers: dict[str, str], message: str) -> None:
    assert throttle(status, headers, message, NOW) is None


async def remaining(rate_limit: RateLimit, clock: ManualClock) -> float:
    try:
        await rate_limit.check()
    except RetryLater as error:
        return (error.at - clock.now()).total_seconds()
    return 0


async def test_a_gate_never_opens_early_because_of_another_limit() -> None:
    clock = ManualClock()
    rate_limit = RateLimit(clock)
    await rate_limit.close(Throttle(seconds=100, reason="a"))
    await rate_limit.close(Throttle(seconds=5, reason="b"))
    assert await remaining(rate_limit, clock) == 100


async def test_a_late_answer_does_not_open_a_closed_gate() -> None:
    clock = ManualClock()
    rate_limit = RateLimit(clock)
    await rate_limit.close(Throttle(seconds=None, reason="a"))
    await rate_limit.answered()
    assert await remaining(rate_limit, clock) == 60
    clock.advance(60)
    await rate_limit.close(Throttle(seconds=None, reason="a"))
    assert await remaining(rate_limit, clock) == 120, "the answer belonged to the time before"


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)], ids=["forward", "back"])
async def test_a_jump_of_the_wall_clock_changes_nothing(jump: timedelta) -> None:
    clock = ManualClock()
    rate_limit = RateLimit(clock)
    await rate_limit.close(Throttle(seconds=100, reason="a"))
    clock.wall_jump = jump
    assert await remaining(rate_limit, clock) == 100


async def test_the_pause_grows_to_an_hour_at_most() -> None:
    clock = ManualClock()
    rate_limit = RateLimit(clock)
    pauses = []
    for _ in range(8):
        await rate_limit.close(Throttle(seconds=None, reason="a"))
        pauses.append(await remaining(rate_limit, clock))
        clock.advance(pauses[-1])
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600]


async def test_answers_to_requests_that_were_under_way_are_one_offence() -> None:
    clock = ManualClock()
    rate_limit = RateLimit(clock)
    for _ in range(10):
        await rate_limit.close(Throttle(seconds=None, reason="a"))
        clock.advance(1)
    assert await remaining(rate_limit, clock) == 59
    clock.advance(59)
    await rate_limit.close(Throttle(seconds=None, reason="a"))
    assert await remaining(rate_limit, clock) == 120


async def test_writes_are_a_second_apart() -> None:
    clock = ManualClock()
    pacer = Pacer(clock)
    starts = []
    for _ in range(4):
        await pacer.turn(content=False)
        starts.append(clock.monotonic())
    assert [b - a for a, b in itertools.pairwise(starts)] == [1, 1, 1]


async def test_a_write_after_a_pause_does_not_wait() -> None:
    clock = ManualClock()
    pacer = Pacer(clock)
    await pacer.turn(content=True)
    clock.advance(5)
    await pacer.turn(content=True)
    assert clock.slept == []


async def test_content_stays_within_its_minute_and_hour() -> None:
    """At most so many in *any* window, whatever the pauses between."""
    clock = ManualClock()
    pacer = Pacer(clock, Pace(gap=0.1, per_minute=10, per_hour=40))
    starts: list[float] = []
    for _ in range(100):
        try:
            await pacer.turn(content=True)
        except RetryLater as later:
            clock.advance((later.at - clock.now()).total_seconds())
            await pacer.turn(content=True)
        starts.append(clock.monotonic())
    for window, most in ((60, 10), (3_600, 40)):
        assert all(sum(start <= other < start + window for other in starts) <= most for start in starts)


async def test_a_long_wait_goes_back_to_the_queue_and_takes_no_turn() -> None:
    clock = ManualClock()
    pacer = Pacer(clock, Pace(per_minute=1_000, per_hour=2))
    await pacer.turn(content=True)
    await pacer.turn(content=True)
    for _ in range(2):
        with pytest.raises(RetryLater) as caught:
            await pacer.turn(content=True)
        assert (caught.value.at - clock.now()).total_seconds() == 3_599
    await pacer.turn(content=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 23 Nov 2026 12:00:00 GMT", NOW),
        ("Mon, 23 Nov 2026 14:00:00 +0200", NOW),
        ("Mon, 23 Nov 2026 12:00:00", NOW),
        ("yesterday", None),
        ("", None),
        (None, None),
        ("Mon, 99 Nov 2026 12:00:00 GMT", None),
    ],
)
def test_http_dates(text: str | None, expected: datetime | None) -> None:
    assert http_date(text) == expected


def test_the_servers_time_is_its_own_unless_it_is_absurd() -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    near, far = clock.now() + timedelta(minutes=5), clock.now() + timedelta(days=3)
    assert server.at_answer(format_datetime(near, usegmt=True)) == near
    assert server.at_answer(format_datetime(far, usegmt=True)) == clock.now()
    assert server.at_answer(None) == clock.now()
