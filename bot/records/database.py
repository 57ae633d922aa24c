"""Records in a table, through SQLAlchemy: a SQLite file of this machine, or PostgreSQL.

Every call is one statement (those about many records one for each few hundred), so that there is no transaction to
lose, and no lock that is held while Python thinks.
"""

import asyncio
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Delete,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    and_,
    create_engine,
    delete,
    event,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.schema import CreateTable

from bot.records.model import LONGEST_KEY, LONGEST_NAME, Entry, Record, RecordsUnavailable

T = TypeVar("T")

AGAIN = timedelta(seconds=10)
"""When to ask again after the database did not answer."""
BUSY_MS = 5_000
"""How long SQLite waits for another process's write."""
_READ_AT_ONCE, _WRITTEN_AT_ONCE = 500, 100
"""Records in one statement: below the 32,766 parameters that both databases take, and bodies of a few MB."""

_KEY = String(LONGEST_KEY).with_variant(String(LONGEST_KEY, collation="C"), "postgresql")
_TABLE = Table(
    "records",
    MetaData(),
    Column("namespace", String(LONGEST_NAME), primary_key=True),
    Column("key", _KEY, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("version", String(32), nullable=False),
    Column("written_at", Float(53), nullable=False),
)
_AT = _TABLE.c


def url_of(database_url: str) -> str:
    """Where the records of a server with this ``SSOT_DATABASE_URL`` are.

    In the same PostgreSQL database; with SQLite in a file of their own beside the jobs, so that neither waits for
    the other's lock.
    """
    scheme, _, path = database_url.partition(":///")
    return f"sqlite:///{Path(path).with_name('records.db')}" if scheme == "sqlite" else database_url


class DatabaseRecords:
    """See :class:`bot.records.Records`.  ``url``: ``sqlite:///path`` or ``postgresql://…``; it is shown nowhere.

    ``clock`` gives the present, for ``written_at`` and ``prune``.
    """

    def __init__(self, url: str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._url, self._clock = make_url(url), clock
        self._engine = _postgres(self._url) if self._url.drivername.startswith("postgres") else _sqlite(self._url)

    async def open(self) -> None:
        """Make the table if it is not there."""
        if self._url.database and self._url.drivername == "sqlite":
            await asyncio.to_thread(Path(self._url.database).parent.mkdir, parents=True, exist_ok=True)
        await self._run(_create)

    async def close(self) -> None:
        await asyncio.to_thread(self._engine.dispose)

    async def get(self, namespace: str, key: str) -> Record | None:
        return (await self.get_many(namespace, (key,))).get(key)

    async def get_many(self, namespace: str, keys: Iterable[str]) -> Mapping[str, Record]:
        wanted = tuple(dict.fromkeys(keys))
        _check(namespace, *wanted)
        found: dict[str, Record] = {}
        for some in _pieces(wanted, _READ_AT_ONCE):
            rows = await self._run(partial(_all, _records(namespace, some)))
            found |= {row.key: _record(row) for row in rows}
        return found

    async def entries(self, namespace: str, prefix: str = "") -> tuple[Entry, ...]:
        _check(namespace, prefix)
        columns = select(_AT.key, _AT.version, _AT.size, _AT.written_at)
        listed = columns.where(_below(namespace, prefix)).order_by(_AT.key)
        return tuple(_entry(row) for row in await self._run(partial(_all, listed)))

    async def put(self, namespace: str, key: str, value: bytes) -> str:
        [version] = await self._put(namespace, [(key, value)])
        return version

    async def put_many(self, namespace: str, values: Mapping[str, bytes]) -> None:
        for some in _pieces(tuple(values.items()), _WRITTEN_AT_ONCE):
            await self._put(namespace, some)

    async def swap(self, namespace: str, key: str, value: bytes, *, expected: str | None) -> str | None:
        row = self._row(namespace, key, value)
        if expected is None:
            statement: Any = self._insert().values([row]).on_conflict_do_nothing().returning(_AT.version)
        else:
            mine = and_(_AT.namespace == namespace, _AT.key == key, _AT.version == expected)
            statement = update(_TABLE).where(mine).values(row).returning(_AT.version)
        written = await self._run(lambda c: c.execute(statement).scalar())
        return None if written is None else str(written)

    async def delete(self, namespace: str, key: str) -> bool:
        _check(namespace, key)
        mine = delete(_TABLE).where(_AT.namespace == namespace, _AT.key == key)
        return await self._run(lambda c: c.execute(mine).rowcount) == 1

    async def prune(
        self,
        namespace: str,
        *,
        prefix: str = "",
        older_than: timedelta | None = None,
        keep: int | None = None,
        keep_bytes: int | None = None,
    ) -> int:
        _check(namespace, prefix)
        before = None if older_than is None else (self._clock() - older_than).timestamp()
        statement = _pruning(namespace, prefix, before, keep, keep_bytes)
        return await self._run(lambda c: c.execute(statement).rowcount)

    # --- statements -------------------------------------------------------------------------------------------

    def _insert(self) -> Any:  # noqa: ANN401 - either dialect's Insert; their common parts are typed nowhere
        return (sqlite if self._url.drivername == "sqlite" else postgresql).insert(_TABLE)

    def _row(self, namespace: str, key: str, value: bytes) -> dict[str, object]:
        _check(namespace, key)
        return {
            "namespace": namespace,
            "key": key,
            "value": value,
            "size": len(value),
            "version": uuid.uuid4().hex,
            "written_at": self._clock().timestamp(),
        }

    async def _put(self, namespace: str, values: Sequence[tuple[str, bytes]]) -> list[str]:
        rows = [self._row(namespace, key, value) for key, value in values]
        insert = self._insert().values(rows)
        changed = {name: insert.excluded[name] for name in ("value", "size", "version", "written_at")}
        statement = insert.on_conflict_do_update(index_elements=["namespace", "key"], set_=changed)
        await self._run(lambda c: c.execute(statement))
        return [str(row["version"]) for row in rows]

    async def _run(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.to_thread(self._attempt, work)

    def _attempt(self, work: Callable[[Connection], T]) -> T:
        """A statement that the database does not understand is a defect; all else passes with time."""
        try:
            with self._engine.connect() as connection:
                return work(connection)
        except ProgrammingError:
            raise
        except (DBAPIError, PoolTimeout, sqlite3.Error, OSError) as fault:
            # Not its text: it may quote the address, with the password.
            reason = f"the records' database does not answer: {type(fault).__name__}"
            raise RecordsUnavailable(at=self._clock() + AGAIN, reason=reason) from fault


def _postgres(url: URL) -> Engine:
    address = url.set(drivername="postgresql+psycopg")
    return create_engine(address, isolation_level="AUTOCOMMIT", pool_size=2, pool_pre_ping=True, hide_parameters=True)


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", pool_size=2, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: object) -> None:
        for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    return engine


def _create(connection: Connection) -> None:
    """``IF NOT EXISTS`` is no lock in PostgreSQL: of two processes that begin together one may hear of the other."""
    try:
        connection.execute(CreateTable(_TABLE, if_not_exists=True))
    except (IntegrityError, ProgrammingError):
        connection.execute(CreateTable(_TABLE, if_not_exists=True))


def _records(namespace: str, keys: Sequence[str]) -> Any:  # noqa: ANN401 - a Select of four columns
    columns = select(_AT.key, _AT.value, _AT.version, _AT.written_at)
    return columns.where(_AT.namespace == namespace, _AT.key.in_(keys))


def _all(statement: Any, connection: Connection) -> Sequence[Any]:  # noqa: ANN401 - a Select of any columns
    return connection.execute(statement).all()


def _below(namespace: str, prefix: str) -> ColumnElement[bool]:
    mine = _AT.namespace == namespace
    return and_(mine, _AT.key >= prefix, func.substr(_AT.key, 1, len(prefix)) == prefix) if prefix else mine


def _pruning(namespace: str, prefix: str, before: float | None, keep: int | None, keep_bytes: int | None) -> Delete:
    newest = (_AT.written_at.desc(), _AT.key)
    ranked = (
        select(
            _AT.key,
            _AT.written_at,
            func.row_number().over(order_by=newest).label("place"),
            func.sum(_AT.size).over(order_by=newest, rows=(None, 0)).label("total"),
        )
        .where(_below(namespace, prefix))
        .subquery()
    )
    old = [] if before is None else [ranked.c.written_at < before]
    many = [] if keep is None else [ranked.c.place > keep]
    big = [] if keep_bytes is None else [ranked.c.total > keep_bytes]
    conditions = [*old, *many, *big]
    if not conditions:
        raise ValueError("say what is too old or too much")
    doomed = select(ranked.c.key).where(or_(*conditions))
    return delete(_TABLE).where(_AT.namespace == namespace, _AT.key.in_(doomed))


def _record(row: Any) -> Record:  # noqa: ANN401 - a row of `_records`
    return Record(key=row.key, value=bytes(row.value), version=row.version, written_at=_moment(row.written_at))


def _entry(row: Any) -> Entry:  # noqa: ANN401 - a row of `entries`
    return Entry(key=row.key, version=row.version, size=row.size, written_at=_moment(row.written_at))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _pieces(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _check(namespace: str, *keys: str) -> None:
    if not namespace or len(namespace) > LONGEST_NAME:
        raise ValueError(f"a namespace has 1 to {LONGEST_NAME} characters: {namespace[:80]!r}")
    for key in keys:
        if len(key) > LONGEST_KEY or "\0" in key or not key.isprintable():
            raise ValueError(f"not a key: {key[:80]!r}")
