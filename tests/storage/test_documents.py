"""Documents on real databases: kept, shared, and never two changes of one document at once."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import RetryLater
from bot.github.limits import Pace, Pacer, RateLimit
from bot.github.throttle import Throttle
from bot.storage import Storage
from tests.github.clock import ManualClock


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'records.db'}"
    return str(request.getfixturevalue("postgres_url"))


class Processes:
    """Storages on one database, as several processes (or one after the other) have them."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self._url, self._stack = url, stack

    async def start(self) -> Storage:
        storage = Storage(self._url)
        await storage.open()
        self._stack.push_async_callback(storage.close)
        return storage


@pytest.fixture
async def processes(url: str) -> AsyncIterator[Processes]:
    async with AsyncExitStack() as stack:
        yield Processes(url, stack)


async def seconds_left(rate_limit: RateLimit, clock: ManualClock) -> float:
    try:
        await rate_limit.check("core")
    except RetryLater as wait:
        return (wait.at - clock.now()).total_seconds()
    return 0


async def lapsed(rate_limit: RateLimit) -> None:
    """As if the time had passed; the database's clock is real."""
    await rate_limit._store.update(
        rate_limit._document, lambda before, now: ({**(before or {}), "open_at": now - 1}, None)
    )


async def test_no_change_is_lost_however_many_make_them(processes: Processes) -> None:
    storages = [await processes.start() for _ in range(2)]

    def more(before: Mapping[str, Any] | None, now: float) -> tuple[dict[str, int], int]:
        count = (before or {"n": 0})["n"] + 1
        return {"n": count}, count

    counts = await asyncio.gather(*(storages[n % 2].update("x", more) for n in range(20)))
    assert sorted(counts) == list(range(1, 21))
    assert (await storages[0].read("x"))[0] == {"n": 20}
    assert (await storages[0].read("y"))[0] is None


async def test_case_32_a_limit_outlives_the_process_that_was_told(processes: Processes) -> None:
    """Killed and started again: still not one request before the time that GitHub allowed."""
    clock = ManualClock()
    await RateLimit(clock, await processes.start(), "1").close(Throttle(seconds=500, reason="429 with retry-after"))
    again = await processes.start()
    assert 490 < await seconds_left(RateLimit(clock, again, "1"), clock) <= 500
    assert await seconds_left(RateLimit(clock, again, "2"), clock) == 0, "another installation goes on"


async def test_case_32_all_processes_wait_for_a_limit_that_one_was_told_of(processes: Processes) -> None:
    clock = ManualClock()
    told, other = [RateLimit(clock, await processes.start(), "1") for _ in range(2)]
    await other.check("core")
    await told.close(Throttle(seconds=None, reason="secondary rate limit"))
    assert 55 < await seconds_left(other, clock) <= 60
    await lapsed(told)
    await other.close(Throttle(seconds=None, reason="secondary rate limit"))
    clock.advance(61)
    assert 115 < await seconds_left(told, clock) <= 120, "the second one in a row is twice as long, whoever hears it"


async def test_promise_6_several_processes_share_one_budget_of_writes(processes: Processes) -> None:
    """A second apart and at most so many an hour, all of them together."""
    clock = ManualClock()
    pace = Pace(gap=0.5, per_minute=6, per_hour=10)
    pacers = [Pacer(clock, pace, await processes.start(), "1") for _ in range(3)]
    waits = []
    for n in range(12):
        try:
            await pacers[n % 3].turn(content=True)
        except RetryLater:
            continue
        waits.append(clock.slept[-1] if clock.slept else 0.0)
    assert len(waits) == 10, "the rest of the hour's share is nobody's"
    # Nobody really slept, so each turn lies as far ahead as all that were given out before it.
    assert waits == sorted(waits)
    assert waits[5] < 5 * 0.5 + 0.1
    assert 59 < waits[6] <= 60, "the seventh within a minute waits for the first to leave it"


async def test_promise_6_the_hours_budget_outlives_the_process(processes: Processes) -> None:
    clock = ManualClock()
    pace = Pace(gap=0.0, per_hour=3)
    first = Pacer(clock, pace, await processes.start(), "1")
    for _ in range(3):
        await first.turn(content=True)
    second = Pacer(clock, pace, await processes.start(), "1")
    with pytest.raises(RetryLater) as caught:
        await second.turn(content=True)
    assert 3_590 < (caught.value.at - clock.now()).total_seconds() <= 3_600
    await second.turn(content=False)


async def test_a_success_starts_the_count_again_for_all(processes: Processes) -> None:
    clock = ManualClock()
    one, other = [RateLimit(clock, await processes.start(), "1") for _ in range(2)]
    await one.close(Throttle(seconds=None, reason=""))
    await lapsed(one)
    await other.check("core")
    await other.answered()
    await other.close(Throttle(seconds=None, reason=""))
    assert 55 < await seconds_left(other, clock) <= 60


async def test_without_the_database_nothing_is_sent(tmp_path: Path) -> None:
    """What it would say is not known, so the work waits; what was heard before still holds."""
    clock, storage = ManualClock(), Storage("postgresql://postgres@127.0.0.1:9/none")
    with pytest.raises(RetryLater, match="does not answer"):
        await storage.open()
    rate_limit = RateLimit(clock, storage, "1")
    with pytest.raises(RetryLater, match="does not answer"):
        await rate_limit.check("core")
    await rate_limit.close(Throttle(seconds=500, reason="told so"))
    with pytest.raises(RetryLater, match="told so"):
        await rate_limit.check("core")
    await storage.close()
