"""Time that jumps to what is due next: a day of waiting takes as long as its work.

The event loop, and all that is scheduled in it, go by a clock that stands still while anything is really done (a
thread, a worker process, an answer of the sandbox) and jumps to the next timer when nothing is.  So the order of
events, every time limit and every pause are those of a real day; only the work itself takes no time on that clock.
"""

import asyncio
import concurrent.futures
import selectors
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.jobs.writer import GroupWriter
from bot.scanner.pool import Pool

SETTLING = 0.0001
"""Real seconds for which nothing may have happened before the clock jumps: threads take so long to tell the loop."""
STEP = 1e-6
"""Simulated seconds of each turn of the loop: who looks at the clock until it is time would look for ever otherwise."""
STUCK = 120.0
"""Real seconds of work without an end after which the simulation gives up."""


class SimulatedLoop(asyncio.SelectorEventLoop):
    """``working`` counts what is really being done, as far as it is known here; ``also`` adds what others know."""

    def __init__(self) -> None:
        self.passed = 0.0
        """Seconds since the beginning."""
        self.working = 0
        self.also: Callable[[], int] = lambda: 0
        self._counting = threading.Lock()  # threads hand work to others, too
        super().__init__(_Selector(self))  # type: ignore[arg-type]  # it has what the loop uses

    def time(self) -> float:
        return self.passed

    @contextmanager
    def work(self) -> Iterator[None]:
        """The clock stands still."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def watch(self, future: "concurrent.futures.Future[Any] | asyncio.Future[Any]") -> None:
        """The clock stands still until the future is done."""
        self._count(1)
        # In the loop: whoever waits for the future is told before.
        future.add_done_callback(lambda _: self.call_soon_threadsafe(self._count, -1))

    def _count(self, change: int) -> None:
        with self._counting:
            self.working += change


class _Selector:
    """The selector of the loop, which asks it how long to wait: the clock jumps instead."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop, self._real = loop, selectors.DefaultSelector()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all the rest is the real one's
        return getattr(self._real, name)

    def select(self, timeout: float | None = None) -> list[Any]:
        began = time.monotonic()
        self._loop.passed += STEP
        while not (events := self._real.select(0)):
            if timeout is not None and timeout <= 0:
                return []
            if self._loop.working + self._loop.also() > 0 or timeout is None:
                if events := self._real.select(0.05):
                    return events
                if time.monotonic() - began > STUCK:
                    raise TimeoutError(f"{self._loop.working} things are being done and do not end")
                continue
            time.sleep(SETTLING)
            if events := self._real.select(0):
                return events
            if self._loop.working + self._loop.also() == 0:
                self._loop.passed += timeout
                return []
        return events


class SimulatedClock:
    """A :class:`bot.github.clock.Clock` that goes by the loop."""

    def __init__(self, loop: SimulatedLoop, began: datetime) -> None:
        self._loop, self._began = loop, began

    def now(self) -> datetime:
        return self._began + timedelta(seconds=self._loop.passed)

    def monotonic(self) -> float:
        return self._loop.passed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@contextmanager
def simulated(began: datetime) -> Iterator[tuple[SimulatedLoop, SimulatedClock]]:
    """A loop and its clock.  Threads, the queue's writer and the scanner's workers are watched meanwhile."""
    if began.tzinfo is not UTC:
        raise ValueError("the beginning must be in UTC")
    loop = SimulatedLoop()
    watched = [
        (concurrent.futures.ThreadPoolExecutor, "submit"),
        (GroupWriter, "submit"),
        (Pool, "schedule"),
    ]
    before = [getattr(owner, name) for owner, name in watched]
    for (owner, name), real in zip(watched, before, strict=True):
        setattr(owner, name, _watching(loop, real))
    try:
        yield loop, SimulatedClock(loop, began)
    finally:
        for (owner, name), real in zip(watched, before, strict=True):
            setattr(owner, name, real)
        loop.close()


def _watching(loop: SimulatedLoop, real: Callable[..., Any]) -> Callable[..., Any]:
    def submit(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the real one takes
        future = real(*args, **named)
        loop.watch(future)
        return future

    return submit
