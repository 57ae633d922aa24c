"""Small documents that outlive the process, and that all processes on one PostgreSQL share.

For what has to be remembered and cannot be read again from GitHub: until when GitHub is not to be asked, which writes
were made within the last hour, which deliveries were asked for again.
"""

import asyncio
import math
import sqlite3
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Insert,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import RetryLater

T = TypeVar("T")
Document = Mapping[str, Any]
"""A JSON object."""

AGAIN = timedelta(seconds=10)
"""When to ask again after the database did not answer."""
BUSY_TIMEOUT_MS = 5_000

_METADATA = MetaData()
_LEDGER = Table(
    "ledger", _METADATA, Column("name", String(200), primary_key=True), Column("document", JSON, nullable=False)
)


class DatabaseLedger:
    """``url`` is ``sqlite:///path`` or ``postgresql://…``.  See ``bot.github.limits.Ledger`` for the contract.

    The clock is the database's on PostgreSQL, so that processes agree; with SQLite, which one process has for itself,
    it is this machine's at the start and does not jump afterwards.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._offset = time.time() - time.monotonic()

    async def open(self) -> None:
        """Raises ``RetryLater`` when the database does not answer."""
        await asyncio.to_thread(_guarded, _METADATA.create_all, self._engine)

    async def close(self) -> None:
        await asyncio.to_thread(self._engine.dispose)

    async def read(self, name: str) -> tuple[Document | None, float]:
        """The document, if there is one, and the time now."""
        return await asyncio.to_thread(_guarded, self._read, name)

    async def update(self, name: str, change: Callable[[Document | None, float], tuple[Document, T]]) -> T:
        """Put the changed document in the place of the old one, durably, which nobody else changes meanwhile."""
        return await asyncio.to_thread(_guarded, self._update, name, change)

    def _read(self, name: str) -> tuple[Document | None, float]:
        with self._engine.connect() as connection:
            found = connection.execute(select(_LEDGER.c.document).where(_LEDGER.c.name == name)).scalar()
            return found or None, self._now(connection)

    def _update(self, name: str, change: Callable[[Document | None, float], tuple[Document, T]]) -> T:
        with self._engine.begin() as connection:
            connection.execute(_absent(connection, name))
            mine = select(_LEDGER.c.document).where(_LEDGER.c.name == name).with_for_update()
            before = connection.execute(mine).scalar()
            after, result = change(before or None, self._now(connection))
            connection.execute(_LEDGER.update().where(_LEDGER.c.name == name).values(document=dict(after)))
            return result

    def _now(self, connection: Connection) -> float:
        if connection.dialect.name == "sqlite":
            return self._offset + time.monotonic()
        # Not now(): that is when the transaction began, which may have waited for its lock.
        return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar() or math.nan)


def _absent(connection: Connection, name: str) -> Insert:
    """Make the row, so that there is one to lock."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    return insert(_LEDGER).values(name=name, document={}).on_conflict_do_nothing()


def _engine(url: str) -> Engine:
    address = make_url(url)
    if address.drivername in ("postgresql", "postgres"):
        return create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(address)

    # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html : the driver's own BEGIN takes no lock until it writes.
    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_TIMEOUT_MS}"):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _guarded(function: Callable[..., T], *args: object) -> T:
    try:
        return function(*args)
    except SQLAlchemyError as fault:
        # Its text quotes the statement and may quote the address; the kind of fault is enough.
        reason = f"the ledger's database does not answer: {type(fault).__name__}"
        raise RetryLater(at=datetime.now(UTC) + AGAIN, reason=reason) from fault
