"""Killable worker processes: a task that crashes, spins or eats memory costs its worker and nothing else."""

import asyncio
import logging
import math
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext
from types import TracebackType
from typing import Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from bot.domain.errors import SsotError
from bot.scanner import child

log = logging.getLogger(__name__)

T = TypeVar("T")

TASKS_PER_WORKER = 200
"""Then a worker is replaced, and with it whatever its parsers have leaked."""
PRELOADED = (
    "bot.scanner.tasks",
    "bot.engine.diff.compare",
    "bot.engine.rewrite",
    "bot.engine.rewrite.import_list",  # and with it LibCST, which a file's deadline has no time to load
    "pebble.pool.process",
)
"""Modules that every worker has in memory from the start, shared among them."""


class Unscannable(SsotError):
    """The work on some source could not be done.

    ``cause`` is short and stable, for counting: ``timeout``, ``memory``, ``recursion``, ``crash:SIGSEGV``,
    ``crash:exit-3``, ``error:ValueError``.  The text is for the author.
    """

    def __init__(self, cause: str, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause


class Workers:
    """A pool of confined processes; an async context manager.

    The workers are forked from a fork server that was started with an empty environment and has the engine imported:
    they inherit nothing of this process (no secrets, no sockets), and a lost one is replaced within milliseconds.
    """

    def __init__(self, *, workers: int, memory: int) -> None:
        self.size, self._memory = workers, memory
        self._pool: ProcessPool | None = None
        self.exits: Counter[str] = Counter()
        """How tasks ended: ``ok``, an :attr:`Unscannable.cause`, or ``pool`` for a pool that had to be replaced."""

    async def __aenter__(self) -> Self:
        self._pool = await asyncio.to_thread(self._start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(stop, pool)

    async def run(self, function: Callable[..., T], *args: object, seconds: float) -> T:
        """``function(*args)`` in a worker; both must be picklable, the function importable.

        ``seconds`` count from when a worker takes the task.  Raises :class:`Unscannable`; what the
        function itself raised is its ``__cause__``.
        """
        try:
            result = await self._attempt(function, args, seconds)
        except BrokenProcessPool:  # not this task's fault, as far as one can tell: once more on a new pool
            result = await self._last_attempt(function, args, seconds)
        self.exits["ok"] += 1
        return result

    async def _last_attempt(self, function: Callable[..., T], args: tuple[object, ...], seconds: float) -> T:
        try:
            return await self._attempt(function, args, seconds)
        except BrokenProcessPool as error:
            raise self._failed("crash:pool", "too complex: the worker processes crashed") from error

    async def _attempt(self, function: Callable[..., T], args: tuple[object, ...], seconds: float) -> T:
        future = self._scheduled(await self._sound_pool(), function, args, seconds)
        try:
            return await asyncio.wrap_future(future)
        except BrokenProcessPool:
            raise
        except ProcessExpired as error:
            raise self._failed(*death(error.exitcode, self._memory)) from error
        except TimeoutError as error:
            raise self._failed("timeout", f"too complex: timed out after {seconds:g} seconds") from error
        except RecursionError as error:
            raise self._failed("recursion", "too complex: nested too deeply") from error
        except Exception as error:  # a defect of the engine: it costs this task, and is logged
            log.exception("a worker's task failed", extra={"function": str(function)})
            raise self._failed(
                f"error:{type(error).__name__}", "internal error in the analysis; see the log"
            ) from error

    @staticmethod
    def _scheduled(
        pool: ProcessPool, function: Callable[..., T], args: tuple[object, ...], seconds: float
    ) -> Future[T]:
        try:
            return pool.schedule(child.run, args=(function, args, math.ceil(seconds)), timeout=seconds)
        except RuntimeError as error:  # the pool gave up since it was looked at
            raise BrokenProcessPool(str(error)) from error

    async def _sound_pool(self) -> ProcessPool:
        """The pool; a new one when the old one's own threads gave up."""
        if self._pool is None:
            raise RuntimeError("the workers are not started")
        if not self._pool.active:
            self.exits["pool"] += 1
            broken, self._pool = self._pool, self._start()
            await asyncio.to_thread(stop, broken)
        return self._pool

    def _failed(self, cause: str, reason: str) -> Unscannable:
        self.exits[cause] += 1
        return Unscannable(cause, reason)

    def _start(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self.size,
            max_tasks=TASKS_PER_WORKER,
            initializer=child.confine,
            initargs=(self._memory,),
            context=fork_server(),
        )


def death(code: int, memory: int) -> tuple[str, str]:
    """Cause and reason of a worker's exit status, negative for a signal."""
    if code == child.MEMORY_EXIT:
        return "memory", f"too complex: it needs more than {memory >> 20} MiB"
    if code < 0:
        name = signal.Signals(-code).name
        return f"crash:{name}", f"too complex: the parser crashed ({name})"
    return f"crash:exit-{code}", f"too complex: the parser exited (status {code})"


def stop(pool: ProcessPool) -> None:
    """Ends the workers, whatever they are doing."""
    pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves it untyped
    pool.join()


def fork_server() -> ForkServerContext:
    """A fork server with the engine in memory and no environment, started if there is none."""
    from multiprocessing.forkserver import ensure_running

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*PRELOADED])
    with no_environment():
        ensure_running()
    return context


@contextmanager
def no_environment() -> Iterator[None]:
    """The standard library starts the fork server with this process's environment, and offers no other.

    It is gone for the moment of one ``exec``, when the program starts and reads no variables.
    """
    saved = dict(os.environ)
    os.environ.clear()
    for name in ("LINES", "COLUMNS"):  # readline sets them behind Python's back
        os.unsetenv(name)
    try:
        yield
    finally:
        os.environ.update(saved)
