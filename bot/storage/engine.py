"""The connection to the database: where it is, how it is opened, and how a transaction begins.

Connections commit each statement by itself, so that no lock is held while Python thinks; the few places that need more
than one statement say so with :func:`transaction`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from bot.domain.errors import SettingsError
from bot.sqlite_files import FilesSeen, PinnedFile, file_ids

BUSY_MS = 5_000
"""How long SQLite waits for another connection's write, in milliseconds."""
_POOL = 5
"""Connections that are kept open; up to ten more are opened under load."""
_FILE = "records.db"
"""The file's name from before it held documents, too."""


def storage_url(database_url: str) -> str:
    """Where the storage of a server with this ``SSOT_DATABASE_URL`` is.

    In the same PostgreSQL database; with SQLite in a file of its own beside the queue's, so that neither waits for the
    other's write lock.
    """
    scheme, _, path = database_url.partition(":///")
    return f"sqlite:///{Path(path).with_name(_FILE)}" if scheme == "sqlite" else database_url


def file_of(engine: Engine) -> Path | None:
    """SQLite's file; ``None`` for PostgreSQL."""
    return Path(engine.url.database) if is_sqlite(engine) and engine.url.database else None


def is_sqlite(of: Engine | Connection) -> bool:
    return of.dialect.name == "sqlite"


class Pin:
    """The file that a SQLite engine opened, once it is known: none other is taken for it."""

    def __init__(self) -> None:
        self.file: PinnedFile | None = None

    def check(self) -> FilesSeen | None:
        """What is there now, once the file is known.  Raises ``FileMoved``."""
        return None if self.file is None else self.file.check()


def engine_of(url: str, pin: Pin | None = None) -> Engine:
    """The engine of a ``sqlite:///path`` or ``postgresql://…`` URL; it connects to nothing yet.

    Raises ``SettingsError`` for another URL.  No error of the engine shows the URL or a value.
    """
    if url.startswith(("postgresql://", "postgres://")):
        address = make_url(url).set(drivername="postgresql+psycopg")
        return create_engine(
            address, isolation_level="AUTOCOMMIT", pool_size=_POOL, pool_pre_ping=True, hide_parameters=True
        )
    if not url.startswith("sqlite:///"):
        raise SettingsError("SSOT_DATABASE_URL must be sqlite:///path or postgresql://…")
    engine = create_engine(url, isolation_level="AUTOCOMMIT", pool_size=_POOL, hide_parameters=True)
    _watch_file(engine, pin or Pin())
    return engine


def _watch_file(engine: Engine, pin: Pin) -> None:
    path = Path(engine.url.database or "")

    @event.listens_for(engine, "do_connect")
    def no_new_file(*_: object) -> None:
        pin.check()

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        record.info["files"] = file_ids(path)

    @event.listens_for(engine, "checkout")
    def same_files(connection: sqlite3.Connection, record: ConnectionPoolEntry, _: object) -> None:
        now = pin.check()
        ids = file_ids(path) if now is None else now.ids
        if record.info["files"][0] is not None and record.info["files"] != ids:
            # Its log has lost its name: what that holds is brought into the file, and a new connection begins anew.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            raise DisconnectionError("the log was removed")


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """All statements or none.  With SQLite the write lock is taken at once: a later one could not be waited for."""
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_sqlite(connection) else "BEGIN")
        yield connection
        # After an error this is not reached: the pool rolls back what it gets back unfinished.
        connection.exec_driver_sql("COMMIT")
