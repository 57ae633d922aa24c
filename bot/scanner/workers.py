"""Killable worker processes: a task that crashes, spins or eats memory costs its worker and nothing else.

What breaks is told apart: a task that breaks its worker by its own nature is :class:`Unscannable`; a fault of ours
(the fork server is gone, the kernel was short of memory, the machine too slow) is mended, and the task done again.
While it cannot be mended, tasks wait and nothing is judged.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self, TypeVar

from pebble import ProcessExpired

from bot.domain.errors import RetryLater
from bot.scanner import child, fork_server
from bot.scanner.pool import Pool
from bot.scanner.unscannable import Unscannable, death, is_from_outside

log = logging.getLogger(__name__)

T = TypeVar("T")

TRIES = 2
"""Of a task: a death that may be our fault is no death of the task's, unless it happens again."""
WATCH = 1.0
"""Seconds between two looks at the fork server and the pool."""
LONGEST_PAUSE = 30.0
"""Seconds between two tries to start workers, which grow with each failure."""
PATIENCE = 100.0
"""Seconds that a task waits for workers before its job is put off."""
REST_AFTER = 30.0
"""Seconds without a task after which the processes are ended: they hold as much memory as the rest of the server."""
AGAIN = timedelta(seconds=30)
TRIAL_SECONDS = 20.0


class ScannerDown(RetryLater):
    """No task can be run now: the work waits."""


class Workers:
    """A pool of confined processes; an async context manager.

    The workers are forked from a fork server that was started with an empty environment and has the engine imported:
    they inherit nothing of this process (no secrets, no sockets), and a lost one is replaced within milliseconds.
    After :data:`REST_AFTER` seconds without a task all of them end, and are started again for the next one.
    ``trial`` runs in every new pool before any task does, and in one whose worker died for no reason of its own: it
    raises where the workers are of no use.
    """

    def __init__(self, *, workers: int, memory: int, trial: Callable[[], None] = child.breathe) -> None:
        self.size, self._memory, self._trial = workers, memory, trial
        self._pool: Pool | None = None
        self._mending = asyncio.Lock()
        self._up, self._awaited = asyncio.Event(), asyncio.Event()
        self._in_order = self._resting = False
        self._tasks, self._last_used = 0, 0.0
        self._watching: asyncio.Task[None] | None = None
        self.exits: Counter[str] = Counter()
        """How tasks ended: ``ok``, an :attr:`Unscannable.cause`, or ``pool`` for a pool that had to be replaced."""

    @property
    def up(self) -> bool:
        """Whether tasks can be run, as far as is known: at rest it is what was so before."""
        return self._in_order

    def wake(self) -> None:
        """A task will come soon: start what is not there, so that it has less to wait for."""
        self._last_used = time.monotonic()
        if self._resting:
            self._resting = False
            self._awaited.set()

    async def __aenter__(self) -> Self:
        self._watching = asyncio.create_task(self._watch(), name="ssot-scanner")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            await asyncio.wait({watching})
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.stop)

    async def run(self, function: Callable[..., T], *args: object, seconds: float) -> T:
        """``function(*args)`` in a worker; both must be picklable, the function importable.

        ``seconds`` are those of the worker's own work, not of its waiting for a processor.  Raises
        :class:`Unscannable`; what the function itself raised is its ``__cause__``.  Raises :class:`ScannerDown` when
        there are no workers, or the machine is too busy to give it these seconds.
        """
        self._tasks += 1
        try:
            return await self._tried(function, args, seconds)
        finally:
            self._tasks -= 1
            self._last_used = time.monotonic()

    async def _tried(self, function: Callable[..., T], args: tuple[object, ...], seconds: float) -> T:
        fault: BaseException | None = None
        for _ in range(TRIES):
            pool = await self._sound()
            try:
                result = await self._attempt(pool, function, args, seconds)
            except (BrokenProcessPool, ProcessExpired) as error:  # not this task's fault, as far as one can tell
                fault = error
                await self._look_after(pool)
                continue
            self.exits["ok"] += 1
            return result
        await self._sound()  # the workers are fine again without this task
        code = fault.exitcode if isinstance(fault, ProcessExpired) else None
        raise self._failed(*death(code, self._memory, seconds)) from fault

    async def _attempt(self, pool: Pool, function: Callable[..., T], args: tuple[object, ...], seconds: float) -> T:
        future: Future[T] = pool.schedule(function, args, seconds)
        try:
            return await asyncio.wrap_future(future)
        except BrokenProcessPool:
            raise
        except ProcessExpired as error:
            if is_from_outside(error.exitcode) or not pool.sound:
                raise
            raise self._failed(*death(error.exitcode, self._memory, seconds)) from error
        except TimeoutError as error:
            self.exits["starved"] += 1
            raise ScannerDown(at=_soon(), reason="the machine is too busy to scan") from error
        except RecursionError as error:
            raise self._failed("recursion", "too complex: nested too deeply") from error
        except child.LargeResult as error:
            raise self._failed("result", "too complex: there is too much to say about it") from error
        except Exception as error:  # a defect of the engine: it costs this task, and is logged
            log.exception("a worker's task failed", extra={"function": str(function)})
            raise self._failed(
                f"error:{type(error).__name__}", "internal error in the analysis; see the log"
            ) from error

    def _failed(self, cause: str, reason: str) -> Unscannable:
        self.exits[cause] += 1
        return Unscannable(cause, reason)

    # --- watching -------------------------------------------------------------------------------------------------

    async def _sound(self) -> Pool:
        """The pool that passed its trial."""
        if self._watching is None:
            raise RuntimeError("the workers are not started")
        self.wake()
        try:
            async with asyncio.timeout(PATIENCE):
                while self._pool is None or not self._up.is_set():
                    await self._up.wait()
        except TimeoutError as error:
            raise ScannerDown(at=_soon(), reason="the scanner is down") from error
        return self._pool

    async def _watch(self) -> None:
        pause = WATCH
        self._last_used = time.monotonic()
        while True:
            async with self._mending:
                if self._may_rest():
                    await self._rest()
                elif not self._resting and (self._pool is None or not self._pool.sound or not self.up):
                    await self._replace()
            pause = WATCH if self.up else min(2 * pause, LONGEST_PAUSE)
            await self._nothing_awaited(pause)

    async def _nothing_awaited(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._awaited.wait()
        except TimeoutError:
            return
        self._awaited.clear()

    def _may_rest(self) -> bool:
        return self._up.is_set() and not self._tasks and time.monotonic() - self._last_used > REST_AFTER

    async def _rest(self) -> None:
        """End all processes; they were in order."""
        pool, self._pool, self._resting = self._pool, None, True
        self._up.clear()
        if pool is not None:
            await asyncio.to_thread(pool.stop)
            await asyncio.to_thread(fork_server.stop)

    async def _look_after(self, pool: Pool) -> None:
        """After a task ended in a way that may be ours to answer for: a trial, on a new pool if need be."""
        async with self._mending:
            if pool is self._pool and not (pool.sound and await self._passes(pool)):
                await self._replace()

    async def _replace(self) -> None:
        """A new pool; it is in use once it passed its trial."""
        self._up.clear()
        broken, self._pool = self._pool, None
        if broken is not None:
            self._in_order = False
            self.exits["pool"] += 1
            log.warning("the worker processes are replaced")
            await asyncio.to_thread(broken.stop)
        try:
            self._pool = Pool(self.size, self._memory)
        except OSError:  # no process, no memory, no descriptor: there may be one the next time
            log.exception("the fork server could not be started")
            self._in_order = False
            return
        self._in_order = await self._passes(self._pool)
        if self._in_order:
            self._up.set()

    async def _passes(self, pool: Pool) -> bool:
        future: Future[None] | None = None
        try:
            future = await asyncio.to_thread(pool.schedule, self._trial, (), TRIAL_SECONDS)  # starts the processes
            await asyncio.wrap_future(future)
        except Exception:  # whatever it is: the workers are of no use
            log.exception("the worker processes failed their trial")
            return False
        return True


def _soon() -> datetime:
    return datetime.now(UTC) + AGAIN
