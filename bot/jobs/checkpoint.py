"""Checkpoints SQLite's write-ahead log, in a thread and on a connection of its own.

SQLite's automatic checkpoint runs in the writer: after every thousand pages an acknowledgement would wait for it.

A log that is written over from its beginning takes one flush of the disk for each commit, one that grows takes several:
so it is begun anew before it is long, and keeps its length.
"""

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import structlog

from bot.jobs.store import StoreUnavailable

if TYPE_CHECKING:
    from bot.jobs.sqlite import SqliteFile

log = structlog.get_logger(__name__)

INTERVAL = 2.0
"""Seconds between two checkpoints while there are writes; without writes the thread sleeps."""
SOONER = 1_000
"""Writes after which it does not wait for the interval."""
RESET_ABOVE = 4_096
"""Pages in the log above which the writer is asked to bring the last ones into the file itself, and to begin the log
anew: while it goes on without a pause, there is always a page that is not yet there."""


class Checkpointer:
    def __init__(self, file: "SqliteFile", *, interval: float = INTERVAL) -> None:
        self._file, self._interval = file, interval
        self._written, self._at_once, self._stop = threading.Event(), threading.Event(), threading.Event()
        self._writes = 0
        self._thread = threading.Thread(target=self._run, name="ssot-checkpoint", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._at_once.set()
        self._written.set()
        if self._thread.is_alive():
            self._thread.join()

    def notify(self, writes: int) -> None:
        """So many writes were committed; called in the writer's thread."""
        self._writes += writes
        if not self._written.is_set():
            self._written.set()
        if self._writes >= SOONER:
            self._writes = 0
            self._at_once.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._written.wait()
            self._at_once.wait(self._interval)
            if not self._stop.is_set():
                self._written.clear()
                self._at_once.clear()
                self._checkpoint()

    def _checkpoint(self) -> None:
        try:
            with self._file.guard.checkpointing(), closing(self._file.connect()) as connection:
                _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._file.guard.log_is_long = pages > RESET_ABOVE
        except (sqlite3.Error, OSError, StoreUnavailable) as error:
            log.warning("checkpoint_failed", error=str(error))
