"""Pure work on several cores: forked processes inherit their input and send back a value."""

import gc
import os
import pickle
import select
import sys
from collections.abc import Callable, Sequence
from mmap import mmap
from typing import Any, Generic, NoReturn, TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")

CAN_FORK = hasattr(os, "fork")
_LOOK = 0.1
"""Seconds between two checks of the progress."""


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class WorkerDied(Exception):
    """A worker ended without a result: killed, out of memory, or crashed in C code."""


class ForkedCall(Generic[Result]):
    """Work that has begun in a process of its own.  The caller must have no other thread running.

    Where processes cannot fork, or ``alone`` is false, the work is done when its result is asked for.
    """

    def __init__(self, work: Callable[[], Result], *, alone: bool = True) -> None:
        self._work = work
        self._process = 0
        if alone and CAN_FORK:
            self._process, self._descriptor = _start(work)

    def result(self, meanwhile: Callable[[], None] | None = None) -> Result:
        """What the work returned; what it raised is raised.  ``meanwhile`` is called from time to time.

        Call it once.  Raises `WorkerDied` if the process left no result.
        """
        if not self._process:
            return self._work()
        while meanwhile and not select.select([self._descriptor], [], [], _LOOK)[0]:
            meanwhile()
        try:
            result: Result = _read(self._descriptor)
            return result
        finally:
            self.close()

    def close(self) -> None:
        """Wait for the process; one that still writes ends with a broken pipe."""
        if self._process:
            os.close(self._descriptor)
            os.waitpid(self._process, 0)
            self._process = 0


def share(
    work: Callable[[Part], Result], parts: Sequence[Part], meanwhile: Callable[[], None] | None = None
) -> list[Result]:
    """``work`` of each part, in their order, each but the first in a process of its own.

    The first is done here: a process more would hold one more copy of all that they look at.
    """
    places = range(len(parts))
    tasks = [ForkedCall(lambda part=parts[n]: work(part), alone=n > 0) for n in places]  # type: ignore[misc]
    try:
        return [task.result(meanwhile) for task in tasks]
    finally:
        for task in tasks:
            task.close()


class Counter:
    """A count that several processes add to, each at a place of its own."""

    def __init__(self, places: int) -> None:
        self._counts = memoryview(mmap(-1, 8 * max(places, 1))).cast("Q")

    def add(self, place: int) -> None:
        self._counts[place] += 1

    def total(self) -> int:
        return sum(self._counts)


def _start(work: Callable[[], Result]) -> tuple[int, int]:
    """Fork a worker; its process and the descriptor that its result can be read from."""
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _live(work, writing)
    os.close(writing)
    return process, reading


def _live(work: Callable[[], Result], writing: int) -> NoReturn:
    """The worker's life: it ends without the parent's exit handlers, buffers and frames.

    Looking for garbage again and again while trees are built would double their cost.
    """
    status = 1
    try:
        gc.disable()
        gc.freeze()  # a look for garbage would go through all that was inherited, and copy its pages
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(_outcome(work), pipe, pickle.HIGHEST_PROTOCOL)
        status = 0
    finally:
        os._exit(status)


def _outcome(work: Callable[[], Result]) -> tuple[bool, Result | Exception]:
    try:
        return True, work()
    except Exception as error:  # noqa: BLE001  it is raised again in the parent
        return False, error


def _read(descriptor: int) -> Any:  # noqa: ANN401  what the caller's own work returned
    with os.fdopen(os.dup(descriptor), "rb") as pipe:
        try:
            fine, value = pickle.load(pipe)  # noqa: S301  written by our own fork
        except (EOFError, pickle.UnpicklingError) as error:
            raise WorkerDied("a scanning process ended without a result") from error
    if not fine:
        raise value
    return value
