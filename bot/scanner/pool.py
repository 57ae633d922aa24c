"""One pool of worker processes, as long as it lasts."""

from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any, TypeVar

from pebble import ProcessPool

from bot.scanner import child, fork_server

T = TypeVar("T")

TASKS_PER_WORKER = 200
"""Then a worker is replaced, and with it whatever its parsers have leaked."""
STARVED, PAUSE = 8.0, 15.0
"""How many times a task's own seconds may pass on the clock, and some more, while it waits for a processor."""


class Pool:
    """Workers of the fork server; :meth:`schedule` starts them."""

    def __init__(self, workers: int, memory: int) -> None:
        self._pool = ProcessPool(
            max_workers=workers,
            max_tasks=TASKS_PER_WORKER,
            initializer=child.confine,
            initargs=(memory,),
            context=fork_server.start(),
        )
        self._server = fork_server.process_id()
        self._pending: set[Future[Any]] = set()

    @property
    def sound(self) -> bool:
        """The fork server runs, and is the one that the workers came from; the pool's own threads run."""
        return fork_server.is_ours() and fork_server.process_id() == self._server and self._pool.active

    def schedule(self, function: Callable[..., T], args: tuple[object, ...], seconds: float) -> Future[T]:
        """The result to come.  ``TimeoutError``: the worker did not get its ``seconds`` in several times as many."""
        try:
            future: Future[T] = self._pool.schedule(
                child.run, args=(function, args, seconds), timeout=STARVED * seconds + PAUSE
            )
        except RuntimeError as error:  # the pool gave up since it was looked at
            raise BrokenProcessPool(str(error)) from error
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        return future

    def stop(self) -> None:
        """Ends the workers, whatever they are doing; what still waits for them ends as with a broken pool."""
        fork_server.end_if_frozen()
        self._pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves it untyped
        self._pool.join()
        fork_server.release()
        for future in tuple(self._pending):
            with suppress(InvalidStateError):  # cancelled, or done a moment ago
                future.set_exception(BrokenProcessPool("the pool was stopped"))
