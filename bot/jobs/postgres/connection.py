"""Connections to PostgreSQL, for a writer in a thread and for tools."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import errors

from bot.jobs.database import Connection, Cursor
from bot.jobs.postgres import statements
from bot.jobs.postgres.statements import NOW
from bot.jobs.sql import COLUMNS
from bot.jobs.store import StoreUnavailable
from bot.postgres_session import CONNECTING, SESSION


def connect(url: str) -> "psycopg.Connection[Any]":
    """In autocommit mode.  Raises ``psycopg.Error``."""
    raw: psycopg.Connection[Any] = psycopg.connect(url, autocommit=True, **CONNECTING)  # type: ignore[arg-type]  # libpq's options are text
    raw.execute(SESSION)
    return raw


class PostgresConnection:
    """See ``Connection``."""

    jobs = "ssot_jobs"
    time = f"{NOW} + ?::float8"

    def __init__(self, url: str) -> None:
        self._raw = connect(url)

    def begin(self, *, durable: bool) -> None:
        """Always durable: if the server forgot the end of a job, it would run twice."""
        self._raw.execute("BEGIN")

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Cursor:
        return self._raw.execute(_numbered(query), values)

    def commit(self) -> None:
        self.execute("COMMIT")

    def script(self, text: str) -> None:
        """Several statements without values, as they are."""
        self._raw.execute(text.encode())

    def until(self, at: datetime | None, now: datetime) -> float | None:
        """The seconds until then: servers' clocks differ, so the database's counts."""
        return None if at is None else (at - now).total_seconds()

    def retry(self, seq: int) -> bool:
        with self._raw.transaction():  # a savepoint within the writer's
            return statements.retry(self, seq)

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

    def __init__(self, url: str) -> None:
        self._url = url

    def connect(self) -> PostgresConnection:
        return PostgresConnection(self._url)


def existing(url: str) -> Connection:
    """A connection to a database that servers may be using.  Raises ``StoreUnavailable``."""
    try:
        connection = PostgresConnection(url)
    except psycopg.Error as error:
        raise StoreUnavailable(brief(error)) from error
    try:
        connection.execute(f"SELECT {COLUMNS} FROM {connection.jobs} LIMIT 1")  # noqa: S608  # constants
    except errors.UndefinedColumn as error:
        connection.close()
        raise StoreUnavailable(
            "the database has the tables of an older version: start the server once, which brings them up to date"
        ) from error
    except psycopg.Error as error:
        connection.close()
        raise StoreUnavailable(brief(error)) from error
    return connection


def brief(error: BaseException) -> str:
    """The text of libpq names the host and the user, never the password."""
    return re.sub(r"\s+", " ", str(error)).strip() or type(error).__name__
