"""How much of what strangers wrote is in the server's memory at the same time.

Each run of a job is a piece of work.  What is small goes on at once.  Work that holds more than ``SMALL`` waits for its
turn: in the whole process one such piece goes on at a time, and it may hold ``MOST``.  So sixteen jobs about huge files
take no more memory than one of them.
"""

import asyncio
import ctypes
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

from bot.domain.errors import RetryLater, UserError

SMALL = 4 << 20
"""Bytes that each piece of work may hold at any time."""
MOST = 80 << 20
"""Bytes that one may hold in its turn."""
PATIENCE = 20.0
"""Seconds that work waits for its turn before its job is put off."""
_AGAIN = timedelta(seconds=30)
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""glibc's parameters: https://man7.org/linux/man-pages/man3/mallopt.3.html"""
_OWN_PAGES = 2 << 20
"""Bytes from which a block has pages of its own, which go back when it is freed."""
_KEPT_AT_THE_END = 1 << 20
"""Bytes of a heap's free end that stay."""


class TooMuch(UserError):
    """A piece of work would hold more than ``MOST``."""

    def __init__(self) -> None:
        super().__init__(f"its files are larger than {MOST >> 20} MiB together")


class Holding:
    """What a piece of work holds, in bytes."""

    def __init__(self, turn: asyncio.Lock) -> None:
        self.held = 0
        self._turn, self._has_turn = turn, False
        self._asking = asyncio.Lock()

    async def take(self, size: int) -> None:
        """Returns when there is room for ``size`` more.  Raises :class:`TooMuch`, and ``RetryLater``."""
        self.held += size
        if self.held > MOST:
            raise TooMuch
        if self.held > SMALL and not self._has_turn:
            await self._wait()

    async def _wait(self) -> None:
        async with self._asking:
            if self._has_turn:
                return
            try:
                await asyncio.wait_for(self._turn.acquire(), PATIENCE)
            except TimeoutError as error:
                at = datetime.now(UTC) + _AGAIN
                raise RetryLater(at=at, reason="other work needs the memory") from error
            self._has_turn = True

    def give_back(self, size: int) -> None:
        self.held -= size
        if self.held <= SMALL:
            self._end_turn()

    def end(self) -> None:
        self.held = 0
        self._end_turn()

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turn.release()


class Passing:
    """What is held until the end of a block."""

    def __init__(self) -> None:
        self.held = 0


_work: ContextVar[Holding | None] = ContextVar("work", default=None)
_passing: ContextVar[Passing | None] = ContextVar("passing", default=None)
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


@asynccontextmanager
async def work() -> AsyncIterator[Holding]:
    """A piece of work, also of the tasks that are made within; at the end it holds nothing."""
    turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    mine = Holding(turn)
    before = _work.set(mine)
    try:
        yield mine
    finally:
        _work.reset(before)
        mine.end()


async def take(size: int) -> None:
    """The work that this is part of holds ``size`` bytes more, until its end or that of :func:`passing`.

    Outside of any work nothing is counted: a person runs it on files of their own.  Raises as :meth:`Holding.take`.
    """
    mine, block = _work.get(), _passing.get()
    if mine is None:
        return
    if block is not None:
        block.held += size
    await mine.take(size)


def give_back(size: int) -> None:
    """What was taken outside of :func:`passing`, before the work's end."""
    mine = _work.get()
    if mine is not None:
        mine.give_back(size)


@contextmanager
def passing() -> Iterator[None]:
    """What is taken within is given back at the end."""
    block = Passing()
    before = _passing.set(block)
    try:
        yield
    finally:
        _passing.reset(before)
        mine = _work.get()
        if mine is not None:
            mine.give_back(block.held)


def give_back_what_is_freed() -> None:
    """Tells glibc to give large blocks back to the system, and threads to share their heaps.

    By itself it raises the size from which it does so to that of the largest block it has seen, up to 32 MiB: after a
    few large bodies the process would stay as large as they were together.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none, and needs none
        mallopt(_MMAP_THRESHOLD, _OWN_PAGES)
        mallopt(_TRIM_THRESHOLD, _KEPT_AT_THE_END)
        mallopt(_ARENA_MAX, 2)
