"""What a worker may be driven to, each as a function that a worker can import."""

import faulthandler
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn


def echo(value: object) -> object:
    return value


def process_id(_: object = None) -> int:
    return os.getpid()


def exit_at_once(_: object = None) -> NoReturn:
    os._exit(3)


def segfault(_: object = None) -> None:
    faulthandler._sigsegv()  # type: ignore[attr-defined]  # there for such tests


def be_killed(_: object = None) -> None:
    """As the kernel does it to whoever has the memory."""
    signal.raise_signal(signal.SIGKILL)


def spin(_: object = None) -> NoReturn:
    while True:
        pass


def spin_without_the_interpreter(_: object = None) -> None:
    """One call into C that runs for minutes and looks at no signal."""
    pow(3, 10**9)


def hoard(_: object = None) -> int:
    return len(bytearray(4 << 30))


def return_much(_: object = None) -> list[bytes]:
    return [bytes(1 << 20) for _ in range(21)]


def recurse(depth: int = 0) -> int:
    return recurse(depth + 1)


def raise_value_error(_: object = None) -> NoReturn:
    raise ValueError("a defect")


def return_unpicklable(_: object = None) -> object:
    return lambda: None


def environment(_: object = None) -> dict[str, str]:
    return dict(os.environ)


def limits(_: object = None) -> dict[str, int]:
    """The soft limits of the process that runs this; memory and file size in bytes, CPU in seconds."""
    kinds = {
        "memory": resource.RLIMIT_AS,
        "cores": resource.RLIMIT_CORE,
        "file size": resource.RLIMIT_FSIZE,
        "processes": resource.RLIMIT_NPROC,
        "files": resource.RLIMIT_NOFILE,
        "cpu": resource.RLIMIT_CPU,
    }
    return {name: resource.getrlimit(kind)[0] for name, kind in kinds.items()}


def modules(_: object = None) -> set[str]:
    return set(sys.modules)


def open_for_writing(path: str) -> None:
    Path(path).write_text("x")


def open_for_reading(path: str) -> str:
    return Path(path).read_text()


def start_process(_: object = None) -> None:
    subprocess.run(["true"], check=True)


def replace_process(_: object = None) -> None:
    os.execv("/bin/true", ["true"])  # noqa: S606 -- the point is that it is refused


def fork(_: object = None) -> int:
    return os.fork()


def open_socket(_: object = None) -> None:
    socket.socket().close()


def delete(path: str) -> None:
    Path(path).unlink()


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def nap() -> str:
    """Takes a second, and none of it from a processor."""
    time.sleep(1)
    return "rested"
