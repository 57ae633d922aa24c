"""When GitHub may be asked again, and how fast it may be written to."""

import itertools
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bot.domain.errors import RetryLater
from bot.github.clock import ServerClock, http_date
from bot.github.limits import MemoryLimitStore, Pace, Pacer, RateLimit
from bot.github.throttle import APP, CORE, GRAPHQL, SEARCH, Complaint, Throttle, complaint, resource_of, throttle
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
    found = throttle(status, headers, Complaint(messages=(message.lower(),)), NOW, CORE)
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
    assert throttle(status, headers, Complaint(messages=(message.lower(),)), NOW, CORE) is None


TOO_QUICKLY = {"resource": "Issue", "field": "base", "code": "custom", "message": "was submitted too quickly"}
LIMITED = {"type": "RATE_LIMITED", "message": "API rate limit exceeded for installation"}
RESET_60 = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW.timestamp() + 60)}


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (200, {}, {"data": None, "errors": [LIMITED]}, (None, GRAPHQL)),
        (200, {}, {"errors": [LIMITED | {"type": "RATE_LIMIT"}]}, (None, GRAPHQL)),
        (403, {}, {"errors": [LIMITED]}, (None, GRAPHQL)),
        (200, RESET_60, {"errors": [LIMITED]}, (61, GRAPHQL)),
        (200, {"retry-after": "30"}, {"errors": [{"message": SECONDARY}]}, (30, None)),
        (403, {"retry-after": "30"}, {"errors": [{"message": SECONDARY}]}, (30, None)),
        (200, {}, {"errors": [{"message": SECONDARY}]}, (None, None)),
        (200, {}, {"errors": [{"type": "UNPROCESSABLE", "message": "was submitted too quickly"}]}, (None, None)),
        (422, {}, {"message": "Validation Failed", "errors": [TOO_QUICKLY]}, (None, None)),
        (422, {"retry-after": "30"}, {"message": "Validation Failed", "errors": [TOO_QUICKLY]}, (30, None)),
        (403, RESET_60 | {"retry-after": "5"}, {"message": "API rate limit exceeded"}, (5, GRAPHQL)),
        (403, RESET_60, {"message": SECONDARY}, (None, None)),
    ],
)
def test_a_limit_in_the_body_is_recognised(
    status: int, headers: dict[str, str], body: dict[str, object], expected: tuple[float | None, str | None]
) -> None:
    found = throttle(status, headers, complaint(body), NOW, GRAPHQL)
    assert found is not None
    assert (found.seconds, found.resource) == expected
    assert found.refused


@pytest.mark.parametrize(
    "message",
    [
        f"A path was requested for deletion which does not exist: {SECONDARY}",
        "A path was requested for addition which is invalid: was submitted too quickly",
        f"No such branch: {SECONDARY}",
        "Resource limits for this query exceeded.",
    ],
)
@pytest.mark.parametrize("status", [200, 422])
def test_words_that_github_quotes_are_no_limit(status: int, message: str) -> None:
    """A stranger's path must not stop an installation."""
    said = complaint({"message": "Validation Failed", "errors": [{"type": "UNPROCESSABLE", "message": message}]})
    assert throttle(status, {}, said, NOW, GRAPHQL) is None


@pytest.mark.parametrize(
    ("url", "jwt", "expected"),
    [
        ("https://api.github.com/graphql", False, GRAPHQL),
        ("https://ghes.example/api/graphql", False, GRAPHQL),
        ("https://api.github.com/repos/a/graphql/pulls", False, CORE),
        ("https://api.github.com/search/issues?q=x", False, SEARCH),
        ("https://api.github.com/repos/a/b/contents/c?ref=/graphql", False, CORE),
        ("https://api.github.com/app/installations/1/access_tokens", True, APP),
    ],
)
def test_what_a_request_counts_against(url: str, jwt: bool, expected: str) -> None:
    assert resource_of(url, jwt=jwt) == expected


async def test_a_primary_limit_stops_its_own_resource() -> None:
    clock = ManualClock()
    rate_limit = RateLimit(clock)
    await rate_limit.close(Throttle(seconds=100, reason="a", resource=CORE))
    assert [await remaining(rate_limit, clock, each) for each in (CORE, GRAPHQL, SEARCH)] == [100, 0, 0]
    await rate_limit.close(Throttle(seconds=40, reason="b", resource=GRAPHQL))
    assert [await remaining(rate_limit, clock, each) for each in (CORE, GRAPHQL, SEARCH)] == [100, 40, 0]


async def test_a_secondary_limit_stops_everything() -> None:
    clock = ManualClock()
    rate_limit = RateLimit(clock)
    await rate_limit.close(Throttle(seconds=100, reason="a", resource=CORE))
    await rate_limit.close(Throttle(seconds=30, reason="b"))
    assert [await remaining(rate_limit, clock, each) for each in (CORE, GRAPHQL, APP)] == [100, 30, 30]


async def test_a_secondary_limit_that_is_met_again_in_its_time_grows() -> None:
    """GitHub named a time, and it was not enough."""
    clock = ManualClock()
    rate_limit = RateLimit(clock)
    pauses = []
    for _ in range(4):
        await rate_limit.close(Throttle(seconds=5, reason="a"))
        pauses.append(await remaining(rate_limit, clock))
        clock.advance(pauses[-1])
    assert pauses == [5, 60, 120, 240]
    await rate_limit.answered()
    await rate_limit.close(Throttle(seconds=5, reason="a"))
    assert await remaining(rate_limit, clock) == 5


async def test_what_an_older_version_recorded_stops_everything() -> None:
    clock = ManualClock()
    store = MemoryLimitStore(clock)
    await store.update("github/7/gate", lambda _, now: ({"open_at": now + 90, "reason": "a", "strikes": 1}, None))
    rate_limit = RateLimit(clock, store, "7")
    assert [await remaining(rate_limit, clock, each) for each in (CORE, GRAPHQL)] == [90, 90]


async def remaining(rate_limit: RateLimit, clock: ManualClock, resource: str = CORE) -> float:
    try:
        await rate_limit.check(resource)
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
