"""The queue in PostgreSQL, for several servers that share the work: procrastinate runs it.

Imported only where PostgreSQL is used.
"""

from bot.jobs.postgres.connection import existing
from bot.jobs.postgres.store import PostgresStore
from bot.jobs.postgres.worker import PostgresWorker

__all__ = ["PostgresStore", "PostgresWorker", "existing"]
