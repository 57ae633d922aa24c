"""What is asked at once: all of it, in its order, within bounds, and as if one after the other."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.github.at_once import MOST, AtOnce, of_each, pages


async def test_the_first_error_leaves_as_it_is_and_nothing_goes_on() -> None:
    ended: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.sleep(3_600)
        finally:
            ended.append("stopped")

    async def failing() -> None:
        raise LookupError("no")

    async def both() -> None:
        async with AtOnce() as group:
            group.create_task(endless())
            group.create_task(failing())

    with pytest.raises(LookupError, match="no"):
        await both()
    assert ended == ["stopped"]


async def test_what_is_raised_inside_leaves_as_it_is() -> None:
    async def inside() -> None:
        async with AtOnce() as group:
            group.create_task(asyncio.sleep(3_600))
            raise LookupError("inside")

    with pytest.raises(LookupError, match="inside"):
        await inside()


async def test_so_many_are_under_way_and_not_more() -> None:
    now: list[int] = []
    most: list[int] = []

    async def read(item: int) -> int:
        now.append(item)
        most.append(len(now))
        await asyncio.sleep(0)
        now.remove(item)
        return item * 2

    assert await of_each(read, range(30)) == tuple(range(0, 60, 2))
    assert max(most) == MOST
    assert await of_each(read, ()) == ()


@given(st.integers(0, 40), st.integers(0, 60), st.integers(1, 7))
def test_all_items_of_all_pages(total: int, about: int, size: int) -> None:
    """However many there were said to be: fewer were closed since, more were opened."""
    asked: list[int] = []

    async def page(number: int) -> Sequence[int]:
        asked.append(number)
        return range(total)[(number - 1) * size : number * size]

    assert asyncio.run(pages(page, about=about, size=size)) == list(range(total))
    assert sorted(asked) == list(range(1, len(asked) + 1))
    assert len(asked) <= max(-(-about // size), total // size + 1)
