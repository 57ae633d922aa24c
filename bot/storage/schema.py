"""The tables, their version, and the way from what older versions of this program left."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.domain.errors import SettingsError
from bot.sqlite_files import FileDamaged, means_damage
from bot.storage.engine import BUSY_MS, StorageConnection, StorageEngine, transaction
from bot.storage.model import LONGEST_KEY, LONGEST_NAME, LONGEST_NAMESPACE

VERSION = 1
"""Of the tables below.  0: nothing yet, or what was stored before versions were recorded."""
LEDGER_FILE = "ledger.db"
"""Where the documents were before version 1, beside the records' file; it is read once and left as it is."""
_LOCK = 0x55072
"""PostgreSQL's advisory lock of whoever brings the tables up to date; the queue has another."""

_TABLES = (
    f"""
CREATE TABLE IF NOT EXISTS records (
  namespace VARCHAR({LONGEST_NAMESPACE}) NOT NULL,
  "key" VARCHAR({LONGEST_KEY}) {{collation}} NOT NULL,
  value {{blob}} NOT NULL,
  size INTEGER NOT NULL,
  version VARCHAR(32) NOT NULL,
  written_at FLOAT NOT NULL,
  PRIMARY KEY (namespace, "key")
)""",
    f"CREATE TABLE IF NOT EXISTS ledger (name VARCHAR({LONGEST_NAME}) PRIMARY KEY NOT NULL, document JSON NOT NULL)",
)
_WORDS = {True: {"blob": "BLOB", "collation": ""}, False: {"blob": "BYTEA", "collation": 'COLLATE "C"'}}
"""What the databases call differently: SQLite (``True``), PostgreSQL."""
_SCHEMA = "CREATE TABLE IF NOT EXISTS storage_schema (version INTEGER NOT NULL)"
"""PostgreSQL's place for the version; SQLite has one in the file's header."""


def prepare(engine: StorageEngine) -> None:
    """Bring the tables up to date, whatever was there; any number of processes may do so at once.

    Raises ``SettingsError`` when they are newer than this program.
    """
    try:
        _upgrade(engine)
    except engine.conflicts:
        # `IF NOT EXISTS` is no lock in PostgreSQL, and a process of an older version takes none when it makes a table.
        _upgrade(engine)


def _upgrade(engine: StorageEngine) -> None:
    if engine.sqlite and _is_current(engine):
        return  # without the write lock, for which others would wait
    with transaction(engine) as connection:
        if not engine.sqlite:
            connection.execute("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
            connection.execute(_SCHEMA)
        version = _checked(_version(engine, connection))
        if version < VERSION:
            for table in _TABLES:
                connection.execute(table.format(**_WORDS[engine.sqlite]))
            _bring_documents(connection, engine.file)
            _record(engine, connection)


def _is_current(engine: StorageEngine) -> bool:
    with engine.connect() as connection:
        return _checked(_version(engine, connection)) == VERSION


def _checked(version: int, name: str = "the storage") -> int:
    if version > VERSION:
        raise SettingsError(
            f"{name} has schema version {version}, and this program knows up to {VERSION}:"
            " start the version that wrote it, or a newer one"
        )
    return version


def _version(engine: StorageEngine, connection: StorageConnection) -> int:
    query = "PRAGMA user_version" if engine.sqlite else "SELECT version FROM storage_schema"
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _record(engine: StorageEngine, connection: StorageConnection) -> None:
    if engine.sqlite:
        connection.execute(f"PRAGMA user_version={VERSION}")
        return
    connection.execute("DELETE FROM storage_schema")
    connection.execute("INSERT INTO storage_schema VALUES (?)", (VERSION,))


def _bring_documents(connection: StorageConnection, records_file: Path | None) -> None:
    """Copy what an older version kept in a file of its own, in the transaction that records the version.

    So they are here once the version is, and a crash before leaves both files as they were.
    """
    old = records_file.with_name(LEDGER_FILE) if records_file else None
    if old is None or not old.exists():
        return
    insert = "INSERT INTO ledger (name, document) VALUES (?, ?) ON CONFLICT DO NOTHING"
    for row in _old_documents(old):
        connection.execute(insert, row)


def _old_documents(path: Path) -> list[tuple[str, str]]:
    """Name and JSON text of each; none when the older version ended before it made its table."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_MS / 1_000)) as old:
            _checked(old.execute("PRAGMA user_version").fetchone()[0], path.name)
            if not old.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'ledger'").fetchall():
                return []
            return old.execute("SELECT name, document FROM ledger").fetchall()
    except sqlite3.DatabaseError as fault:
        if not means_damage(fault):
            raise
        raise FileDamaged(
            f"{path} is damaged ({fault}): it holds the rate limits that an older version was told of; "
            "restore a backup, or delete it, and start again"
        ) from fault
