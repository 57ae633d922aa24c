"""The database that a URL names.  PostgreSQL's driver is imported only where it is used."""

from bot.jobs import sqlite
from bot.jobs.database import Connection
from bot.jobs.sqlite import SqliteStore, path_of
from bot.jobs.store import Store

POSTGRES = ("postgresql://", "postgres://")


def store_of(url: str) -> Store:
    """The store of a ``sqlite:///path`` or ``postgresql://…`` URL, not opened.  Raises ``SettingsError``."""
    if url.startswith(POSTGRES):
        from bot.jobs.postgres import PostgresStore

        return PostgresStore(url)
    return SqliteStore(path_of(url))


def existing(url: str, *, writable: bool = False) -> Connection:
    """A connection for ``bot.jobs.sql``, also while servers run; nothing is created.

    Raises ``StoreUnavailable`` and ``SettingsError``.
    """
    if url.startswith(POSTGRES):
        from bot.jobs import postgres

        return postgres.existing(url)
    return sqlite.existing(path_of(url), writable=writable)
