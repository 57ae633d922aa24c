"""The store on one SQLite file: WAL, ``synchronous=FULL``, one writing thread, one process."""

import asyncio
import sqlite3
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from bot.errors import SettingsError
from bot.jobs import sql
from bot.jobs.checkpoint import Checkpointer
from bot.jobs.lock import ProcessLock
from bot.jobs.model import Accepted, Duplicate, Job, State, Work
from bot.jobs.store import Claim, StoreCorrupt, StoreUnavailable
from bot.jobs.writer import GroupWriter
from bot.model import Delivery, DeliveryId

T = TypeVar("T")


class SqliteStore:
    """See ``Store``.  ``busy_timeout`` is how many seconds a write waits for a foreign lock before it fails."""

    def __init__(self, path: Path, *, busy_timeout: float = 2.0) -> None:
        self._path, self._busy_timeout = path, busy_timeout
        self._lock = ProcessLock(path.with_name(path.name + ".lock"))
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="ssot-reader")
        self._checkpointer = Checkpointer(self._connect, path.with_name(path.name + "-wal"))
        self._data_version: int | None = None

    async def open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(self._prepare)
        self._writer = GroupWriter(self._connect_writer, committed=self._checkpointer.notify)
        self._writer.start()
        self._checkpointer.start()
        await self._writer.submit(sql.recover)

    async def close(self) -> None:
        await self._writer.stop()
        await asyncio.to_thread(self._checkpointer.stop)
        self._reader.shutdown()
        self._lock.release()

    def put(
        self, delivery: Delivery, received_at: datetime, not_before: datetime | None = None
    ) -> asyncio.Future[Accepted | Duplicate]:
        return self._writer.submit(lambda c: sql.put(c, delivery, received_at, not_before))

    def route(self, seq: int, work: Work) -> asyncio.Future[None]:
        return self._writer.submit(lambda c: sql.route(c, seq, work))

    def settle(self, seq: int, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]:
        return self._writer.submit(lambda c: sql.settle(c, seq, state, reason, at))

    def claim(self, seq: int, at: datetime) -> asyncio.Future[Claim | None]:
        return self._writer.submit(lambda c: sql.claim(c, seq, at))

    def finish(self, seq: int, token: int, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]:
        return self._writer.submit(lambda c: sql.finish(c, seq, token, state, reason, at))

    def requeue(
        self, seq: int, token: int, next_at: datetime | None, reason: str, *, counts: bool
    ) -> asyncio.Future[bool]:
        return self._writer.submit(lambda c: sql.requeue(c, seq, token, next_at, reason, counts=counts))

    def retry(self, seq: int) -> asyncio.Future[bool]:
        return self._writer.submit(lambda c: sql.retry(c, seq))

    def clean(self, states: Sequence[State], before: datetime, limit: int) -> asyncio.Future[int]:
        return self._writer.submit(lambda c: sql.clean(c, states, before, limit))

    def probe(self) -> asyncio.Future[None]:
        return self._writer.submit(sql.probe)

    def changed_elsewhere(self) -> asyncio.Future[bool]:
        return self._writer.submit(self._data_version_moved)

    async def body(self, seq: int) -> bytes:
        return await self._read(lambda c: sql.body_of(c, seq))

    async def queued(self) -> list[Job]:
        return await self._read(sql.queued)

    async def recent(self, limit: int, state: State | None = None) -> list[Job]:
        return await self._read(lambda c: sql.recent(c, limit, state))

    async def known(self, ids: Collection[DeliveryId]) -> frozenset[DeliveryId]:
        return await self._read(lambda c: sql.known(c, ids))

    async def counts(self) -> Mapping[State, int]:
        return await self._read(sql.counts)

    def _prepare(self) -> None:
        self._lock.acquire()
        try:
            with closing(self._connect()) as connection:
                if faults := sql.integrity_faults(connection):
                    raise StoreCorrupt(f"{self._path} is damaged ({faults[0]}): restore it, or move it away")
        except StoreUnavailable:
            self._lock.release()
            raise
        except sqlite3.Error as error:
            self._lock.release()
            raise _unavailable(self._path, error) from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=self._busy_timeout, isolation_level=None)
        try:
            sql.configure(connection)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _data_version_moved(self, connection: sqlite3.Connection) -> bool:
        """https://www.sqlite.org/pragma.html#pragma_data_version: comparable within one connection only."""
        before, self._data_version = self._data_version, connection.execute("PRAGMA data_version").fetchone()[0]
        return before != self._data_version

    def _connect_writer(self) -> sqlite3.Connection:
        self._data_version = None
        return self._connect()

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reader, self._query, query)

    def _query(self, query: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with closing(self._connect()) as connection:
                return query(connection)
        except (sqlite3.Error, zlib.error) as error:
            raise _unavailable(self._path, error) from error


def path_of(database_url: str) -> Path:
    """The file of a ``sqlite:///path`` URL.  Raises ``SettingsError`` for another database."""
    scheme, _, path = database_url.partition(":///")
    if scheme != "sqlite" or not path:
        raise SettingsError("SSOT_DATABASE_URL: this version keeps its jobs in SQLite, use sqlite:///path")
    return Path(path)


def existing(path: Path, *, writable: bool = False) -> sqlite3.Connection:
    """A connection to a database that a server may be using; it is not created.  Raises ``StoreUnavailable``."""
    address = f"{path.resolve().as_uri()}?mode={'rw' if writable else 'ro'}"
    try:
        connection = sqlite3.connect(address, uri=True, timeout=2.0, isolation_level=None)
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
    damaged = isinstance(error, (zlib.error, sql.BodyMissing)) or "malformed" in text or "not a database" in text
    return (StoreCorrupt if damaged else StoreUnavailable)(f"{path}: {text}")
