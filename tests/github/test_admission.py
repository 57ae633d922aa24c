"""Work whose installation has no turn to write left waits in the queue, and holds no place there."""

from contextlib import AsyncExitStack
from itertools import pairwise

import pytest

from bot.domain.errors import RetryLater
from bot.github.admission import AHEAD, WorkAdmission
from bot.github.limits import MemoryLimitStore, Pace, Pacer
from tests.github.clock import ManualClock


class Impatient(ManualClock):
    """Takes its turns and does not wait for them."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def of(clock: ManualClock, pace: Pace | None = None) -> tuple[WorkAdmission, Pacer]:
    pacer = Pacer(clock, pace, MemoryLimitStore(clock), "1")
    return WorkAdmission(pacer, clock), pacer


async def begun(admission: WorkAdmission, stack: AsyncExitStack, count: int) -> list[RetryLater]:
    """Begin so many; what those were told that were sent away."""
    told = []
    for _ in range(count):
        try:
            await stack.enter_async_context(admission.begin())
        except RetryLater as wait:
            told.append(wait)
    return told


async def test_a_few_begin_and_the_rest_come_back_one_after_the_other() -> None:
    clock = ManualClock()
    admission, _ = of(clock)
    async with AsyncExitStack() as stack:
        told = await begun(admission, stack, 300)
        assert 300 - len(told) == AHEAD + 1
        later = [(wait.at - clock.now()).total_seconds() for wait in told]
        assert later == sorted(later)
        assert {round(b - a, 6) for a, b in pairwise(later)} == {1.0}
        assert later[0] <= AHEAD


async def test_places_are_free_again_when_work_ends_even_badly() -> None:
    admission, _ = of(ManualClock())
    for _ in range(50):
        with pytest.raises(ZeroDivisionError):
            async with admission.begin():
                raise ZeroDivisionError


async def test_turns_that_were_taken_by_others_count() -> None:
    """Another process shares the pace: what it has taken is in the store."""
    clock = Impatient()
    admission, pacer = of(clock)
    start = clock.now()
    for _ in range(30):
        await pacer.turn(content=False)
    with pytest.raises(RetryLater) as told:
        await begun_one(admission)
    assert 20 < (told.value.at - start).total_seconds() < 30
    clock.advance(30 - AHEAD)
    await begun_one(admission)


async def begun_one(admission: WorkAdmission) -> None:
    async with admission.begin():
        pass


async def test_the_hourly_limit_of_content_holds_up_no_check() -> None:
    """A check is no content: it can be written while comments have to wait."""
    clock = ManualClock()
    admission, pacer = of(clock, Pace(per_hour=1))
    await pacer.turn(content=True)
    clock.advance(2)
    await begun_one(admission)


async def test_without_a_pace_nobody_is_sent_away() -> None:
    admission, _ = of(ManualClock(), Pace(gap=0.0))
    async with AsyncExitStack() as stack:
        assert await begun(admission, stack, 1_000) == []
