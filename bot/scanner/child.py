"""Code of a worker process: it confines itself, then runs pure functions on untrusted source.

Nothing here is a sandbox against code that *runs* in the process: no such code does, source is only parsed.  It bounds
the damage of a parser (time, memory, crashes), and is a second barrier in case of a defect in it.
"""

import ctypes
import gc
import math
import os
import pickle
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

MEMORY_EXIT = 77
"""The exit status of a worker that ran out of memory: it is replaced, because its heap may be inconsistent."""
LARGEST_RESULT = 20 << 20
"""Bytes of a result as it is sent: as values it takes up to nine times as much.  A fixed file is in it twice."""
OPEN_FILES = 64
PR_SET_PDEATHSIG = 1
"""https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
SOURCES = (".py", ".pyc", ".so")
FORBIDDEN = (
    "ctypes.dlopen",
    "ftplib.",
    "mmap.",
    "os.chdir",
    "os.chmod",
    "os.chown",
    "os.exec",
    "os.fork",
    "os.kill",
    "os.link",
    "os.mkdir",
    "os.posix_spawn",
    "os.putenv",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.setxattr",
    "os.spawn",
    "os.symlink",
    "os.system",
    "os.truncate",
    "os.utime",
    "pty.",
    "shutil.",
    "signal.pthread_kill",
    "socket.",
    "sqlite3.",
    "subprocess.",
    "syslog.",
    "urllib.",
)
"""Audit events (prefixes) that no parser has a reason for: https://docs.python.org/3/library/audit_events.html"""


class LargeResult(Exception):
    """A result that would take too much memory where it was asked for."""


class ForbiddenCall(PermissionError):
    """The process tried to reach outside itself."""


def confine(memory: int) -> None:
    """Run once in every new worker, before it sees any source.

    ``memory`` bounds its address space, in bytes.  Refuses to work (the worker exits, the pool reports it) when the
    process was started with an environment: the parent's holds secrets.
    """
    refuse_environment()
    silence()
    end_with_the_fork_server()
    for number in (signal.SIGTERM, signal.SIGPROF):  # a handler waits for the interpreter, which a parser blocks
        signal.signal(number, signal.SIG_DFL)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_FSIZE, 0)
    limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    limit(resource.RLIMIT_NPROC, 0)
    if sys.platform != "darwin":  # there it counts what the system maps into every process, and is refused
        limit(resource.RLIMIT_AS, memory)
    gc.freeze()
    sys.addaudithook(refuse)


def refuse_environment(inherited: Path = Path("/proc/self/environ")) -> None:
    """``inherited`` is what the kernel keeps of it; Python's view also holds what start-up and imports have set."""
    if inherited.exists() and inherited.read_bytes().strip(b"\0"):
        raise ForbiddenCall("a worker was started with an environment")
    os.environ.clear()


def end_with_the_fork_server() -> None:
    """Without it nobody learns of this process's end, nor would end it: it may be frozen, or in an endless parser."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def silence() -> None:
    """Discard the output of a crashing parser: it helps nobody and may quote the source."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.close(nothing)


def limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def refuse(event: str, args: tuple[object, ...]) -> None:
    """The audit hook: no processes, no sockets, no files but the modules that an import reads."""
    if event == "open":
        path, _, flags = args
        if isinstance(flags, int) and flags & WRITING:
            raise ForbiddenCall(f"open of {path!r} for writing")
        if isinstance(path, (str, bytes)) and not os.fsdecode(path).endswith(SOURCES):
            raise ForbiddenCall(f"open of {path!r}")
    elif event.startswith(FORBIDDEN):
        raise ForbiddenCall(event)


def breathe() -> None:
    """The least that a worker can do."""


def run(function: Callable[..., T], args: tuple[object, ...], seconds: float) -> T:
    """``function(*args)`` within ``seconds`` of CPU: then the kernel ends the process.

    It is the worker's own time that counts, so that a busy machine makes no file too complex.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + math.ceil(seconds) + 2, hard))
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        result = function(*args)
        if _size(result) > LARGEST_RESULT:
            raise LargeResult
        return result
    except MemoryError:
        os._exit(MEMORY_EXIT)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _size(result: object) -> int:
    """Bytes as it is sent; 0 for what cannot be sent, which ends the worker when it tries."""
    try:
        return len(pickle.dumps(result, pickle.HIGHEST_PROTOCOL))
    except (pickle.PicklingError, AttributeError, TypeError):
        return 0
