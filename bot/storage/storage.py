"""Records and documents in tables: a SQLite file of this machine, or PostgreSQL."""

import asyncio
import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from bot.domain.errors import SettingsError
from bot.sqlite_files import FileDamaged, FileMoved, PinnedFile, UnfitFile, at_last, damaged, means_damage, refuse_unfit
from bot.storage import statements
from bot.storage.batches import Batches, Work
from bot.storage.engine import Pin, StorageConnection, engine_of, transaction
from bot.storage.model import Document, Entry, Record, StorageUnavailable, check_keys, check_name
from bot.storage.schema import prepare

T = TypeVar("T")
Change = Callable[[Document | None, float], tuple[Document, T]]
"""From a document (``None``: there is none yet) and the present time to its next state and a result."""

AGAIN = timedelta(seconds=10)
"""When to try again after the database did not answer."""
_READ_AT_ONCE = 500
"""Records in one statement: below the 32,766 parameters that both databases take, and bodies of a few MB."""


class Storage:
    """Values by namespace and key, and documents by name.  Every method raises :class:`StorageUnavailable`.

    Several processes may share a storage: each call is one atomic step, and what a call returned from is on disk.
    Keys are compared and sorted by code point.  Names that are too long or hold a NUL are a ``ValueError``.

    ``url`` is ``sqlite:///path`` or ``postgresql://…`` and is shown nowhere; another one is a ``SettingsError``.
    ``clock`` gives the present for ``written_at`` and ``prune``.  Documents have the database's clock on PostgreSQL, so
    that processes agree; with SQLite it is this machine's at the start and does not jump afterwards.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pin = Pin()
        self._engine, self._clock, self._monotonic = engine_of(url, self._pin), clock, monotonic
        self._passing: tuple[type[Exception], ...] = (*self._engine.faults, sqlite3.Error, OSError)
        self._offset = clock().timestamp() - monotonic()
        self._reads, self._writes = Batches(self._read_all), Batches(self._write_all)

    async def open(self) -> None:
        """Create the tables, or upgrade an older version's.

        Raises ``SettingsError`` for a newer version's, and for a file that has several names.
        """
        await asyncio.to_thread(self._guarded, self._open)

    async def close(self) -> None:
        await asyncio.to_thread(self._engine.dispose)

    # --- records ----------------------------------------------------------------------------------------------

    async def get(self, namespace: str, key: str) -> Record | None:
        """The record, or ``None``."""
        return (await self.get_many(namespace, (key,))).get(key)

    async def get_many(self, namespace: str, keys: Iterable[str]) -> Mapping[str, Record]:
        """The records that exist, by key."""
        requested = tuple(dict.fromkeys(keys))
        check_keys(namespace, *requested)
        found: dict[str, Record] = {}
        for some in _pieces(requested, _READ_AT_ONCE):
            rows = await self._read(partial(_all, statements.records(namespace, some)))
            found |= {record.key: record for record in map(_record, rows)}
        return found

    async def entries(self, namespace: str, prefix: str = "") -> tuple[Entry, ...]:
        """The entries whose keys begin with ``prefix``, by key."""
        check_keys(namespace, prefix)
        rows = await self._read(partial(_all, statements.entries(namespace, prefix)))
        return tuple(_entry(row) for row in rows)

    async def put(self, namespace: str, key: str, value: bytes) -> str:
        """Write or overwrite; returns the new version."""
        check_keys(namespace, key)
        version = uuid.uuid4().hex
        row = (namespace, key, value, len(value), version, self._clock().timestamp())
        await self._write(lambda c: c.execute(statements.PUT, row))
        return version

    async def delete(self, namespace: str, key: str) -> bool:
        """Returns whether there was one."""
        check_keys(namespace, key)
        return await self._write(lambda c: c.execute(statements.DELETION, (namespace, key)).rowcount) == 1

    async def prune(
        self,
        namespace: str,
        *,
        prefix: str = "",
        older_than: timedelta | None = None,
        keep: int | None = None,
        keep_bytes: int | None = None,
    ) -> int:
        """Delete what was written longer ago than ``older_than``, then the oldest beyond ``keep`` or ``keep_bytes``.

        Returns how many were deleted.
        """
        check_keys(namespace, prefix)
        before = None if older_than is None else (self._clock() - older_than).timestamp()
        statement = statements.pruning(namespace, prefix, before, keep, keep_bytes)
        return await self._write(lambda c: c.execute(*statement).rowcount)

    # --- documents --------------------------------------------------------------------------------------------

    async def read(self, name: str) -> tuple[Document | None, float]:
        """The document, if there is one, and the time now in seconds since 1970."""
        check_name(name)
        return await self._read(lambda c: (_document(c, name), self._now(c)))

    async def update(self, name: str, change: Change[T]) -> T:
        """Replace the document by the changed one, durably and atomically."""
        check_name(name)
        return await self._write(partial(self._update, name, change), several=True)

    def _update(self, name: str, change: Change[T], connection: StorageConnection) -> T:
        connection.execute(statements.PLACEHOLDER, (name,))
        before = _document(connection, name, lock=not self._engine.sqlite)
        after, result = change(before, self._now(connection))
        connection.execute(statements.DOCUMENT_UPDATE, (json.dumps(dict(after)), name))
        return result

    def _now(self, connection: StorageConnection) -> float:
        if self._engine.sqlite:
            return self._offset + self._monotonic()
        # Not now(): that is when the transaction began, which may have waited for its lock.
        return float(connection.execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()[0])

    # --- the database -----------------------------------------------------------------------------------------

    async def check(self) -> None:
        """Returns when the storage answers, and is the one that was opened."""
        await self._read(lambda c: c.execute("SELECT 1"))

    def _open(self) -> None:
        path = self._engine.file
        if path is None:
            prepare(self._engine)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            refuse_unfit(at_last(path))
            prepare(self._engine)
            self._require_sound(path)
            self._pin.file = PinnedFile(path)
        except UnfitFile as fault:
            raise SettingsError(str(fault)) from fault

    def _require_sound(self, path: Path) -> None:
        with self._engine.connect() as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)").fetchall()]
        if found != ["ok"]:
            raise StorageUnavailable(at=self._clock() + AGAIN, reason=_damaged(path, found[0]))

    async def _read(self, work: Work[T]) -> T:
        """On a server's database each has a connection of its own: it waits for the network."""
        if self._engine.sqlite:
            return await self._reads.do(work)
        [result] = await asyncio.to_thread(self._read_all, (work,))
        return cast("T", result)

    async def _write(self, work: Work[T], *, several: bool = False) -> T:
        """In one transaction, with SQLite also with others': its writers wait for each other, and each for the disk."""
        if self._engine.sqlite:
            return await self._writes.do(work)
        run = self._write_all if several else self._read_all  # a single statement is a transaction by itself
        [result] = await asyncio.to_thread(run, (work,))
        return cast("T", result)

    def _read_all(self, works: Sequence[Work[Any]]) -> list[Any]:
        return self._guarded(self._all_on, self._engine.connect, works)

    def _write_all(self, works: Sequence[Work[Any]]) -> list[Any]:
        return self._guarded(self._all_on, partial(transaction, self._engine), works)

    def _all_on(
        self, connected: Callable[[], AbstractContextManager[StorageConnection]], works: Sequence[Work[Any]]
    ) -> list[Any]:
        with connected() as connection:
            return [work(connection) for work in works]

    def _guarded(self, function: Callable[..., T], *args: object) -> T:
        """An invalid statement is a defect; every other fault is temporary."""
        try:
            result = function(*args)
            self._pin.check()
            return result  # the check is part of what may fail
        except self._engine.defects:
            raise
        except FileMoved as fault:
            raise StorageUnavailable(at=self._clock() + AGAIN, reason=str(fault)) from fault
        except FileDamaged as fault:
            reason = f"the storage database does not answer: {fault}"
            raise StorageUnavailable(at=self._clock() + AGAIN, reason=reason) from fault
        except self._passing as fault:
            # Not its text: it may quote the address, with the password.
            reason = f"the storage database does not answer: {type(fault).__name__}"
            if means_damage(fault) and (path := self._engine.file):
                reason = f"the storage database does not answer: {_damaged(path, 'SQLite cannot read it')}"
            raise StorageUnavailable(at=self._clock() + AGAIN, reason=reason) from fault


def _damaged(path: Path, fault: str) -> str:
    return damaged(path, fault, "the bot reads from GitHub what it held")


def _all(statement: statements.Statement, connection: StorageConnection) -> list[Any]:
    return connection.execute(*statement).fetchall()


def _document(connection: StorageConnection, name: str, *, lock: bool = False) -> Document | None:
    """An empty document is a placeholder, and counts as none."""
    row = connection.execute(statements.DOCUMENT + (" FOR UPDATE" if lock else ""), (name,)).fetchone()
    found: Document | None = json.loads(row[0]) if row else None
    return found or None


def _record(row: tuple[str, bytes, str, float]) -> Record:
    key, value, version, written_at = row
    return Record(key=key, value=bytes(value), version=version, written_at=_moment(written_at))


def _entry(row: tuple[str, str, int, float]) -> Entry:
    key, version, size, written_at = row
    return Entry(key=key, version=version, size=size, written_at=_moment(written_at))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _pieces(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
