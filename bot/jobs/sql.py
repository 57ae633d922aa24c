"""The statements, each a function of a connection.  Times are stored as seconds since the epoch, UTC."""

import json
import sqlite3
import zlib
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.jobs.model import Accepted, Duplicate, Job, State, Work
from bot.jobs.store import Claim
from bot.model import Delivery, DeliveryId

SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT,
  guid        TEXT NOT NULL UNIQUE,
  event       TEXT NOT NULL,
  received_at REAL NOT NULL,
  state       TEXT NOT NULL DEFAULT 'queued',
  key         TEXT,
  action      TEXT NOT NULL DEFAULT '',
  attempts    INTEGER NOT NULL DEFAULT 0,
  token       INTEGER NOT NULL DEFAULT 0,
  next_at     REAL,
  not_before  REAL,
  finished_at REAL,
  reason      TEXT
) STRICT;
-- Apart, so that a change of state does not write the body again.
CREATE TABLE IF NOT EXISTS bodies (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_unfinished ON deliveries (seq) WHERE state IN ('queued', 'running');
CREATE INDEX IF NOT EXISTS deliveries_finished ON deliveries (finished_at) WHERE finished_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;
"""
UPGRADES = {1: "ALTER TABLE deliveries ADD COLUMN not_before REAL;"}
"""What makes the next version of each older one."""
VERSION = 2
COLUMNS = "seq, guid, event, received_at, state, key, action, attempts, next_at, not_before, finished_at, reason"
# Level 1 halves a payload's JSON in a quarter of the default level's time.
ZLIB_LEVEL = 1


class BodyMissing(sqlite3.DatabaseError):
    """A delivery without its body: rows were deleted by hand."""


def configure(connection: sqlite3.Connection) -> None:
    """Durable commits, checkpoints elsewhere, the schema in place."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise sqlite3.DatabaseError(f"schema version {version} is newer than this program's {VERSION}")
    if version < VERSION:
        steps = "".join(UPGRADES[old] for old in range(version, VERSION)) if version else SCHEMA
        connection.executescript(f"BEGIN IMMEDIATE; {steps} PRAGMA user_version={VERSION}; COMMIT;")


def integrity_faults(connection: sqlite3.Connection) -> list[str]:
    """What SQLite's quick check finds; empty when the file is sound."""
    found = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    return [] if found == ["ok"] else found


def recover(connection: sqlite3.Connection) -> int:
    """Queue again what was running when the last process died.  The attempt counts: it may have been the cause."""
    return connection.execute("UPDATE deliveries SET state = 'queued' WHERE state = 'running'").rowcount


def put(
    connection: sqlite3.Connection, delivery: Delivery, received_at: datetime, not_before: datetime | None
) -> Accepted | Duplicate:
    cursor = connection.execute(
        "INSERT INTO deliveries (guid, event, received_at, not_before) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (guid) DO NOTHING",
        (delivery.id, delivery.event, received_at.timestamp(), not_before.timestamp() if not_before else None),
    )
    if cursor.rowcount:
        body = zlib.compress(delivery.body, ZLIB_LEVEL)
        connection.execute("INSERT INTO bodies VALUES (last_insert_rowid(), ?)", (body,))
        return Accepted(seq=cursor.lastrowid or 0)
    (seq,) = connection.execute("SELECT seq FROM deliveries WHERE guid = ?", (delivery.id,)).fetchone()
    return Duplicate(seq=seq)


def route(connection: sqlite3.Connection, seq: int, work: Work) -> None:
    connection.execute(
        "UPDATE deliveries SET key = ?, action = ? WHERE seq = ? AND state = 'queued'", (work.key, work.action, seq)
    )


def settle(connection: sqlite3.Connection, seq: int, state: State, reason: str | None, at: datetime) -> bool:
    cursor = connection.execute(
        "UPDATE deliveries SET state = ?, reason = ?, finished_at = ?, next_at = NULL"
        " WHERE seq = ? AND state = 'queued'",
        (state, reason, at.timestamp(), seq),
    )
    return cursor.rowcount == 1


def claim(connection: sqlite3.Connection, seq: int, at: datetime) -> Claim | None:
    """A body that cannot be read any more makes its delivery a dead letter."""
    row = connection.execute(
        "UPDATE deliveries SET state = 'running', attempts = attempts + 1, token = token + 1, next_at = NULL"
        " WHERE seq = ? AND state = 'queued' RETURNING token, attempts, guid, event",
        (seq,),
    ).fetchone()
    if row is None:
        return None
    token, attempts, guid, event = row
    try:
        body = body_of(connection, seq)
    except (BodyMissing, zlib.error) as error:
        finish(connection, seq, token, State.DEAD, f"the stored body is damaged: {error}", at)
        return None
    return Claim(token=token, attempts=attempts, delivery=Delivery(id=guid, event=event, body=body))


def finish(
    connection: sqlite3.Connection, seq: int, token: int, state: State, reason: str | None, at: datetime
) -> bool:
    cursor = connection.execute(
        "UPDATE deliveries SET state = ?, reason = ?, finished_at = ?"
        " WHERE seq = ? AND token = ? AND state = 'running'",
        (state, reason, at.timestamp(), seq, token),
    )
    return cursor.rowcount == 1


def requeue(
    connection: sqlite3.Connection, seq: int, token: int, next_at: datetime | None, reason: str, *, counts: bool
) -> bool:
    cursor = connection.execute(
        "UPDATE deliveries SET state = 'queued', next_at = ?, reason = ?, attempts = attempts - ?"
        " WHERE seq = ? AND token = ? AND state = 'running'",
        (next_at.timestamp() if next_at else None, reason, 0 if counts else 1, seq, token),
    )
    return cursor.rowcount == 1


def retry(connection: sqlite3.Connection, seq: int) -> bool:
    cursor = connection.execute(
        "UPDATE deliveries SET state = 'queued', attempts = 0, next_at = NULL, not_before = NULL, finished_at = NULL,"
        " reason = NULL WHERE seq = ? AND state NOT IN ('queued', 'running')",
        (seq,),
    )
    return cursor.rowcount == 1


def clean(connection: sqlite3.Connection, states: Sequence[State], before: datetime, limit: int) -> int:
    rows = connection.execute(
        "DELETE FROM deliveries WHERE seq IN (SELECT seq FROM deliveries WHERE finished_at < ?"
        " AND state IN (SELECT value FROM json_each(?)) ORDER BY finished_at LIMIT ?) RETURNING seq",
        (before.timestamp(), json.dumps(states), limit),
    ).fetchall()
    connection.executemany("DELETE FROM bodies WHERE seq = ?", rows)
    return len(rows)


def probe(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO probe VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET count = count + 1")


def body_of(connection: sqlite3.Connection, seq: int) -> bytes:
    """Raises ``BodyMissing`` for a row that is not there, ``zlib.error`` for one that is damaged."""
    row = connection.execute("SELECT body FROM bodies WHERE seq = ?", (seq,)).fetchone()
    if row is None:
        raise BodyMissing(f"no body for delivery {seq}")
    return zlib.decompress(row[0])


def queued(connection: sqlite3.Connection) -> list[Job]:
    return _jobs(connection, "WHERE state = 'queued' ORDER BY seq", ())


def recent(connection: sqlite3.Connection, limit: int, state: State | None = None) -> list[Job]:
    if state is None:
        return _jobs(connection, "ORDER BY seq DESC LIMIT ?", (limit,))
    return _jobs(connection, "WHERE state = ? ORDER BY seq DESC LIMIT ?", (state, limit))


def find(connection: sqlite3.Connection, name: str) -> Job | None:
    """By number or by GUID."""
    seq = int(name) if name.isascii() and name.isdigit() and len(name) < 19 else -1
    found = _jobs(connection, "WHERE guid = ? OR seq = ?", (name, seq))
    return found[0] if found else None


def known(connection: sqlite3.Connection, ids: Collection[DeliveryId]) -> frozenset[DeliveryId]:
    query = "SELECT guid FROM deliveries WHERE guid IN (SELECT value FROM json_each(?))"
    return frozenset(DeliveryId(guid) for (guid,) in connection.execute(query, (json.dumps(list(ids)),)))


def counts(connection: sqlite3.Connection) -> Mapping[State, int]:
    rows = dict(connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state"))
    return {state: rows.get(state.value, 0) for state in State}


def _jobs(connection: sqlite3.Connection, clause: str, values: tuple[object, ...]) -> list[Job]:
    return [_job(row) for row in connection.execute(f"SELECT {COLUMNS} FROM deliveries {clause}", values)]  # noqa: S608  # constants of this module


def _job(row: tuple[Any, ...]) -> Job:
    seq, guid, event, received_at, state, key, action, attempts, next_at, not_before, finished_at, reason = row
    return Job(
        seq=seq,
        id=DeliveryId(guid),
        event=event,
        received_at=datetime.fromtimestamp(received_at, UTC),
        state=State(state),
        key=key,
        action=action,
        attempts=attempts,
        next_at=_time(next_at),
        not_before=_time(not_before),
        finished_at=_time(finished_at),
        reason=reason,
    )


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
