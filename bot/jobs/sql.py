"""The SQL statements, the same for both databases: functions of a connection, each called within a transaction."""

import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.domain.references import Delivery, DeliveryId
from bot.jobs import partitions
from bot.jobs.database import Connection
from bot.jobs.model import Accepted, Duplicate, Job, State, Work
from bot.jobs.order import newest_wins
from bot.jobs.store import Claim, Claimed

COLUMNS = "seq, guid, event, received_at, state, key, action, attempts, next_at, not_before, finished_at, reason"
# Level 1 halves a payload's JSON in a quarter of the default level's time.
ZLIB_LEVEL = 1
AT_ONCE = 500
"""Values in one statement."""


class BodyMissing(Exception):
    """A delivery without its body: rows were deleted by hand."""


# --- in ---------------------------------------------------------------------------------------------------------


def put(c: Connection, delivery: Delivery, received_at: datetime, not_before: datetime | None) -> Accepted | Duplicate:
    row = c.execute(
        "INSERT INTO deliveries (guid, event, received_at, not_before) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (guid) DO NOTHING RETURNING seq",
        (delivery.id, delivery.event, received_at.timestamp(), _seconds(not_before)),
    ).fetchone()
    if row is not None:
        c.execute("INSERT INTO bodies VALUES (?, ?)", (row[0], zlib.compress(delivery.body, ZLIB_LEVEL)))
        return Accepted(seq=row[0])
    (seq,) = c.execute("SELECT seq FROM deliveries WHERE guid = ?", (delivery.id,)).fetchone()
    return Duplicate(seq=seq)


def begin_routing(c: Connection, seq: int) -> int:
    """Count that its partition is looked for; how often that was, or 0 when it has one or has ended."""
    row = c.execute(
        "UPDATE deliveries SET attempts = attempts + 1 WHERE seq = ? AND state = 'queued' AND key IS NULL"
        " RETURNING attempts",
        (seq,),
    ).fetchone()
    return 0 if row is None else int(row[0])


def route(c: Connection, seq: int, work: Work) -> None:
    row = c.execute(
        "UPDATE deliveries SET key = ?, action = ?, attempts = 0"
        " WHERE seq = ? AND state = 'queued' AND key IS NULL RETURNING event",
        (work.key, work.action, seq),
    ).fetchone()
    if row is not None:
        if work.repository is not None:
            partitions.remember(c, work.repository)
        c.notify(json.dumps([seq, row[0], work.key, work.action]))


def settle(c: Connection, seq: int, state: State, reason: str | None, at: datetime) -> bool:
    cursor = c.execute(
        "UPDATE deliveries SET state = ?, reason = ?, finished_at = ?, next_at = NULL"
        " WHERE seq = ? AND state = 'queued'",
        (state.value, _text(reason), at.timestamp(), seq),
    )
    return cursor.rowcount == 1


# --- work -------------------------------------------------------------------------------------------------------

_DUE = "(d.next_at IS NULL OR d.next_at <= ?) AND (d.not_before IS NULL OR d.not_before <= ?)"
# A task that is not due yet blocks nothing.  A job that waits for another try blocks its partition.  A delivery without
# a partition blocks all that came later: it may belong to the same one.
_HEADS = f"""
SELECT {", ".join(f"d.{column}" for column in COLUMNS.split(", "))} FROM deliveries d
WHERE d.state IN ('queued', 'running') AND d.state = 'queued' AND d.key IS NOT NULL AND {_DUE}
AND NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.key = d.key AND e.state = 'running')
AND NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.key = d.key AND e.state IN ('queued', 'running')
                AND e.seq < d.seq AND (e.not_before IS NULL OR e.not_before <= ?))
AND d.seq < coalesce((SELECT min(u.seq) FROM deliveries u WHERE u.state = 'queued' AND u.key IS NULL), {2**62})
ORDER BY d.seq LIMIT ?"""  # noqa: S608  # constants of this module


def claim(c: Connection, limit: int, worker: str, now: datetime) -> Claimed:
    """Take up to ``limit`` jobs: the first of each partition in which none runs, the oldest first.

    What a newer delivery supersedes ends here, and so does what cannot be read any more.
    """
    claims: list[Claim] = []
    ended: list[Job] = []
    at = now.timestamp()
    while heads := c.execute(_HEADS + c.skip_locked, (at, at, at, limit - len(claims))).fetchall():
        for head in map(_job, heads):
            if newest_wins(head.event, head.action) and (newer := _newer(c, head, at)):
                ended += _supersede(c, head, *newer, at)
            elif found := _claim(c, head, worker, now):
                claims.append(found)
            else:
                ended.append(replace(head, state=State.DEAD))
    if len(claims) == limit:
        return Claimed(claims=claims, ended=ended)
    (unrouted,) = c.execute("SELECT min(seq) FROM deliveries WHERE state = 'queued' AND key IS NULL").fetchone()
    return Claimed(claims=claims, ended=ended, due=_due(c, at), unrouted=unrouted)


def _newer(c: Connection, job: Job, at: float) -> tuple[int, str] | None:
    """The newest due delivery of the same kind in the same partition."""
    found: tuple[int, str] | None = c.execute(
        f"SELECT d.seq, d.guid FROM deliveries d WHERE d.key = ? AND d.state IN ('queued', 'running')"  # noqa: S608  # a constant
        f" AND d.event = ? AND d.action = ? AND d.seq > ? AND {_DUE} ORDER BY d.seq DESC LIMIT 1",
        (job.key, job.event, job.action, job.seq, at, at),
    ).fetchone()
    return found


def _supersede(c: Connection, head: Job, newest: int, guid: str, at: float) -> list[Job]:
    older = (
        "WHERE key = ? AND state IN ('queued', 'running') AND state = 'queued' AND event = ? AND action = ?"
        " AND seq >= ? AND seq < ? AND (not_before IS NULL OR not_before <= ?)"
    )
    jobs = _jobs(c, older, (head.key, head.event, head.action, head.seq, newest, at))
    reason, when = f"by delivery {guid}", datetime.fromtimestamp(at, UTC)
    for job in jobs:
        settle(c, job.seq, State.SUPERSEDED, reason, when)
    return [replace(job, state=State.SUPERSEDED, reason=reason) for job in jobs]


def _claim(c: Connection, job: Job, worker: str, now: datetime) -> Claim | None:
    """A body that cannot be read any more makes its delivery a dead letter."""
    token, attempts = c.execute(
        "UPDATE deliveries SET state = 'running', attempts = attempts + 1, token = token + 1, worker = ?,"
        " next_at = NULL WHERE seq = ? RETURNING token, attempts",
        (worker, job.seq),
    ).fetchone()
    try:
        body = body_of(c, job.seq)
    except (BodyMissing, zlib.error) as error:
        finish(c, job.seq, token, State.DEAD, f"the stored body is damaged: {error}", now)
        return None
    return Claim(job=job, token=token, attempts=attempts, delivery=Delivery(id=job.id, event=job.event, body=body))


def _due(c: Connection, at: float) -> datetime | None:
    """When the next waiting job is due."""
    (due,) = c.execute(
        "SELECT min(CASE WHEN coalesce(next_at, 0) > coalesce(not_before, 0) THEN next_at ELSE not_before END)"
        " FROM deliveries WHERE state = 'queued' AND (next_at IS NOT NULL OR not_before IS NOT NULL)"
        " AND (next_at > ? OR not_before > ?)",
        (at, at),
    ).fetchone()
    return _time(due)


def finish(c: Connection, seq: int, token: int, state: State, reason: str | None, at: datetime) -> bool:
    cursor = c.execute(
        "UPDATE deliveries SET state = ?, reason = ?, finished_at = ?, worker = NULL"
        " WHERE seq = ? AND token = ? AND state = 'running'",
        (state.value, _text(reason), at.timestamp(), seq, token),
    )
    c.notify("")
    return cursor.rowcount == 1


def requeue(c: Connection, seq: int, token: int, next_at: datetime | None, reason: str, *, counts: bool) -> bool:
    cursor = c.execute(
        "UPDATE deliveries SET state = 'queued', next_at = ?, reason = ?, attempts = attempts - ?, worker = NULL"
        " WHERE seq = ? AND token = ? AND state = 'running'",
        (_seconds(next_at), _text(reason), 0 if counts else 1, seq, token),
    )
    c.notify("")
    return cursor.rowcount == 1


def release(c: Connection, seqs: Sequence[int]) -> int:
    """Queue again the jobs of a process that is gone.  The attempt counts: the job may have been the cause."""
    for some in _pieces(seqs):
        c.execute(f"UPDATE deliveries SET state = 'queued', worker = NULL WHERE seq IN {_marks(some)}", some)  # noqa: S608  # question marks
    if seqs:
        c.notify("")
    return len(seqs)


def running(c: Connection) -> list[tuple[int, str | None]]:
    """``(seq, worker)`` of the running jobs, except those that another process is about to finish."""
    query = "SELECT d.seq, d.worker FROM deliveries d WHERE d.state IN ('queued', 'running') AND d.state = 'running'"
    return [(seq, worker) for seq, worker in c.execute(query + c.skip_locked).fetchall()]


def beat(c: Connection, worker: str, now: float, ttl: float) -> set[str]:
    """Record this worker's heartbeat; returns the workers with one in the last ``ttl`` seconds."""
    c.execute(
        "INSERT INTO workers VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at", (worker, now)
    )
    c.execute("DELETE FROM workers WHERE seen_at < ?", (now - 10 * ttl,))
    return {name for (name,) in c.execute("SELECT id FROM workers WHERE seen_at >= ?", (now - ttl,)).fetchall()}


def retry(c: Connection, seq: int) -> bool:
    """Queue a finished job again.  One whose partition names its repository, as they did until version 3, has none."""
    cursor = c.execute(
        "UPDATE deliveries SET state = 'queued', attempts = 0, next_at = NULL, not_before = NULL, finished_at = NULL,"
        " reason = NULL, key = CASE WHEN key LIKE ? THEN NULL ELSE key END"
        " WHERE seq = ? AND state NOT IN ('queued', 'running')",
        ("%/%", seq),
    )
    c.notify("")
    return cursor.rowcount == 1


def run_now(c: Connection) -> None:
    c.execute("UPDATE deliveries SET not_before = NULL WHERE state = 'queued' AND not_before IS NOT NULL")
    c.notify("")


def clean(c: Connection, states: Sequence[State], before: datetime, limit: int) -> int:
    rows = c.execute(
        f"SELECT d.seq FROM deliveries d WHERE d.finished_at < ? AND d.state IN {_marks(states)}"  # noqa: S608  # question marks
        f" ORDER BY d.finished_at LIMIT ?{c.skip_locked}",
        (before.timestamp(), *(state.value for state in states), limit),
    ).fetchall()
    for some in _pieces([seq for (seq,) in rows]):
        c.execute(f"DELETE FROM bodies WHERE seq IN {_marks(some)}", some)  # noqa: S608
        c.execute(f"DELETE FROM deliveries WHERE seq IN {_marks(some)}", some)  # noqa: S608
    return len(rows)


def probe(c: Connection) -> None:
    c.execute("INSERT INTO probe VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET count = probe.count + 1")


# --- reads ----------------------------------------------------------------------------------------------------


def body_of(c: Connection, seq: int) -> bytes:
    """Raises ``BodyMissing`` for a row that is not there, ``zlib.error`` for one that is damaged."""
    row = c.execute("SELECT body FROM bodies WHERE seq = ?", (seq,)).fetchone()
    if row is None:
        raise BodyMissing(f"no body for delivery {seq}")
    return zlib.decompress(row[0])


def queued(c: Connection) -> list[Job]:
    return _jobs(c, "WHERE state IN ('queued', 'running') AND state = 'queued' ORDER BY seq", ())


def unfinished(c: Connection) -> set[int]:
    query = "SELECT seq FROM deliveries WHERE state IN ('queued', 'running')"
    return {seq for (seq,) in c.execute(query).fetchall()}


def unrouted(c: Connection) -> list[Job]:
    return _jobs(c, "WHERE state = 'queued' AND key IS NULL ORDER BY seq LIMIT 1000", ())


def recent(c: Connection, limit: int, state: State | None = None) -> list[Job]:
    if state is None:
        return with_places(c, _jobs(c, "ORDER BY seq DESC LIMIT ?", (limit,)))
    return with_places(c, _jobs(c, "WHERE state = ? ORDER BY seq DESC LIMIT ?", (state.value, limit)))


def find(c: Connection, name: str) -> Job | None:
    """By number or by GUID."""
    seq = int(name) if name.isascii() and name.isdigit() and len(name) < 19 else -1
    found = with_places(c, _jobs(c, "WHERE guid = ? OR seq = ?", (name, seq)))
    return found[0] if found else None


def known(c: Connection, ids: Collection[DeliveryId]) -> frozenset[DeliveryId]:
    found: set[DeliveryId] = set()
    for some in _pieces(list(ids)):
        query = f"SELECT guid FROM deliveries WHERE guid IN {_marks(some)}"  # noqa: S608  # question marks
        found |= {DeliveryId(guid) for (guid,) in c.execute(query, some).fetchall()}
    return frozenset(found)


def counts(c: Connection) -> Mapping[State, int]:
    rows = dict(c.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall())
    return {state: rows.get(state.value, 0) for state in State}


def _jobs(c: Connection, clause: str, values: tuple[object, ...]) -> list[Job]:
    return [_job(row) for row in c.execute(f"SELECT {COLUMNS} FROM deliveries {clause}", values).fetchall()]  # noqa: S608  # constants of this module


def with_places(c: Connection, jobs: Sequence[Job]) -> list[Job]:
    """The jobs, each with the name that its repository has now."""
    names: dict[int, str] = {}
    for some in _pieces(sorted(partitions.ids_of(job.key for job in jobs))):
        names |= partitions.names(c, some)
    return [replace(job, place=partitions.place(job.key, names)) for job in jobs]


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


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _text(reason: str | None) -> str | None:
    """PostgreSQL holds no NUL, and neither database half a character."""
    return reason and reason.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def _marks(values: Sequence[object]) -> str:
    return f"({', '.join('?' * len(values))})"


def _pieces(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [values[n : n + AT_ONCE] for n in range(0, len(values), AT_ONCE)]
