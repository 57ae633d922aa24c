"""The queue in PostgreSQL: for several processes that share the work.

A process takes rows with ``FOR UPDATE SKIP LOCKED``, so none waits for another.  It sends a heartbeat every few
seconds; after ``ttl`` seconds without one, any other process queues its jobs again, and the claim's token fences off a
late result.  ``NOTIFY`` wakes the others at once; a slow tick picks up what was missed.
"""

import asyncio
import json
import os
import re
import socket
import threading
import uuid
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

import psycopg
import psycopg.sql
import structlog
from psycopg import errors

from bot.jobs import partitions, schema, sql
from bot.jobs.database import Connection, Cursor
from bot.jobs.sqlstore import SqlStore
from bot.jobs.store import Heard, Routed, StoreUnavailable

log = structlog.get_logger(__name__)

CHANNEL = "'ssot_jobs_' || current_schema()"
"""Notifications reach the whole database, so each schema has a channel of its own."""
TTL = 20.0
"""Seconds; ``Store.heartbeat`` is called several times within it."""
CONNECTING = {
    "application_name": "ssot-bot",
    "connect_timeout": "5",
    "tcp_user_timeout": "8000",
    "keepalives_idle": "5",
    "keepalives_interval": "3",
    "keepalives_count": "3",
}
LONGEST = 7_000
"""Characters of a notification, which are ASCII; PostgreSQL takes 8,000 bytes."""
SESSION = (
    # GitHub waits for 10 s: refuse a write that takes longer.
    "SET statement_timeout = 8000; SET synchronous_commit = on; SET client_min_messages = warning"
)
LOCK = 0x55071
"""The advisory lock for creating the tables."""


def connect(url: str) -> "psycopg.Connection[Any]":
    raw: psycopg.Connection[Any] = psycopg.connect(url, autocommit=True, **CONNECTING)  # type: ignore[arg-type]  # libpq's options are text
    raw.execute(SESSION)
    return raw


class PostgresConnection:
    """See ``Connection``."""

    skip_locked = " FOR UPDATE OF d SKIP LOCKED"

    def __init__(self, url: str, worker: str) -> None:
        self._raw = connect(url)
        self._worker = worker

    def begin(self, *, durable: bool) -> None:
        """Always durable: if the server forgot a claim, two processes would run the same job."""
        self._raw.execute("BEGIN")

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Cursor:
        return self._raw.execute(_numbered(query), values)

    def commit(self) -> None:
        self.execute("COMMIT")

    def notify(self, message: str) -> None:
        """Equal messages of one transaction are sent once.  A message that is too long only wakes the others."""
        if len(message) > LONGEST:
            message = ""
        self._raw.execute(f"SELECT pg_notify({CHANNEL}, %s)", (f"{self._worker} {message}",))

    def close(self) -> None:
        self._raw.close()


@lru_cache(maxsize=256)
def _numbered(query: str) -> bytes:
    return query.replace("?", "%s").encode()


class PostgresServer:
    """See ``Database``."""

    remote = True
    unavailable: tuple[type[Exception], ...] = (psycopg.OperationalError, psycopg.InterfaceError, errors.AdminShutdown)
    conflicts: tuple[type[Exception], ...] = (
        errors.DeadlockDetected,
        errors.SerializationFailure,
        errors.UniqueViolation,
    )
    faults: tuple[type[Exception], ...] = (psycopg.Error,)

    def __init__(self, url: str, worker: str) -> None:
        self._url, self._worker = url, worker

    def connect(self) -> PostgresConnection:
        return PostgresConnection(self._url, self._worker)


class PostgresStore(SqlStore):
    """See ``Store``."""

    def __init__(self, url: str, *, ttl: float = TTL) -> None:
        worker = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        super().__init__(PostgresServer(url, worker), worker)
        self.ttl = self._ttl = ttl
        self._listener = Listener(url, worker)

    async def open(self) -> None:
        await asyncio.to_thread(self._prepare)
        self._start_writer(lambda: None)
        await self.heartbeat(())

    async def close(self) -> None:
        await asyncio.to_thread(self._listener.stop)
        await self._stop()

    def listen(self, heard: Heard) -> None:
        self._listener.start(heard)

    def heartbeat(self, running: Collection[int]) -> asyncio.Future[int]:
        mine, ttl = frozenset(running), self._ttl

        def operation(c: Connection) -> int:
            # The database's clock: those of the machines may differ.
            (now,) = c.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
            alive = sql.beat(c, self._worker, now, ttl)
            held = sql.running(c)
            return sql.release(
                c, [seq for seq, who in held if (seq not in mine if who == self._worker else who not in alive)]
            )

        return self._writer.submit(operation)

    def _prepare(self) -> None:
        try:
            connection = self._database.connect()
            try:
                prepare(connection)
            finally:
                connection.close()
        except psycopg.Error as error:
            raise StoreUnavailable(f"SSOT_DATABASE_URL: {_brief(error)}") from error


class Listener:
    """A thread that waits for notifications on a connection of its own, and makes a new one when it is lost."""

    def __init__(self, url: str, worker: str) -> None:
        self._url, self._worker = url, worker
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._raw: psycopg.Connection[Any] | None = None

    def start(self, heard: Heard) -> None:
        loop = asyncio.get_running_loop()

        def tell(routed: Routed | None) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(heard, routed)

        self._thread = threading.Thread(target=self._run, args=(tell,), name="ssot-listener", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, tell: Heard) -> None:
        while not self._stop.is_set():
            try:
                with connect(self._url) as raw:
                    (channel,) = raw.execute(f"SELECT {CHANNEL}").fetchone() or ("",)
                    raw.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(channel)))
                    tell(None)
                    self._hear(raw, tell)
            except psycopg.Error as error:
                log.warning("store_unavailable", during="listening", error=_brief(error))
                self._stop.wait(1.0)

    def _hear(self, raw: "psycopg.Connection[Any]", tell: Heard) -> None:
        while not self._stop.is_set():
            for note in raw.notifies(timeout=0.2, stop_after=1):
                worker, _, message = note.payload.partition(" ")
                if worker != self._worker:
                    tell(_routed(message))


def _routed(message: str) -> Routed | None:
    """Anybody with access to the database can notify: a message of another form only wakes."""
    try:
        seq, event, key, action = json.loads(message)
    except (ValueError, TypeError):
        return None
    return Routed(seq=seq, event=event, key=key, action=action)


def prepare(connection: Connection) -> None:
    """Create or upgrade the tables; one process at a time."""
    connection.execute("BEGIN")
    connection.execute("SELECT pg_advisory_xact_lock(?)", (LOCK,))
    connection.execute("CREATE TABLE IF NOT EXISTS jobs_schema (version INTEGER NOT NULL)")
    row = connection.execute("SELECT version FROM jobs_schema").fetchone()
    version = row[0] if row else 0
    if version > schema.VERSION:
        raise StoreUnavailable(f"schema version {version} is newer than this program's {schema.VERSION}")
    if version < schema.VERSION:
        for statement in schema.statements(version, schema.POSTGRES):
            connection.execute(statement)
        if 0 < version <= schema.BY_NAME_UNTIL:
            partitions.convert(connection)
        connection.execute("DELETE FROM jobs_schema")
        connection.execute("INSERT INTO jobs_schema VALUES (?)", (schema.VERSION,))
    connection.execute("COMMIT")


def existing(url: str) -> PostgresConnection:
    """A connection to a database that servers may be using.  Raises ``StoreUnavailable``."""
    try:
        connection = PostgresConnection(url, "tool")
    except psycopg.Error as error:
        raise StoreUnavailable(_brief(error)) from error
    try:
        connection.execute("SELECT 1 FROM deliveries LIMIT 1")
    except psycopg.Error as error:
        connection.close()
        raise StoreUnavailable(_brief(error)) from error
    return connection


def _brief(error: Exception) -> str:
    """The text of libpq names the host and the user, never the password."""
    return re.sub(r"\s+", " ", str(error)).strip()
