"""Connections of the GraphQL schema: windows of lists."""

from collections.abc import Sequence
from typing import TypeVar

from bot.sandbox.world import Obj

T = TypeVar("T")
MAX_NODES = 100
"""``first`` and ``last`` of a connection."""


class Refusal(Exception):
    """An entry of ``errors`` with a ``type``."""

    def __init__(self, type: str, message: str) -> None:  # noqa: A002 - GitHub's word
        super().__init__(message)
        self.type = type


def connection(
    items: Sequence[T],
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    before: str | None = None,
    skip: int | None = None,
) -> tuple[Sequence[T], Obj]:
    """A window of a list and its ``pageInfo``; cursors are positions.  ``first`` or ``last`` is compulsory."""
    if first is None and last is None:
        raise Refusal(
            "MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value to properly paginate."
        )
    if not 1 <= (first or last or 0) <= MAX_NODES:
        raise Refusal("EXCESSIVE_PAGINATION", f"Requesting more than {MAX_NODES} records exceeds the limit.")
    low = (int(after) if after else 0) + (skip or 0)
    high = int(before) - 1 if before else len(items)
    if first is not None:
        high = min(high, low + first)
    elif last is not None:
        low = max(low, high - last)
    return items[low:high], {
        "endCursor": str(high) if high > low else None,
        "hasNextPage": high < len(items),
        "hasPreviousPage": low > 0,
    }
