"""The queue in one SQLite file: durable commits, and one process."""

import asyncio
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from bot.domain.errors import SettingsError
from bot.jobs import partitions, schema, sql
from bot.jobs.checkpoint import Checkpointer
from bot.jobs.lock import ProcessLock
from bot.jobs.sqlstore import SqlStore
from bot.jobs.store import Heard, StoreCorrupt, StoreUnavailable


class SqliteConnection(sqlite3.Connection):
    """No other process uses the file: nothing is locked by others, and nobody has to be notified."""

    skip_locked = ""
    synchronous = "FULL"

    def begin(self, *, durable: bool) -> None:
        """Only what was acknowledged has to be on disk; any other step that a power cut undoes is repeated.

        https://www.sqlite.org/pragma.html#pragma_synchronous
        """
        requested = "FULL" if durable else "NORMAL"
        if requested != self.synchronous:
            self.execute(f"PRAGMA synchronous={requested}")
            self.synchronous = requested
        self.execute("BEGIN IMMEDIATE")

    def notify(self, message: str) -> None:
        return


class SqliteFile:
    """See ``Database``.  ``busy_timeout``: the seconds that a write waits for a lock before it fails."""

    remote = False
    unavailable: tuple[type[Exception], ...] = (sqlite3.OperationalError,)
    conflicts: tuple[type[Exception], ...] = ()
    faults: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, path: Path, busy_timeout: float) -> None:
        self._path, self._busy_timeout = path, busy_timeout

    def connect(self) -> SqliteConnection:
        connection = sqlite3.connect(
            self._path,
            timeout=self._busy_timeout,
            isolation_level=None,
            factory=SqliteConnection,
            check_same_thread=False,  # the reader's connection is closed by another thread
        )
        try:
            configure(connection)
        except sqlite3.Error:
            connection.close()
            raise
        return connection


class SqliteStore(SqlStore):
    """See ``Store``."""

    ttl: float | None = None

    def __init__(self, path: Path, *, busy_timeout: float = 2.0) -> None:
        self._path, self._file = path, SqliteFile(path, busy_timeout)
        super().__init__(self._file, "this process")
        self._lock = ProcessLock(path.with_name(path.name + ".lock"))
        self._checkpointer = Checkpointer(self._file.connect, path.with_name(path.name + "-wal"))

    async def open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(self._prepare)
        self._start_writer(self._checkpointer.notify)
        self._checkpointer.start()
        await self.heartbeat(())

    async def close(self) -> None:
        await self._stop()
        await asyncio.to_thread(self._checkpointer.stop)
        self._lock.release()

    def listen(self, heard: Heard) -> None:
        """There are no other processes to listen to."""

    def heartbeat(self, running: Collection[int]) -> asyncio.Future[int]:
        mine = frozenset(running)
        return self._writer.submit(lambda c: sql.release(c, [seq for seq, _ in sql.running(c) if seq not in mine]))

    def _prepare(self) -> None:
        self._lock.acquire()
        try:
            with closing(self._file.connect()) as connection:
                if faults := integrity_faults(connection):
                    raise StoreCorrupt(f"{self._path} is damaged ({faults[0]}): restore it, or move it away")
        except StoreUnavailable:
            self._lock.release()
            raise
        except sqlite3.Error as error:
            self._lock.release()
            raise self._fault(error) from error

    def _fault(self, error: Exception) -> StoreUnavailable:
        return _unavailable(self._path, error)


def configure(connection: SqliteConnection) -> None:
    """Durable commits, checkpoints elsewhere, the schema in place."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > schema.VERSION:
        raise sqlite3.DatabaseError(f"schema version {version} is newer than this program's {schema.VERSION}")
    if version < schema.VERSION:
        _upgrade(connection, version)


def _upgrade(connection: SqliteConnection, version: int) -> None:
    """All of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in schema.statements(version, schema.SQLITE):
        connection.execute(statement)
    if 0 < version <= schema.BY_NAME_UNTIL:
        partitions.convert(connection)
    connection.execute(f"PRAGMA user_version={schema.VERSION}")
    connection.execute("COMMIT")


def integrity_faults(connection: sqlite3.Connection) -> list[str]:
    """What SQLite's quick check finds; empty when the file is sound."""
    found = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    return [] if found == ["ok"] else found


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
    address = f"{path.resolve().as_uri()}?mode={'rw' if writable else 'ro'}"
    try:
        connection = sqlite3.connect(address, uri=True, timeout=2.0, isolation_level=None, factory=SqliteConnection)
    except sqlite3.Error as error:
        raise _unavailable(path, error) from error
    try:
        connection.execute("SELECT 1 FROM deliveries LIMIT 1").fetchall()
    except sqlite3.Error as error:
        connection.close()
        raise _unavailable(path, error) from error
    return connection


def _unavailable(path: Path, error: Exception) -> StoreUnavailable:
    text = str(error)
    damaged = "malformed" in text or "not a database" in text
    return (StoreCorrupt if damaged else StoreUnavailable)(f"{path}: {text}")
