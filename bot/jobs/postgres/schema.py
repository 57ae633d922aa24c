"""The tables in PostgreSQL: procrastinate's by its own schema and migrations, ours beside them.

Any number of servers may start at once: each step is a transaction under one advisory lock, and recorded in it.
"""

from pathlib import Path

import psycopg
from procrastinate.schema import SchemaManager

from bot.jobs import partitions
from bot.jobs.database import Connection
from bot.jobs.postgres.connection import PostgresConnection, brief
from bot.jobs.store import StoreUnavailable

VERSION = 6
"""Of our tables.  Up to 4 the queue was our own."""
LOCK = 0x55071
"""The advisory lock of whoever creates or upgrades tables; older versions of this program take the same one."""
LATEST = "procrastinate_retry_job_v2"
"""What procrastinate's newest migration that this program was written for adds."""

_DELIVERIES = """
CREATE TABLE IF NOT EXISTS deliveries (
  seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  guid        TEXT NOT NULL UNIQUE,
  event       TEXT NOT NULL,
  received_at DOUBLE PRECISION NOT NULL,
  state       TEXT NOT NULL DEFAULT 'queued',
  key         TEXT,
  action      TEXT NOT NULL DEFAULT '',
  attempts    INTEGER NOT NULL DEFAULT 0,
  next_at     DOUBLE PRECISION,
  not_before  DOUBLE PRECISION,
  finished_at DOUBLE PRECISION,
  reason      TEXT
)"""
_OTHERS = (
    # A table of its own, so that a change of state does not write the body again.
    "CREATE TABLE IF NOT EXISTS bodies (seq BIGINT PRIMARY KEY, body BYTEA NOT NULL)",
    # The runs after which a job was queued again, for people; how it ended is in its row.
    """
CREATE TABLE IF NOT EXISTS runs (
  id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  seq     BIGINT NOT NULL,
  began   DOUBLE PRECISION,
  ended   DOUBLE PRECISION NOT NULL,
  outcome TEXT NOT NULL,
  reason  TEXT
)""",
    "CREATE INDEX IF NOT EXISTS runs_of ON runs (seq, id)",
    # What repositories are called, for people: nothing is looked up by a name.
    "CREATE TABLE IF NOT EXISTS names (id BIGINT PRIMARY KEY, name TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY CHECK (id = 1), count BIGINT NOT NULL)",
)
_FROM_OUR_OWN = (
    "DROP INDEX IF EXISTS deliveries_unfinished, deliveries_lane, deliveries_running",
    "DROP INDEX IF EXISTS deliveries_unrouted, deliveries_later",
    # The servers of the old version were stopped: what they ran waits, and keeps its partition and its time.
    "UPDATE deliveries SET state = 'queued' WHERE state = 'running'",
    "ALTER TABLE deliveries DROP COLUMN worker, DROP COLUMN token",
    "DROP TABLE IF EXISTS workers",
)
_UPGRADES = {
    1: ("ALTER TABLE deliveries ADD COLUMN not_before DOUBLE PRECISION",),
    2: ("ALTER TABLE deliveries ADD COLUMN worker TEXT",),
    3: (),  # partitions by id: `bot.jobs.partitions.convert`
    4: _FROM_OUR_OWN,
    5: (),
}
_BY_NAME_UNTIL = 3
"""The last version whose partitions name repositories."""
_ALWAYS = (
    # The job at procrastinate; NULL: not routed yet, not due yet, or ended without one.
    "ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS job BIGINT UNIQUE",
    "ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS started_at DOUBLE PRECISION",
    "CREATE INDEX IF NOT EXISTS deliveries_unfinished ON deliveries (seq) WHERE state = 'queued'",
    "CREATE INDEX IF NOT EXISTS deliveries_not_deferred ON deliveries (seq) WHERE state = 'queued' AND job IS NULL",
    "CREATE INDEX IF NOT EXISTS deliveries_finished ON deliveries (finished_at) WHERE finished_at IS NOT NULL",
    # procrastinate looks for the others of a job's lock each time that it fetches one.
    "CREATE INDEX IF NOT EXISTS ssot_jobs_lock ON procrastinate_jobs (lock, id) WHERE status IN ('todo', 'doing')",
    "DROP VIEW IF EXISTS ssot_jobs",
    # While a job is unfinished procrastinate has its state; at its end ours says how it ended.  What ended only there
    # was ended by another tool (`cancel` in procrastinate's shell).
    """
CREATE VIEW ssot_jobs AS
SELECT seq, guid, event, received_at, state, key, action, attempts,
       CASE WHEN state = 'queued' THEN due END AS next_at, not_before, started_at,
       CASE WHEN state NOT IN ('queued', 'running') THEN finished_at END AS finished_at,
       CASE WHEN ended_elsewhere THEN coalesce(reason || '; ', '') || 'ended by another tool' ELSE reason END AS reason
FROM (
  SELECT d.seq, d.guid, d.event, d.received_at, d.key, d.action, d.attempts, d.not_before, d.started_at, d.finished_at,
         d.reason,
         coalesce(extract(epoch FROM j.scheduled_at)::float8, d.next_at) AS due,
         d.job IS NOT NULL AND d.state = 'queued' AND coalesce(j.status NOT IN ('todo', 'doing'), true)
           AS ended_elsewhere,
         CASE WHEN j.status = 'todo' THEN 'queued' WHEN j.status = 'doing' THEN 'running'
              WHEN d.job IS NOT NULL AND d.state = 'queued' THEN 'dead' ELSE d.state END AS state
  FROM deliveries d LEFT JOIN procrastinate_jobs j ON j.id = d.job
) found""",
)


def prepare(url: str) -> None:
    """Create or upgrade the tables.  Raises ``StoreUnavailable``, also for tables that are newer than this program."""
    try:
        connection = PostgresConnection(url)
        try:
            # Others may be at it, and an upgrade of a big table takes its time.
            connection.execute("SET statement_timeout = 0")
            while not _procrastinate_is_current(connection):
                pass
            _our_tables(connection)
        finally:
            connection.close()
    except psycopg.Error as error:
        raise StoreUnavailable(f"SSOT_DATABASE_URL: {brief(error)}") from error


def migrations() -> list[str]:
    """The names of procrastinate's migrations, in their order."""
    return sorted(path.name for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))


def _begin(connection: Connection) -> None:
    connection.execute("BEGIN")
    connection.execute("SELECT pg_advisory_xact_lock(?)", (LOCK,))


def _procrastinate_is_current(connection: PostgresConnection) -> bool:
    """Take one step: the whole schema, or the next migration.  True when there was nothing to do."""
    known = migrations()
    _begin(connection)
    connection.execute("CREATE TABLE IF NOT EXISTS jobs_engine (migration TEXT PRIMARY KEY)")
    applied = {name for (name,) in connection.execute("SELECT migration FROM jobs_engine").fetchall()}
    if newer := sorted(applied - set(known)):
        raise StoreUnavailable(f"procrastinate's tables are newer ({newer[-1]}) than this program's procrastinate")
    missing = [name for name in known if name not in applied]
    if not missing:
        connection.execute("COMMIT")
        return True
    if applied:
        missing = missing[:1]
        connection.script((Path(SchemaManager.get_migrations_path()) / missing[0]).read_text("utf-8"))
    elif _count(connection, "SELECT count(*) FROM pg_class WHERE oid = to_regclass('procrastinate_jobs')"):
        if not _count(connection, f"SELECT count(*) FROM pg_proc WHERE proname = '{LATEST}'"):  # noqa: S608  # a constant
            raise StoreUnavailable("procrastinate's tables are there in an old version: apply its migrations first")
    else:
        connection.script(SchemaManager.get_schema())
    for name in missing:
        connection.execute("INSERT INTO jobs_engine VALUES (?)", (name,))
    connection.execute("COMMIT")
    return False


def _our_tables(connection: Connection) -> None:
    _begin(connection)
    connection.execute("CREATE TABLE IF NOT EXISTS jobs_schema (version INTEGER NOT NULL)")
    row = connection.execute("SELECT version FROM jobs_schema").fetchone()
    version = row[0] if row else 0
    if version > VERSION:
        raise StoreUnavailable(f"schema version {version} is newer than this program's {VERSION}")
    if version < VERSION:
        upgrades = [step for old in range(version or VERSION, VERSION) for step in _UPGRADES[old]]
        for statement in (*upgrades, _DELIVERIES, *_OTHERS, *_ALWAYS):
            connection.execute(statement)
        if 0 < version <= _BY_NAME_UNTIL:
            partitions.convert(connection)
        connection.execute("DELETE FROM jobs_schema")
        connection.execute("INSERT INTO jobs_schema VALUES (?)", (VERSION,))
    connection.execute("COMMIT")


def _count(connection: Connection, query: str) -> int:
    (count,) = connection.execute(query).fetchone()
    return int(count)
