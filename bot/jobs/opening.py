"""The queue on the database that a URL names.  PostgreSQL's modules are imported only where they are used."""

from typing import TYPE_CHECKING, TypeAlias

from bot.jobs import sqlite
from bot.jobs.clock import Clock, utc_now
from bot.jobs.database import Connection
from bot.jobs.model import Handle, Router
from bot.jobs.observer import Observer, Quiet
from bot.jobs.retention import Retention
from bot.jobs.retry import Policy
from bot.jobs.sqlite import SqliteStore, path_of
from bot.jobs.sqlite_worker import SqliteWorker
from bot.jobs.worker import Duties, Worker, WorkerLimits

if TYPE_CHECKING:
    from bot.jobs.postgres import PostgresStore

POSTGRES = ("postgresql://", "postgres://")
AnyStore: TypeAlias = "SqliteStore | PostgresStore"


def store_of(url: str) -> AnyStore:
    """The store of a ``sqlite:///path`` or ``postgresql://…`` URL, not opened.  Raises ``SettingsError``."""
    if url.startswith(POSTGRES):
        from bot.jobs.postgres import PostgresStore

        return PostgresStore(url)
    return SqliteStore(path_of(url))


def worker_of(
    store: AnyStore,
    *,
    router: Router,
    handle: Handle,
    policy: Policy | None = None,
    limits: WorkerLimits | None = None,
    retention: Retention | None = None,
    observer: Observer | None = None,
    clock: Clock = utc_now,
) -> Worker:
    """The worker of a store."""
    duties = Duties(
        router=router,
        handle=handle,
        policy=policy or Policy(),
        limits=limits or WorkerLimits(),
        retention=retention or Retention(),
        observer=observer or Quiet(),
        clock=clock,
    )
    if isinstance(store, SqliteStore):
        return SqliteWorker(store, duties)
    from bot.jobs.postgres import PostgresWorker

    return PostgresWorker(store, duties)


def existing(url: str, *, writable: bool = False) -> Connection:
    """A connection for ``bot.jobs.sql``, also while servers run; nothing is created.

    Raises ``StoreUnavailable`` and ``SettingsError``.
    """
    if url.startswith(POSTGRES):
        from bot.jobs import postgres

        return postgres.existing(url)
    return sqlite.existing(path_of(url), writable=writable)
