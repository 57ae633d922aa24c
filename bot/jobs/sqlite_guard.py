"""Whether what the writer commits is found again: asked before each group of writes, and before it is acknowledged."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot import sqlite_files
from bot.jobs.database import ConnectionStale
from bot.jobs.store import StoreCorrupt, StoreUnavailable
from bot.sqlite_files import FileMoved, FilesSeen, PinnedFile, Stamp, UnfitFile, means_damage, passes, structural_faults

if TYPE_CHECKING:
    from bot.jobs.sqlite import SqliteConnection

log = structlog.get_logger(__name__)

TRUNCATE_ABOVE = 64 * 1024 * 1024
"""Bytes of log above which it is cut when it is begun anew: a burst, or some large bodies."""


class DatabaseLocked(sqlite3.OperationalError):
    """Another connection reads it."""

    sqlite_errorcode = sqlite3.SQLITE_BUSY


class FileGuard:
    """Knows the file that was opened, and how this process left it.

    A change that was not made here is looked into: SQLite checks the whole file, once for each such change.  It costs
    one look before each group of writes, and one after it.  ``connect`` makes another connection.
    """

    def __init__(self, path: Path, connect: Callable[[], "SqliteConnection"]) -> None:
        """Raises ``StoreUnavailable`` when there is no such file, or it has several names."""
        self.path, self._connect = path, connect
        try:
            self._file = PinnedFile(path)
        except (UnfitFile, FileMoved) as error:
            raise StoreUnavailable(str(error)) from error
        self._checkpoint = threading.Lock()
        self._main, self._log = self._stamps()
        self._fault: tuple[tuple[Stamp, Stamp], str] | None = None
        """Of the files in this state: they are not looked into again."""
        self.generation = 0
        """Connections of an older one have pages in memory that are not those of the file."""
        self.close_readers: Callable[[], None] = lambda: None
        self._highest = 0
        self.log_is_long = False
        """The writer is to begin it anew before its next transaction."""

    def check(self) -> FilesSeen:
        """What is there now.

        Raises ``StoreUnavailable``: the path leads to another file or to none, or the files are known as damaged.
        """
        try:
            now = self._file.check()
        except FileMoved as error:
            raise StoreUnavailable(str(error)) from error
        if self._fault is not None and self._fault[0] == (now.main, now.log):
            raise StoreCorrupt(self._fault[1])
        return now

    def opened(self, connection: "SqliteConnection") -> None:
        """``connection`` has read the file; the first one has made its log."""
        now = self._file.look()
        connection.guard, connection.generation, connection.files = self, self.generation, now.ids
        if self._log is None:
            self._log = now.log

    def is_current(self, connection: "SqliteConnection", now: FilesSeen) -> bool:
        return connection.generation == self.generation and connection.files == now.ids

    def before(self, connection: "SqliteConnection") -> None:
        """Before a transaction.  Raises ``StoreUnavailable``, and ``ConnectionStale`` for one to be made anew."""
        now = self.check()
        if not self.is_current(connection, now):
            self._rescue(connection)
        if (self._main, self._log) != (now.main, now.log) and self._is_changed():
            self._look_into()

    def after(self, connection: "SqliteConnection", highest: int) -> None:
        """After a commit: what it wrote is acknowledged if this returns.  Raises as ``before`` does.

        ``highest`` is the highest number that was given to a delivery.
        """
        now = self.check()
        if not self.is_current(connection, now):
            self._rescue(connection)
        self._log, self._highest = now.log, highest

    def found_damage(self, error: sqlite3.DatabaseError) -> None:
        """A statement came upon it; the next may not, and would be acknowledged.  Raises ``StoreCorrupt``."""
        if means_damage(error):
            if self._fault is None:
                self._note(damaged(self.path, str(error)))
            raise StoreCorrupt(damaged(self.path, str(error))) from error

    @contextmanager
    def checkpointing(self) -> Iterator[None]:
        """The files change by our own doing.  Raises ``StoreUnavailable`` when they are not to be touched."""
        with self._checkpoint:
            self.check()
            if self._fault is not None:
                raise StoreCorrupt(self._fault[1])
            try:
                yield
            finally:
                self._main, log_ = self._stamps()
                if log_ is None or self._log is None or log_[0] < self._log[0]:
                    self._log = log_

    def restart_log(self, connection: "SqliteConnection") -> None:
        """Between two transactions of the writer, whose ``connection`` this is.  If it fails, the log goes on."""
        self.log_is_long = False
        cut = self._log is not None and self._log[0] > TRUNCATE_ABOVE
        try:
            with self.checkpointing():
                connection.execute(f"PRAGMA wal_checkpoint({'TRUNCATE' if cut else 'RESTART'})").fetchall()
        except sqlite3.OperationalError as error:
            log.warning("checkpoint_failed", error=str(error))

    def _is_changed(self) -> bool:
        """Not while a checkpoint runs: then the files change by our own doing."""
        if (self._main, self._log) == self._stamps() or not self._checkpoint.acquire(blocking=False):
            return False
        try:
            return (self._main, self._log) != self._stamps()
        finally:
            self._checkpoint.release()

    def _rescue(self, connection: "SqliteConnection") -> None:
        """The log that this connection writes has lost its name: bring what it holds into the database's file.

        Then there is nothing to lose in it, and a new connection begins a new log.
        """
        if connection.generation == self.generation:
            log.error("database_log_removed", path=str(self.path))
            with self._checkpoint:
                self._empty_log(connection)
                self._main, self._log = self._stamps()
            self.generation += 1
            self.close_readers()  # SQLite makes new files once the last connection to the old ones is closed
        raise ConnectionStale(f"{self.path}: its log was removed while the server ran")

    def _empty_log(self, connection: "SqliteConnection") -> None:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise DatabaseLocked("database is locked")

    def _look_into(self) -> None:
        """Raises ``StoreCorrupt``, and ``ConnectionStale`` when connections have old pages in memory."""
        before = self._stamps()[0]
        if (fault := self._fault_of()) is not None:
            self._note(fault)
            raise StoreCorrupt(fault)
        log.warning("database_changed_by_another_program", path=str(self.path))
        pages_changed = before != self._main
        (self._main, self._log), self._fault = self._stamps(), None
        if pages_changed:
            self.generation += 1
            raise ConnectionStale(f"{self.path} was changed by another program")

    def _note(self, fault: str) -> None:
        log.critical("database_damaged", path=str(self.path), fault=fault)
        self._fault = self._stamps(), fault

    def _fault_of(self) -> str | None:
        """As a new connection sees the files; ``None`` when they are sound, and all is in the database's file."""
        if not self.path.stat().st_size:
            return damaged(self.path, "it is empty")
        try:
            with closing(self._connect()) as fresh, self._checkpoint:
                found = structural_faults(fresh)
                if not found and last_number(fresh) < self._highest:
                    found = ["it is older than what the server wrote"]
                if not found:
                    self._empty_log(fresh)
        except sqlite3.DatabaseError as error:
            if passes(error):
                raise
            found = [str(error)]
        return None if not found else damaged(self.path, found[0])

    def _stamps(self) -> tuple[Stamp, Stamp]:
        now = self._file.look()
        return now.main, now.log


def damaged(path: Path, fault: str) -> str:
    return sqlite_files.damaged(path, fault, "GitHub is asked again for the deliveries of three days")


def last_number(connection: sqlite3.Connection) -> int:
    """The highest that a delivery ever had, also of those that were deleted."""
    rows = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'deliveries'").fetchall()
    return int(rows[0][0]) if rows else 0
