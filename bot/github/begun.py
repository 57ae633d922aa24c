"""Reads that are under way before they are asked for.

A piece of work knows at its start most of what it will read.  It begins that at once, and goes on as if nothing had
been read: the first call of a read with the same arguments gets what is offered for it, every further one asks GitHub
again.  What nobody asks for has no effect, whether it worked or not.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Begun:
    """What one piece of work has begun to read."""

    def __init__(self) -> None:
        self._offers: dict[Hashable, Callable[[], Awaitable[Any]]] = {}
        self._tasks: list[asyncio.Task[Any]] = []

    def begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start ``work``; it ends with all the rest at :meth:`end`."""
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    def start(
        self, read: Callable[..., Coroutine[Any, Any, object]], github: object, *args: Hashable, **named: Hashable
    ) -> None:
        """Begin ``read``; its first call with these arguments gets what comes of it."""
        task = self.begin(read(github, *args, **named))
        self.offer(lambda: task, read, *args, **named)

    def offer(
        self, answer: Callable[[], Awaitable[T]], read: Callable[..., Awaitable[T]], *args: Hashable, **named: Hashable
    ) -> None:
        """The first call of ``read`` with these arguments gets ``answer``'s result, or its error."""
        self._offers[_key(read, args, named)] = answer

    def take(self, read: Callable[..., Awaitable[T]], args: Any, named: Any) -> Callable[[], Awaitable[T]] | None:
        """What is offered for this call, once."""
        return self._offers.pop(_key(read, args, named), None)

    async def end(self) -> None:
        """Stop what is still under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)  # their errors are nobody's


def _key(read: Callable[..., object], args: tuple[Hashable, ...], named: dict[str, Hashable]) -> Hashable:
    return (read.__module__, read.__qualname__, args, frozenset(named.items()))


class HasBegun(Protocol):
    """What reads: see :class:`bot.github.client.GitHub`."""

    begun: Begun


R = TypeVar("R", bound=HasBegun)


def may_be_begun(
    read: Callable[Concatenate[R, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[R, P], Coroutine[Any, Any, T]]:
    """A read that takes what is offered for it."""

    @wraps(read)
    async def taken(github: R, /, *args: P.args, **named: P.kwargs) -> T:
        answer = github.begun.take(read, args, named)
        return await (read(github, *args, **named) if answer is None else answer())

    return taken
