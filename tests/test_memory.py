"""What is in memory at the same time: small work goes on, large work waits for its turn, one piece at a time."""

import asyncio

import pytest

from bot import memory
from bot.domain.errors import RetryLater
from bot.memory import MOST, SMALL, TooMuch

LARGE = SMALL + 1


class Watch:
    """How many hold more than is small, now and at most."""

    def __init__(self) -> None:
        self.now = self.most = 0

    async def hold(self, size: int) -> None:
        async with memory.work():
            await memory.take(size)
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.01)
            self.now -= 1


async def test_large_work_goes_on_one_at_a_time() -> None:
    watch = Watch()
    await asyncio.gather(*(watch.hold(LARGE) for _ in range(5)))
    assert watch.most == 1


async def test_small_work_waits_for_nobody() -> None:
    watch = Watch()
    async with memory.work():
        await memory.take(MOST)
        await asyncio.wait_for(asyncio.gather(*(watch.hold(SMALL) for _ in range(5))), 1)
    assert watch.most == 5


async def test_many_small_things_are_large_together_also_in_tasks_of_the_work() -> None:
    watch = Watch()
    async with memory.work() as work:
        await asyncio.gather(*(memory.take(1 << 20) for _ in range(8)))
        assert work.held == 8 << 20
        waiting = asyncio.ensure_future(watch.hold(LARGE))
        await asyncio.sleep(0.02)
        assert watch.most == 0
    await waiting


async def test_what_passes_is_given_back_and_so_is_the_turn() -> None:
    watch = Watch()
    async with memory.work() as work:
        with memory.passing():
            await memory.take(LARGE)
        await watch.hold(LARGE)
        assert work.held == 0
    assert watch.most == 1


async def test_one_piece_of_work_has_a_bound() -> None:
    async with memory.work():
        await memory.take(MOST)
        with pytest.raises(TooMuch, match="larger than"):
            await memory.take(1)


async def test_work_that_waits_for_long_is_put_off_and_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "PATIENCE", 0.02)
    watch = Watch()
    async with memory.work():
        await memory.take(LARGE)
        with pytest.raises(RetryLater, match="memory"):
            await watch.hold(LARGE)
    await watch.hold(LARGE)


async def test_outside_of_work_nothing_is_counted() -> None:
    await memory.take(2 * MOST)
