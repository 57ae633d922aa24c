"""The tables, for both databases.  Times are seconds since the epoch, UTC."""

VERSION = 4
UPGRADES = {
    1: ("ALTER TABLE deliveries ADD COLUMN not_before {real}",),
    2: ("ALTER TABLE deliveries ADD COLUMN worker TEXT",),
    3: (),  # partitions by id: `bot.jobs.partitions.convert`
}
"""The steps from each older version to the next; missing indexes and tables are created as well."""
BY_NAME_UNTIL = 3
"""The last version whose partitions name repositories."""

TABLES = (
    """
CREATE TABLE IF NOT EXISTS deliveries (
  seq         {serial},
  guid        TEXT NOT NULL UNIQUE,
  event       TEXT NOT NULL,
  received_at {real} NOT NULL,
  state       TEXT NOT NULL DEFAULT 'queued',
  key         TEXT,
  action      TEXT NOT NULL DEFAULT '',
  attempts    INTEGER NOT NULL DEFAULT 0,
  token       INTEGER NOT NULL DEFAULT 0,
  worker      TEXT,
  next_at     {real},
  not_before  {real},
  finished_at {real},
  reason      TEXT
) {strict}""",
    # A table of its own, so that a change of state does not write the body again.
    "CREATE TABLE IF NOT EXISTS bodies (seq {integer} PRIMARY KEY, body {blob} NOT NULL) {strict}",
    "CREATE TABLE IF NOT EXISTS workers (id TEXT PRIMARY KEY, seen_at {real} NOT NULL) {strict}",
    # What repositories are called, for people: nothing is looked up by a name.
    "CREATE TABLE IF NOT EXISTS names (id {integer} PRIMARY KEY, name TEXT NOT NULL) {strict}",
    "CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY CHECK (id = 1), count {integer} NOT NULL) {strict}",
)
INDEXES = (
    "CREATE INDEX IF NOT EXISTS deliveries_unfinished ON deliveries (seq) WHERE state IN ('queued', 'running')",
    "CREATE INDEX IF NOT EXISTS deliveries_lane ON deliveries (key, seq) WHERE state IN ('queued', 'running')",
    # The database itself guarantees that no two jobs of a partition run at once.
    "CREATE UNIQUE INDEX IF NOT EXISTS deliveries_running ON deliveries (key) WHERE state = 'running'",
    "CREATE INDEX IF NOT EXISTS deliveries_unrouted ON deliveries (seq) WHERE state = 'queued' AND key IS NULL",
    """
CREATE INDEX IF NOT EXISTS deliveries_later ON deliveries (seq)
WHERE state = 'queued' AND (next_at IS NOT NULL OR not_before IS NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS deliveries_finished ON deliveries (finished_at) WHERE finished_at IS NOT NULL",
)
SQLITE = {
    "serial": "INTEGER PRIMARY KEY AUTOINCREMENT",
    "integer": "INTEGER",
    "real": "REAL",
    "blob": "BLOB",
    "strict": "STRICT",
}
POSTGRES = {
    "serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    "integer": "BIGINT",
    "real": "DOUBLE PRECISION",
    "blob": "BYTEA",
    "strict": "",
}


def statements(version: int, types: dict[str, str]) -> list[str]:
    """The statements that upgrade a database of this version (0: an empty one)."""
    upgrades = [step for old in range(version or VERSION, VERSION) for step in UPGRADES[old]]
    return [text.format(**types) for text in (*upgrades, *TABLES, *INDEXES)]
