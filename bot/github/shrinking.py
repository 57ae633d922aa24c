"""Pages of a GraphQL query that get smaller where GitHub finds the query too large.

The same query would be refused each time, so waiting does not help.
https://github.blog/changelog/2025-09-01-graphql-api-resource-limits
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from bot.github.errors import GraphQLError

T = TypeVar("T")
Page = Callable[[str | None, int], Awaitable[tuple[Iterable[T], str | None]]]
"""Asks for the page after a cursor, of so many items; the next one's cursor, or ``None`` after the last."""


async def answered(query: Callable[[int], Awaitable[T]], size: int) -> T:
    """What a query gives that asks for ``size`` items of each kind, or for half as many where that is too large.

    Raises ``GraphQLError`` when a query for one item is.
    """
    try:
        return await query(size)
    except GraphQLError as error:
        if not error.too_large or size == 1:
            raise
    return await answered(query, size // 2)


async def all_pages(page: Page[T], size: int) -> list[T]:
    """The items of all pages: of ``size`` at first, of half as many whenever a page is too large.

    Raises ``GraphQLError`` when a page of one item is.
    """
    found: list[T] = []
    after: str | None = None
    while True:
        try:
            items, after = await page(after, size)
        except GraphQLError as error:
            if not error.too_large or size == 1:
                raise
            size = (size + 1) // 2
            continue
        found += items
        if after is None:
            return found
