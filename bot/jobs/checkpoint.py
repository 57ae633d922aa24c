"""Checkpoints SQLite's write-ahead log, in a thread and on a connection of its own.

SQLite's automatic checkpoint runs in the writer: after every thousand pages an acknowledgement would wait for it.
"""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot.jobs.store import StoreUnavailable

if TYPE_CHECKING:
    from bot.jobs.sqlite import SqliteFile

log = structlog.get_logger(__name__)

INTERVAL = 2.0
"""Seconds between two checkpoints while there are writes; without writes the thread sleeps."""
TRUNCATE_ABOVE = 64 * 1024 * 1024
"""Bytes of log above which the writer is made to wait, so that the log cannot grow without end."""


class Checkpointer:
    def __init__(self, file: "SqliteFile", wal: Path, *, interval: float = INTERVAL) -> None:
        self._file, self._wal, self._interval = file, wal, interval
        self._written = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ssot-checkpoint", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._written.set()
        if self._thread.is_alive():
            self._thread.join()

    def notify(self) -> None:
        """Something was committed."""
        self._written.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._written.wait()
            if not self._stop.wait(self._interval):
                self._written.clear()
                self._checkpoint()

    def _checkpoint(self) -> None:
        try:
            with self._file.guard.checkpointing(), closing(self._file.connect()) as connection:
                big = self._wal.exists() and self._wal.stat().st_size > TRUNCATE_ABOVE
                connection.execute(f"PRAGMA wal_checkpoint({'TRUNCATE' if big else 'PASSIVE'})").fetchall()
        except (sqlite3.Error, OSError, StoreUnavailable) as error:
            log.warning("checkpoint_failed", error=str(error))
