"""The tables, their version, and the way from what older versions of this program left."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.schema import CreateTable

from bot.domain.errors import SettingsError
from bot.sqlite_files import FileDamaged, means_damage
from bot.storage.engine import BUSY_MS, file_of, is_sqlite, transaction
from bot.storage.model import LONGEST_KEY, LONGEST_NAME, LONGEST_NAMESPACE

VERSION = 1
"""Of the tables below.  0: nothing yet, or what was stored before versions were recorded."""
LEDGER_FILE = "ledger.db"
"""Where the documents were before version 1, beside the records' file; it is read once and left as it is."""
_LOCK = 0x55072
"""PostgreSQL's advisory lock of whoever brings the tables up to date; the queue has another."""

_METADATA = MetaData()
_KEY = String(LONGEST_KEY).with_variant(String(LONGEST_KEY, collation="C"), "postgresql")
RECORDS = Table(
    "records",
    _METADATA,
    Column("namespace", String(LONGEST_NAMESPACE), primary_key=True),
    Column("key", _KEY, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("version", String(32), nullable=False),
    Column("written_at", Float(53), nullable=False),
)
DOCUMENTS = Table(
    "ledger",
    _METADATA,
    Column("name", String(LONGEST_NAME), primary_key=True),
    Column("document", JSON, nullable=False),
)
_SCHEMA = Table("storage_schema", _METADATA, Column("version", Integer, nullable=False))
"""PostgreSQL's place for the version; SQLite has one in the file's header."""


def prepare(engine: Engine) -> None:
    """Bring the tables up to date, whatever was there; any number of processes may do so at once.

    Raises ``SettingsError`` when they are newer than this program.
    """
    try:
        _upgrade(engine)
    except (IntegrityError, ProgrammingError):
        # `IF NOT EXISTS` is no lock in PostgreSQL, and a process of an older version takes none when it makes a table.
        _upgrade(engine)


def _upgrade(engine: Engine) -> None:
    if is_sqlite(engine) and _is_current(engine):
        return  # without the write lock, for which others would wait
    with transaction(engine) as connection:
        if not is_sqlite(connection):
            connection.execute(select(text(f"pg_advisory_xact_lock({_LOCK})")))
            connection.execute(CreateTable(_SCHEMA, if_not_exists=True))
        version = _checked(_version(connection))
        if version < VERSION:
            for table in (RECORDS, DOCUMENTS):
                connection.execute(CreateTable(table, if_not_exists=True))
            _bring_documents(connection, file_of(engine))
            _record(connection)


def _is_current(engine: Engine) -> bool:
    with engine.connect() as connection:
        return _checked(_version(connection)) == VERSION


def _checked(version: int, name: str = "the storage") -> int:
    if version > VERSION:
        raise SettingsError(
            f"{name} has schema version {version}, and this program knows up to {VERSION}:"
            " start the version that wrote it, or a newer one"
        )
    return version


def _version(connection: Connection) -> int:
    if is_sqlite(connection):
        return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    return connection.execute(select(_SCHEMA.c.version)).scalar() or 0


def _record(connection: Connection) -> None:
    if is_sqlite(connection):
        connection.exec_driver_sql(f"PRAGMA user_version={VERSION}")
        return
    connection.execute(_SCHEMA.delete())
    connection.execute(_SCHEMA.insert().values(version=VERSION))


def _bring_documents(connection: Connection, records_file: Path | None) -> None:
    """Copy what an older version kept in a file of its own, in the transaction that records the version.

    So they are here once the version is, and a crash before leaves both files as they were.
    """
    old = records_file.with_name(LEDGER_FILE) if records_file else None
    if old is None or not old.exists():
        return
    insert = "INSERT INTO ledger (name, document) VALUES (?, ?) ON CONFLICT DO NOTHING"
    for row in _old_documents(old):
        connection.exec_driver_sql(insert, row)


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
