"""SQLite's tables.  Times are seconds since the epoch, UTC."""

VERSION = 6
UPGRADES = {
    1: ("ALTER TABLE deliveries ADD COLUMN not_before REAL",),
    2: ("ALTER TABLE deliveries ADD COLUMN worker TEXT",),
    3: (),  # partitions by id: `bot.jobs.partitions.convert`
    4: (  # one process has the file: nothing has to be told from others
        "ALTER TABLE deliveries DROP COLUMN worker",
        "ALTER TABLE deliveries DROP COLUMN token",
        "DROP TABLE IF EXISTS workers",
    ),
    5: ("ALTER TABLE deliveries ADD COLUMN started_at REAL",),
}
"""The steps from each older version to the next; missing indexes and tables are created as well."""
BY_NAME_UNTIL = 3
"""The last version whose partitions name repositories."""

TABLES = (
    """
CREATE TABLE IF NOT EXISTS deliveries (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT,
  guid        TEXT NOT NULL UNIQUE,
  event       TEXT NOT NULL,
  received_at REAL NOT NULL,
  state       TEXT NOT NULL DEFAULT 'queued',
  key         TEXT,
  action      TEXT NOT NULL DEFAULT '',
  attempts    INTEGER NOT NULL DEFAULT 0,
  next_at     REAL,
  not_before  REAL,
  started_at  REAL,
  finished_at REAL,
  reason      TEXT
) STRICT""",
    # A table of its own, so that a change of state does not write the body again.
    "CREATE TABLE IF NOT EXISTS bodies (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
    # The runs after which a job was queued again, for people; how it ended is in its row.
    """
CREATE TABLE IF NOT EXISTS runs (
  id      INTEGER PRIMARY KEY,
  seq     INTEGER NOT NULL,
  began   REAL,
  ended   REAL NOT NULL,
  outcome TEXT NOT NULL,
  reason  TEXT
) STRICT""",
    # What repositories are called, for people: nothing is looked up by a name.
    "CREATE TABLE IF NOT EXISTS names (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT",
)
INDEXES = (
    "CREATE INDEX IF NOT EXISTS deliveries_unfinished ON deliveries (seq) WHERE state IN ('queued', 'running')",
    "CREATE INDEX IF NOT EXISTS deliveries_lane ON deliveries (key, seq) WHERE state IN ('queued', 'running')",
    # The database itself guarantees that no two jobs of a partition run at once.
    "CREATE UNIQUE INDEX IF NOT EXISTS deliveries_running ON deliveries (key) WHERE state = 'running'",
    """
CREATE INDEX IF NOT EXISTS deliveries_later ON deliveries (seq)
WHERE state = 'queued' AND (next_at IS NOT NULL OR not_before IS NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS runs_of ON runs (seq, id)",
    "CREATE INDEX IF NOT EXISTS deliveries_finished ON deliveries (finished_at) WHERE finished_at IS NOT NULL",
)


def statements(version: int) -> list[str]:
    """The statements that upgrade a database of this version (0: an empty one)."""
    upgrades = [step for old in range(version or VERSION, VERSION) for step in UPGRADES[old]]
    return [*upgrades, *TABLES, *INDEXES]
