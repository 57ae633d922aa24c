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

from bot.domain.errors import SettingsError

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


def engine_of(url: str) -> Engine:
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

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: object) -> None:
        for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """All statements or none.  With SQLite the write lock is taken at once: a later one could not be waited for."""
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_sqlite(connection) else "BEGIN")
        yield connection
        # After an error this is not reached: the pool rolls back what it gets back unfinished.
        connection.exec_driver_sql("COMMIT")
