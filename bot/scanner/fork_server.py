"""The process that workers are forked from: started with an empty environment, and with the engine in memory.

The standard library starts it, and starts it again when it is gone: then with this process's environment, which holds
secrets, and in the middle of a task.  So nothing is forked here but from a server that was started by :func:`start`.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import context, forkserver, spawn, util
from multiprocessing.popen_forkserver import Popen
from multiprocessing.process import BaseProcess
from typing import Any

PRELOADED = (
    "bot.scanner.configuration",
    "bot.scanner.tasks",
    "bot.engine.diff.compare",
    "bot.engine.fix_file",
    "bot.engine.removal",
    "bot.engine.scan",
    "bot.engine.source.newer",
    "bot.engine.rewrite",
    "bot.engine.rewrite.import_list",  # and with it LibCST, which a file's deadline has no time to load
    "pebble.pool.process",
)
"""Modules that every worker has in memory from the start, shared among them."""
FORKED_WITHIN = 20.0
"""Seconds after which a server that has not made a process is ended: it takes milliseconds, and nobody can go on."""


class ForkServerGone(OSError):
    """There is no server to fork from, or not the one that this process has started."""


class _Started:
    """The process id of the server that :func:`start` started."""

    pid: int | None = None
    users = 0
    """Pools that have their processes from it."""


def start() -> context.ForkServerContext:
    """What makes processes of a server without an environment; it is started if there is none."""
    if not is_ours():
        forkserver.set_forkserver_preload([*PRELOADED])
        _stop()  # one that is dead, frozen, or was not started here and has an environment
        with no_environment(), own_modules():
            forkserver.ensure_running()
        _Started.pid = process_id()
    _Started.users += 1
    return _Context()


def release() -> None:
    """What :func:`start` gave is not used any more."""
    _Started.users -= 1


def process_id() -> int | None:
    """Of the fork server that the standard library knows; it says so nowhere else."""
    found = getattr(forkserver, "_forkserver")._forkserver_pid  # noqa: B009 -- no public name
    return found if isinstance(found, int) else None


def is_ours() -> bool:
    """Whether the server runs, and is the one that was started here."""
    return _Started.pid is not None and _Started.pid == process_id() and _runs(_Started.pid)


def _runs(pid: int) -> bool:
    """Neither ended nor frozen.  Looks without taking the end away from the standard library, which waits for it."""
    if not hasattr(os, "waitid"):  # then a lost server is noticed when a worker is to be made
        return True
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False


def stop() -> None:
    """Ends the server that was started here, unless it is still used."""
    if _Started.users == 0 and is_ours():
        _stop()
        _Started.pid = None


def end_if_frozen() -> None:
    """Whoever waits for a process of a frozen server would wait for ever; once it is dead, all its processes are."""
    if not is_ours():
        _kill()


def _kill() -> None:
    pid = process_id()
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _stop() -> None:
    """Whatever server the standard library knows."""
    _kill()  # it waits for the end, and a frozen one hears nothing else
    getattr(forkserver, "_forkserver")._stop()  # noqa: B009 -- no public name


@contextmanager
def _in_time() -> Iterator[None]:
    timer = threading.Timer(FORKED_WITHIN, _kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class _Process(context.ForkServerProcess):
    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Popen:  # noqa: N802 -- the standard library's name
        if not is_ours():
            raise ForkServerGone("the fork server is gone")
        with no_main_program(), _in_time():
            return Popen(process_obj)


class _Context(context.ForkServerContext):
    Process = _Process


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


@contextmanager
def no_main_program() -> Iterator[None]:
    """A worker does not load the program that this process was started as, with all that it imports.

    The standard library has it loaded, under another name, in case what is to be run is defined there.
    """
    prepare = spawn.get_preparation_data

    def without_main(name: str) -> dict[str, Any]:
        return {key: value for key, value in prepare(name).items() if not key.startswith("init_main")}

    spawn.get_preparation_data = without_main
    try:
        yield
    finally:
        spawn.get_preparation_data = prepare


@contextmanager
def own_modules() -> Iterator[None]:
    """The fork server finds the modules that this process finds, and none in the current directory.

    The standard library starts it with ``python -c``, which looks in the current directory first, and passes over what
    cannot be imported: a package ``bot`` of the project in there would be run in place of ours, or ours be missing.
    """
    start_process = util.spawnv_passfds

    def start_with_path(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
        interpreter, *flags, program = args
        program = f"import sys; sys.path[:] = {sys.path!r}; {program}"
        return start_process(path, [interpreter, "-P", *flags, program], passfds)

    util.spawnv_passfds = start_with_path
    try:
        yield
    finally:
        util.spawnv_passfds = start_process
