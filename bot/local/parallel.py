"""Pure work on several cores: parts of it in forked processes, which inherit what they work on."""

import gc
import os
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")


class WorkerDied(Exception):
    """A worker ended without a result: killed, out of memory, or crashed in C code."""


def share(work: Callable[[Part], Result], parts: Sequence[Part]) -> Iterator[Result]:
    """``work`` of each part, in their order; all but the last part in a process of its own.

    The caller must have no other thread running.  Where processes cannot fork, the parts are done one after another.
    What ``work`` raises is raised here; raises `WorkerDied` if a process left no result.
    """
    if len(parts) < 2 or not hasattr(os, "fork"):
        with collection_paused():
            yield from map(work, parts)
        return
    sys.stdout.flush()
    sys.stderr.flush()
    workers = [_start(work, part) for part in parts[:-1]]
    try:
        with collection_paused():
            last = work(parts[-1])
        for _, descriptor in workers:
            yield _result(descriptor)
        yield last
    finally:
        for process, descriptor in workers:
            os.close(descriptor)  # a worker that still writes ends here, with a broken pipe
            os.waitpid(process, 0)


@contextmanager
def collection_paused() -> Iterator[None]:
    """No garbage collection while trees are built: looking through them again and again doubles the cost."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _start(work: Callable[[Part], Result], part: Part) -> tuple[int, int]:
    """Fork a worker; its process and the descriptor that its result can be read from."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _work(work, part, writing)
    os.close(writing)
    return process, reading


def _work(work: Callable[[Part], Result], part: Part, writing: int) -> NoReturn:
    """The worker's life: it ends without the parent's exit handlers, buffers and frames."""
    status = 1
    try:
        gc.disable()
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(_outcome(work, part), pipe, pickle.HIGHEST_PROTOCOL)
        status = 0
    finally:
        os._exit(status)


def _outcome(work: Callable[[Part], Result], part: Part) -> tuple[bool, Result | Exception]:
    try:
        return True, work(part)
    except Exception as error:  # noqa: BLE001  it is raised again in the parent
        return False, error


def _result(descriptor: int) -> Any:  # noqa: ANN401  what the caller's own work returned
    """What the worker returned; what it raised is raised."""
    with os.fdopen(os.dup(descriptor), "rb") as pipe:
        try:
            fine, value = pickle.load(pipe)  # noqa: S301  written by our own fork
        except (EOFError, pickle.UnpicklingError) as error:
            raise WorkerDied("a scanning process ended without a result") from error
    if not fine:
        raise value
    return value
