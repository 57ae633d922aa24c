"""Requests that do not depend on each other, at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from types import TracebackType
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

MOST = 8
"""Requests of one kind at the same time; GitHub allows 100 in flight for all of an App."""


class AtOnce(asyncio.TaskGroup):
    """A task group that the first error leaves as it is; the other tasks have ended by then."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await super().__aexit__(kind, error, trace)
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None


async def of_each(read: Callable[[A], Awaitable[B]], items: Iterable[A]) -> tuple[B, ...]:
    """``read`` of each item, in their order, at most eight at a time.  The first error ends it."""
    places = asyncio.Semaphore(MOST)

    async def one(item: A) -> B:
        async with places:
            return await read(item)

    async with AtOnce() as group:
        tasks = [group.create_task(one(item)) for item in items]
    return tuple(task.result() for task in tasks)


async def pages(page: Callable[[int], Awaitable[Sequence[B]]], *, about: int, size: int) -> list[B]:
    """The items of all pages, numbered from 1: those of ``about`` so many items at once, further ones in turn.

    A page with less than ``size`` items is the last.
    """
    found = list(await of_each(page, range(1, max(1, -(-about // size)) + 1)))
    while len(found[-1]) == size:
        found.append(await page(len(found) + 1))
    return [item for items in found for item in items]
