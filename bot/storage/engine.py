"""The connection to the database: where it is, how it is opened, and how a transaction begins.

Connections commit each statement by itself, so that no lock is held while Python thinks; the few places that need more
than one statement say so with :func:`transaction`.  Both drivers are used as they are: a library above them that knows
every database took a fifth of the server's memory, and more time to write a statement than SQLite to execute it.
"""

import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bot.domain.errors import SettingsError
from bot.postgres_session import CONNECTING, SESSION
from bot.sqlite_files import FileId, FilesSeen, PinnedFile, file_ids

if TYPE_CHECKING:
    import psycopg

BUSY_MS = 5_000
"""How long SQLite waits for another connection's write, in milliseconds."""
_KEPT, _MOST, _PATIENCE = 5, 15, 30.0
"""Connections that are kept open, those that may be open at once, and the seconds that a thread waits for one."""
_FILE = "records.db"
"""The file's name from before it held documents, too."""


def storage_url(database_url: str) -> str:
    """Where the storage of a server with this ``SSOT_DATABASE_URL`` is.

    In the same PostgreSQL database; with SQLite in a file of its own beside the queue's, so that neither waits for the
    other's write lock.
    """
    scheme, _, path = database_url.partition(":///")
    return f"sqlite:///{Path(path).with_name(_FILE)}" if scheme == "sqlite" else database_url


class Rows(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...  # noqa: ANN401 - a tuple of the statement's columns

    def fetchall(self) -> list[Any]: ...


class StorageConnection(Protocol):
    """Of either database; values stand as ``?`` in a statement."""

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Rows: ...

    def close(self) -> None: ...


class NoConnection(OSError):
    """None became free in time."""


class Pin:
    """The file that a SQLite engine opened, once it is known: none other is taken for it."""

    def __init__(self) -> None:
        self.file: PinnedFile | None = None

    def check(self) -> FilesSeen | None:
        """What is there now, once the file is known.  Raises ``FileMoved``."""
        return None if self.file is None else self.file.check()


class StorageEngine(ABC):
    """Makes connections and keeps some; any number of threads may ask, and each connection is used by one of them."""

    sqlite: bool
    file: Path | None
    """SQLite's file."""
    faults: tuple[type[Exception], ...]
    """What the driver raises, a wrong statement included."""
    defects: tuple[type[Exception], ...]
    """What it raises of a wrong statement."""
    conflicts: tuple[type[Exception], ...]
    """What it raises when another process has made the same thing at the same moment."""

    def __init__(self) -> None:
        self._kept: list[StorageConnection] = []
        self._room = threading.BoundedSemaphore(_MOST)

    @abstractmethod
    def _connect(self) -> StorageConnection: ...

    @abstractmethod
    def _is_usable(self, connection: StorageConnection) -> bool:
        """Whether a kept connection can be used again."""
        ...

    @contextmanager
    def connect(self) -> Iterator[StorageConnection]:
        """A connection for this thread; after an error it is closed, which rolls back what is unfinished."""
        if not self._room.acquire(timeout=_PATIENCE):
            raise NoConnection(f"no connection became free in {_PATIENCE:g} s")
        try:
            connection = self._kept_one() or self._connect()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            if len(self._kept) < _KEPT:
                self._kept.append(connection)
            else:
                connection.close()
        finally:
            self._room.release()

    def _kept_one(self) -> StorageConnection | None:
        while True:
            try:
                connection = self._kept.pop()
            except IndexError:  # another thread may have been faster than any question
                return None
            usable = False
            try:
                if usable := self._is_usable(connection):
                    return connection
            finally:
                if not usable:
                    connection.close()

    def dispose(self) -> None:
        """Close what is kept."""
        while self._kept:
            self._kept.pop().close()


class _SqliteConnection(sqlite3.Connection):
    files: tuple[FileId, ...] = ()


class SqliteStorageEngine(StorageEngine):
    sqlite = True
    faults: tuple[type[Exception], ...] = (sqlite3.Error,)
    defects: tuple[type[Exception], ...] = (sqlite3.ProgrammingError,)
    conflicts: tuple[type[Exception], ...] = (sqlite3.IntegrityError,)

    def __init__(self, path: Path, pin: Pin) -> None:
        super().__init__()
        self.file: Path = path
        self._pin = pin

    def _connect(self) -> _SqliteConnection:
        self._pin.check()  # SQLite would make a new file in place of one that is gone
        connection = sqlite3.connect(
            self.file,
            timeout=BUSY_MS / 1_000,
            isolation_level=None,
            check_same_thread=False,  # one thread after the other uses it
            factory=_SqliteConnection,
        )
        try:
            for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
            connection.files = file_ids(self.file)
        except BaseException:
            connection.close()
            raise
        return connection

    def _is_usable(self, connection: StorageConnection) -> bool:
        assert isinstance(connection, _SqliteConnection)  # noqa: S101  # for the type checker: `_connect` made it
        now = self._pin.check()
        ids = file_ids(self.file) if now is None else now.ids
        if connection.files[0] is None or connection.files == ids:
            return True
        # Its log has lost its name: what that holds is brought into the file, and a new connection begins anew.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return False


class _PostgresConnection:
    def __init__(self, raw: "psycopg.Connection[Any]") -> None:
        self._raw = raw

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Rows:
        return self._raw.execute(_numbered(query), values)

    def close(self) -> None:
        self._raw.close()


class PostgresStorageEngine(StorageEngine):
    sqlite = False
    file: Path | None = None

    def __init__(self, url: str) -> None:
        import psycopg

        super().__init__()
        self._url = url
        self.faults: tuple[type[Exception], ...] = (psycopg.Error,)
        self.defects: tuple[type[Exception], ...] = (psycopg.ProgrammingError,)
        # A table that another process has just made is a wrong statement to psycopg.
        self.conflicts: tuple[type[Exception], ...] = (psycopg.IntegrityError, psycopg.ProgrammingError)

    def _connect(self) -> _PostgresConnection:
        import psycopg

        try:
            # libpq's options are text
            raw = psycopg.connect(self._url, autocommit=True, **CONNECTING)  # type: ignore[arg-type]
        except psycopg.ProgrammingError:  # its text quotes the address, with the password
            raise SettingsError("SSOT_DATABASE_URL is not an address of PostgreSQL") from None
        try:
            raw.execute(SESSION)
        except psycopg.Error:
            raw.close()
            raise
        return _PostgresConnection(raw)

    def _is_usable(self, connection: StorageConnection) -> bool:
        """The server may have been restarted since."""
        try:
            connection.execute("SELECT 1")
        except self.faults:
            return False
        return True


@lru_cache(maxsize=256)
def _numbered(query: str) -> bytes:
    return query.replace("?", "%s").encode()


def engine_of(url: str, pin: Pin | None = None) -> StorageEngine:
    """The engine of a ``sqlite:///path`` or ``postgresql://…`` URL; it connects to nothing yet.

    Raises ``SettingsError`` for another URL.  No error of the engine shows the URL or a value.
    """
    if url.startswith(("postgresql://", "postgres://")):
        return PostgresStorageEngine(url)
    if not url.startswith("sqlite:///"):
        raise SettingsError("SSOT_DATABASE_URL must be sqlite:///path or postgresql://…")
    return SqliteStorageEngine(Path(url.removeprefix("sqlite:///")), pin or Pin())


@contextmanager
def transaction(engine: StorageEngine) -> Iterator[StorageConnection]:
    """All statements or none.  With SQLite the write lock is taken at once: a later one could not be waited for."""
    with engine.connect() as connection:
        connection.execute("BEGIN IMMEDIATE" if engine.sqlite else "BEGIN")
        yield connection
        # After an error this is not reached: the connection is closed.
        connection.execute("COMMIT")
