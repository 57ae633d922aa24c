"""The queue in one SQLite file: durable commits, and one process."""

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bot.domain.errors import SettingsError
from bot.jobs import partitions, schema, sql
from bot.jobs import sqlite_statements as statements
from bot.jobs.checkpoint import Checkpointer
from bot.jobs.database import Connection
from bot.jobs.lock import ProcessLock
from bot.jobs.model import Job, State, Work
from bot.jobs.sql import COLUMNS
from bot.jobs.sqlite_guard import FileGuard, damaged, last_number
from bot.jobs.sqlite_statements import Claimed, Ending
from bot.jobs.sqlstore import SqlStore, T
from bot.jobs.store import Claim, StoreCorrupt, StoreInUse, StoreUnavailable
from bot.sqlite_files import FileId, UnfitFile, at_last, means_damage, refuse_unfit, structural_faults

_NONE: Mapping[int, bytes] = MappingProxyType({})
READER_PATIENCE = 10.0
"""Seconds that the writer gives the reader to end its query."""


class SqliteConnection(sqlite3.Connection):
    """See ``Connection``."""

    jobs = "deliveries"
    time = "?"
    synchronous = "FULL"

    guard: FileGuard | None = None
    """Of a server's file; a tool beside it has none."""
    generation = 0
    files: tuple[FileId, ...] = ()

    def begin(self, *, durable: bool) -> None:
        """Only what was acknowledged has to be on disk; any other step that a power cut undoes is repeated.

        https://www.sqlite.org/pragma.html#pragma_synchronous
        """
        if self.guard is not None:
            self.guard.before(self)
            if self.guard.log_is_long:
                self.guard.restart_log(self)
        requested = "FULL" if durable else "NORMAL"
        if requested != self.synchronous:
            self.execute(f"PRAGMA synchronous={requested}")
            self.synchronous = requested
        self.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        if self.guard is None:
            self.execute("COMMIT")
            return
        highest = last_number(self)  # within the transaction: another one would look for its pages again
        self.execute("COMMIT")
        self.guard.after(self, highest)

    def execute(self, query: str, values: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401  # as sqlite3 has it
        try:
            return super().execute(query, values)
        except sqlite3.DatabaseError as error:
            if self.guard is not None:
                self.guard.found_damage(error)
            raise

    def until(self, at: datetime | None, now: datetime) -> float | None:
        """As it is told: one process has the file, and notices when its clock was set back."""
        return sql.seconds(at)

    def retry(self, seq: int) -> bool:
        self.execute("SAVEPOINT retry")  # within the writer's transaction, or one of its own
        try:
            return statements.retry(self, seq)
        except sqlite3.Error:
            self.execute("ROLLBACK TO retry")
            raise
        finally:
            self.execute("RELEASE retry")


class SqliteFile:
    """See ``Database``.  ``busy_timeout``: the seconds that a write waits for a lock before it fails."""

    remote = False
    unavailable: tuple[type[Exception], ...] = (sqlite3.OperationalError,)
    conflicts: tuple[type[Exception], ...] = ()
    faults: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, path: Path, busy_timeout: float) -> None:
        self._path, self._busy_timeout = path, busy_timeout
        self._guard: FileGuard | None = None

    @property
    def guard(self) -> FileGuard:
        """Once the file is pinned."""
        if self._guard is None:
            raise StoreUnavailable(f"{self._path} is not open")
        return self._guard

    def create(self) -> SqliteConnection:
        """The first connection: it makes the file, or brings its tables up to date."""
        connection = self._open("rwc")
        try:
            configure(connection)
            upgrade(connection)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def pin(self) -> None:
        """From now on, this file and no other.  Raises ``StoreUnavailable``."""
        self._guard = FileGuard(self._path, self.connect)

    def connect(self) -> SqliteConnection:
        guard = self.guard
        guard.check()  # SQLite would make a new file in place of one that is gone
        connection = self._open("rw")
        try:
            configure(connection)
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version != schema.VERSION:
                raise sqlite3.DatabaseError(
                    f"schema version {version} instead of {schema.VERSION}: not a database of ours"
                )
            guard.opened(connection)
            guard.check()
        except sqlite3.DatabaseError as error:
            connection.close()
            guard.found_damage(error)
            raise
        except StoreUnavailable:
            connection.close()
            raise
        return connection

    def _open(self, mode: str) -> SqliteConnection:
        return sqlite3.connect(
            f"{self._path.as_uri()}?mode={mode}",
            uri=True,
            timeout=self._busy_timeout,
            isolation_level=None,
            factory=SqliteConnection,
            check_same_thread=False,  # the reader's connection is closed by another thread
        )


class SqliteStore(SqlStore[Claim]):
    """See ``Store``; what is for ``SqliteWorker`` is described there."""

    def __init__(self, path: Path, *, busy_timeout: float = 2.0) -> None:
        # The file itself, whatever link leads to it: its log and its lock lie beside it.
        self._path = path = at_last(path)
        self._file = SqliteFile(path, busy_timeout)
        super().__init__(self._file)
        self._lock = ProcessLock(path.with_name(path.name + ".lock"))
        self._checkpointer = Checkpointer(self._file)

    async def open(self) -> None:
        await asyncio.to_thread(self._prepare)
        self._start_writer(self._checkpointer.notify)
        self._checkpointer.start()
        await self.release(())

    async def close(self) -> None:
        await self._stop()
        await asyncio.to_thread(self._checkpointer.stop)
        self._lock.release()

    def begin_routing(self, seq: int) -> asyncio.Future[int]:
        """Count an attempt to find the partition of a queued delivery; returns how many there were.

        0: it has one by now, or has ended.
        """
        return self._writer.submit(lambda c: statements.begin_routing(c, seq))

    def route(self, seq: int, work: Work) -> asyncio.Future[None]:
        """Give a queued delivery its partition: only then can it be claimed."""
        return self._writer.join(statements.route, (seq, work))

    def settle(self, seq: int, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]:
        return self._writer.submit(lambda c: statements.settle(c, seq, state, reason, at))

    def claim(self, limit: int, now: datetime, bodies: Mapping[int, bytes] = _NONE) -> asyncio.Future[Claimed]:
        """Take what may begin: the first job of each partition in which none runs, the oldest first.

        ``bodies``: those that are in memory, by ``seq``.
        """
        return self._writer.submit(lambda c: statements.claim(c, limit, now, bodies))

    def release(self, held: Collection[int]) -> asyncio.Future[int]:
        """Queue again what is marked as running and is not held; the number of jobs."""
        mine = frozenset(held)
        return self._writer.submit(lambda c: statements.release(c, mine))

    def finish(self, claim: Claim, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]:
        return self._writer.join(statements.finish, Ending(seq=claim.job.seq, state=state, reason=reason, at=at))

    def requeue(self, claim: Claim, next_at: datetime | None, reason: str, *, counts: bool) -> asyncio.Future[bool]:
        return self._writer.submit(lambda c: statements.requeue(c, claim.job.seq, next_at, reason, counts=counts))

    def run_now(self) -> asyncio.Future[None]:
        return self._writer.submit(statements.run_now)

    def set_back(self, seconds: float) -> asyncio.Future[None]:
        """The clock was: what waits for a time waits as long as before."""
        return self._writer.submit(lambda c: statements.set_back(c, seconds))

    def clean(self, states: Sequence[State], before: datetime, limit: int) -> asyncio.Future[int]:
        return self._writer.submit(lambda c: statements.clean(c, states, before, limit))

    async def unrouted(self) -> list[Job]:
        """Deliveries that have no partition yet, by ``seq``; at most 1,000."""
        return await self._read(statements.unrouted)

    async def bodies_below(self, size: int, seqs: Sequence[int]) -> dict[int, bytes]:
        """Those bodies that are shorter than ``size`` bytes and whole, by ``seq``."""
        return await self._read(lambda c: sql.bodies_below(c, size, seqs))

    def _prepare(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            refuse_unfit(self._path)
            with closing(self._file.create()) as connection:
                if faults := structural_faults(connection):
                    raise StoreCorrupt(damaged(self._path, faults[0]))
            self._file.pin()
            self._file.guard.close_readers = self._close_reader
        except UnfitFile as error:
            self._lock.release()
            raise StoreInUse(str(error)) from error
        except StoreUnavailable:
            self._lock.release()
            raise
        except sqlite3.Error as error:
            self._lock.release()
            raise self._fault(error) from error

    def _close_reader(self) -> None:
        """Called by the writer."""
        self._reader.submit(self._end_reading).result(READER_PATIENCE)

    def _ask(self, query: Callable[[Connection], T]) -> T:
        """A kept connection may have read a file that is no longer there."""
        guard = self._file.guard
        now = guard.check()
        if isinstance(self._reading, SqliteConnection) and not guard.is_current(self._reading, now):
            self._end_reading()
        return super()._ask(query)

    def _fault(self, error: Exception) -> StoreUnavailable:
        return _unavailable(self._path, error)


def configure(connection: SqliteConnection) -> None:
    """Durable commits, checkpoints elsewhere."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=0")


def upgrade(connection: SqliteConnection) -> None:
    """The schema in place."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > schema.VERSION:
        raise sqlite3.DatabaseError(f"schema version {version} is newer than this program's {schema.VERSION}")
    if version < schema.VERSION:
        _upgrade(connection, version)
    connection.execute("DROP INDEX IF EXISTS deliveries_unrouted")  # older programs made it, and can do without


def _upgrade(connection: SqliteConnection, version: int) -> None:
    """All of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in schema.statements(version):
        connection.execute(statement)
    if 0 < version <= schema.BY_NAME_UNTIL:
        partitions.convert(connection)
    connection.execute(f"PRAGMA user_version={schema.VERSION}")
    connection.execute("COMMIT")


def path_of(database_url: str) -> Path:
    """The file of a ``sqlite:///path`` URL.  Raises ``SettingsError`` for another database."""
    scheme, _, path = database_url.partition(":///")
    if scheme != "sqlite" or not path:
        raise SettingsError("SSOT_DATABASE_URL must be sqlite:///path or postgresql://…")
    return Path(path)


def existing(path: Path, *, writable: bool = False) -> SqliteConnection:
    """A connection to a database that a server may be using; it is not created.  Raises ``StoreUnavailable``."""
    if not path.exists():
        raise StoreUnavailable(f"{path} does not exist: no server has run with this database yet")
    address = f"{at_last(path).as_uri()}?mode={'rw' if writable else 'ro'}"
    try:
        connection = sqlite3.connect(address, uri=True, timeout=2.0, isolation_level=None, factory=SqliteConnection)
        connection.execute("PRAGMA wal_autocheckpoint=0")  # that is the server's
    except sqlite3.Error as error:
        raise _unavailable(path, error) from error
    try:
        connection.execute(f"SELECT {COLUMNS} FROM deliveries LIMIT 1").fetchall()  # noqa: S608  # a constant
    except sqlite3.Error as error:
        connection.close()
        raise _unavailable(path, error) from error
    return connection


_SENTENCES = {
    "no such column": "has the tables of an older version: start the server once, which brings them up to date",
    "no such table": "is not a database of ssot: it has none of its tables",
    "unable to open": "cannot be opened: check the path and its permissions",
    "locked": "is locked by another program",
    "readonly": "cannot be written: check the permissions of the file and its directory",
    "disk is full": "cannot be written: the disk is full",
    "disk i/o error": "cannot be read or written: the disk reports an error",
}
"""What SQLite says, and what that means; of a damaged file its own words stay."""


def _unavailable(path: Path, error: Exception) -> StoreUnavailable:
    if isinstance(error, StoreUnavailable):
        return error
    text = str(error)
    if means_damage(error):
        return StoreCorrupt(damaged(path, text))
    meant = next((said for words, said in _SENTENCES.items() if words in text.lower()), None)
    return StoreUnavailable(f"{path} {meant}" if meant else f"{path}: {text}")
