"""One process for each SQLite database: an advisory lock on a file beside it, released when the process ends."""

import fcntl
import os
from pathlib import Path

from bot.jobs.store import StoreInUse, StoreUnavailable


class ProcessLock:
    """``flock`` on ``path``; the file names the holder's process id for people and is never removed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def acquire(self) -> None:
        """Raises ``StoreInUse`` when another process (or another store of this one) holds it."""
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnavailable(f"{self._path}: {error.strerror}") from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(fd, 0)
            os.write(fd, f"{os.getpid()}\n".encode())
        except BlockingIOError as error:
            holder = os.read(fd, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            text = f"{self._path}: locked by process {holder}; stop it or use another data directory"
            raise StoreInUse(text) from error
        except OSError as error:
            os.close(fd)
            raise StoreUnavailable(f"{self._path}: {error.strerror}") from error
        self._fd = fd

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
