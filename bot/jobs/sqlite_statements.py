"""SQLite's own statements: one process claims the jobs and records how they end.  Each is called in a transaction."""

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.domain.references import Delivery
from bot.jobs import partitions
from bot.jobs.clock import utc_now
from bot.jobs.database import Connection
from bot.jobs.model import Job, RunOutcome, State, Work
from bot.jobs.order import newest_wins
from bot.jobs.sql import (
    COLUMNS,
    BodyMissing,
    job_of,
    jobs,
    marks,
    moment,
    pieces,
    record_end,
    record_run,
    rows,
    seconds,
    small_body_of,
    storable,
)
from bot.jobs.store import Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The jobs to run now."""

    claims: Sequence[Claim]
    ended: Sequence[Job]
    """Jobs that ended instead: superseded, or damaged."""
    due: datetime | None = None
    """When the next job is due that waits for a time; ``None`` when there is none, or more could be claimed now."""
    unrouted: int | None = None
    """The first delivery without a partition: later ones have to wait for it."""


def begin_routing(c: Connection, seq: int) -> int:
    """Count that its partition is looked for; how often that was, or 0 when it has one or has ended."""
    row = c.execute(
        "UPDATE deliveries SET attempts = attempts + 1 WHERE seq = ? AND state = 'queued' AND key IS NULL"
        " RETURNING attempts",
        (seq,),
    ).fetchone()
    return 0 if row is None else int(row[0])


def route(c: Connection, routed: Sequence[tuple[int, Work]]) -> list[None]:
    """Record the partitions of queued deliveries."""
    found = c.execute(
        f"WITH r (seq, key, action) AS (VALUES {rows(len(routed), 3)})"  # noqa: S608  # question marks
        " UPDATE deliveries SET key = r.key, action = r.action, attempts = 0 FROM r"
        " WHERE deliveries.seq = r.seq AND deliveries.state = 'queued' AND deliveries.key IS NULL"
        " RETURNING deliveries.seq",
        [value for seq, work in routed for value in (seq, work.key, work.action)],
    )
    taken = {seq for (seq,) in found.fetchall()}
    names = dict(work.repository for seq, work in routed if seq in taken and work.repository is not None)
    for repository in names.items():  # the last name that was told counts
        partitions.remember(c, repository)
    return [None] * len(routed)


def settle(c: Connection, seq: int, state: State, reason: str | None, at: datetime) -> bool:
    cursor = c.execute(
        "UPDATE deliveries SET state = ?, reason = ?, finished_at = ?, next_at = NULL"
        " WHERE seq = ? AND state = 'queued'",
        (state.value, storable(reason), at.timestamp(), seq),
    )
    return cursor.rowcount == 1


UNROUTED = "state IN ('queued', 'running') AND state = 'queued' AND key IS NULL"
"""As the index of the partitions has it: one of their own costs each delivery two writes."""
_DUE = "(d.next_at IS NULL OR d.next_at <= ?) AND (d.not_before IS NULL OR d.not_before <= ?)"
# A task that is not due yet blocks nothing.  A job that waits for another try blocks its partition.  A delivery without
# a partition blocks all that came later: it may belong to the same one.
_HEADS = f"""
SELECT {", ".join(f"d.{column}" for column in COLUMNS.split(", "))} FROM deliveries d
WHERE d.state IN ('queued', 'running') AND d.state = 'queued' AND d.key IS NOT NULL AND {_DUE}
AND NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.key = d.key AND e.state = 'running')
AND NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.key = d.key AND e.state IN ('queued', 'running')
                AND e.seq < d.seq AND (e.not_before IS NULL OR e.not_before <= ?))
AND d.seq < coalesce((SELECT min(u.seq) FROM deliveries u WHERE {UNROUTED}), {2**62})
ORDER BY d.seq LIMIT ?"""  # noqa: S608  # constants of this module


def claim(c: Connection, limit: int, now: datetime, bodies: Mapping[int, bytes]) -> Claimed:
    """Take up to ``limit`` jobs: the first of each partition in which none runs, the oldest first.

    What a newer delivery supersedes ends here, and so does what cannot be read any more.  ``bodies``: those that are in
    memory, by ``seq``; they are not read back.
    """
    claims: list[Claim] = []
    ended: list[Job] = []
    at, more = now.timestamp(), True
    while more:
        room = limit - len(claims)
        heads = [job_of(row) for row in c.execute(_HEADS, (at, at, at, room)).fetchall()]
        taken: list[Job] = []
        over = len(ended)
        for head in heads:
            if newest_wins(head.event, head.action) and (newer := _newer(c, head, at)):
                ended += _supersede(c, head, *newer, at)
            else:
                taken.append(head)
        found = _claim(c, taken, now, bodies)
        claims += found
        claimed = {each.job.seq for each in found}
        ended += [replace(head, state=State.DEAD) for head in taken if head.seq not in claimed]
        # Another job comes to the head of a partition only where one has ended.
        more = len(ended) > over and len(claims) < limit
    if len(claims) == limit:
        return Claimed(claims=claims, ended=ended)
    (unrouted,) = c.execute(f"SELECT min(seq) FROM deliveries WHERE {UNROUTED}").fetchone()  # noqa: S608  # a constant
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
    found = jobs(c, older, (head.key, head.event, head.action, head.seq, newest, at))
    reason, when = f"by delivery {guid}", datetime.fromtimestamp(at, UTC)
    for job in found:
        settle(c, job.seq, State.SUPERSEDED, reason, when)
    return [replace(job, state=State.SUPERSEDED, reason=reason) for job in found]


def _claim(c: Connection, heads: Sequence[Job], now: datetime, bodies: Mapping[int, bytes]) -> list[Claim]:
    """A body that cannot be read any more makes its delivery a dead letter."""
    for some in pieces([job.seq for job in heads]):
        c.execute(
            "UPDATE deliveries SET state = 'running', attempts = attempts + 1, next_at = NULL, started_at = ?"  # noqa: S608  # question marks
            f" WHERE seq IN {marks(some)}",
            (now.timestamp(), *some),
        )
    claims = []
    for job in heads:
        try:
            body = bodies.get(job.seq) or small_body_of(c, job.seq)
        except (BodyMissing, zlib.error) as error:
            reason = f"the stored body is damaged: {error}"
            finish(c, [Ending(seq=job.seq, state=State.DEAD, reason=reason, at=now)])
            continue
        delivery = Delivery(id=job.id, event=job.event, body=body or b"")
        claims.append(Claim(job=job, attempts=job.attempts + 1, delivery=delivery, large=body is None))
    return claims


def _due(c: Connection, at: float) -> datetime | None:
    """When the next waiting job is due."""
    (due,) = c.execute(
        "SELECT min(CASE WHEN coalesce(next_at, 0) > coalesce(not_before, 0) THEN next_at ELSE not_before END)"
        " FROM deliveries WHERE state = 'queued' AND (next_at IS NOT NULL OR not_before IS NOT NULL)"
        " AND (next_at > ? OR not_before > ?)",
        (at, at),
    ).fetchone()
    return moment(due)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a running job ended."""

    seq: int
    state: State
    reason: str | None
    at: datetime


def finish(c: Connection, endings: Sequence[Ending]) -> list[bool]:
    """Whether each was running until then."""
    found = c.execute(
        f"WITH r (seq, state, reason, at) AS (VALUES {rows(len(endings), 4)})"  # noqa: S608  # question marks
        " UPDATE deliveries SET state = r.state, reason = r.reason, finished_at = r.at FROM r"
        " WHERE deliveries.seq = r.seq AND deliveries.state = 'running' RETURNING deliveries.seq",
        [value for e in endings for value in (e.seq, e.state.value, storable(e.reason), e.at.timestamp())],
    )
    ended = {seq for (seq,) in found.fetchall()}
    return [each.seq in ended for each in endings]


def requeue(c: Connection, seq: int, next_at: datetime | None, reason: str, *, counts: bool) -> bool:
    cursor = c.execute(
        "UPDATE deliveries SET state = 'queued', next_at = ?, reason = ?, attempts = attempts - ?"
        " WHERE seq = ? AND state = 'running'",
        (seconds(next_at), storable(reason), 0 if counts else 1, seq),
    )
    if cursor.rowcount == 1:
        record_run(c, seq, RunOutcome.FAILED if counts else RunOutcome.POSTPONED, reason, utc_now())
    return cursor.rowcount == 1


def release(c: Connection, held: Collection[int]) -> int:
    """Queue again what is marked as running and is not held: what a crash left, or a claim whose answer was lost.

    The attempt counts: the job may have been the cause.
    """
    running = c.execute("SELECT seq FROM deliveries WHERE state IN ('queued', 'running') AND state = 'running'")
    lost = [seq for (seq,) in running.fetchall() if seq not in held]
    for seq in lost:
        record_run(c, seq, RunOutcome.INTERRUPTED, None, utc_now())
    for some in pieces(lost):
        c.execute(f"UPDATE deliveries SET state = 'queued' WHERE seq IN {marks(some)}", some)  # noqa: S608  # question marks
    return len(lost)


def unrouted(c: Connection) -> list[Job]:
    return jobs(c, f"WHERE {UNROUTED} ORDER BY seq LIMIT 1000", ())


def retry(c: Connection, seq: int) -> bool:
    """Queue a finished job again.  One whose partition names its repository, as they did until version 3, has none."""
    record_end(c, seq)
    cursor = c.execute(
        "UPDATE deliveries SET state = 'queued', attempts = 0, next_at = NULL, not_before = NULL, finished_at = NULL,"
        " started_at = NULL, reason = NULL, key = CASE WHEN key LIKE ? THEN NULL ELSE key END"
        " WHERE seq = ? AND state NOT IN ('queued', 'running')",
        ("%/%", seq),
    )
    return cursor.rowcount == 1


def run_now(c: Connection) -> None:
    c.execute("UPDATE deliveries SET not_before = NULL WHERE state = 'queued' AND not_before IS NOT NULL")


def set_back(c: Connection, seconds: float) -> None:
    c.execute(
        "UPDATE deliveries SET next_at = next_at - ?, not_before = not_before - ? WHERE state = 'queued'"
        " AND (next_at IS NOT NULL OR not_before IS NOT NULL)",
        (seconds, seconds),
    )


def clean(c: Connection, states: Sequence[State], before: datetime, limit: int) -> int:
    rows = c.execute(
        f"SELECT d.seq FROM deliveries d WHERE d.finished_at < ? AND d.state IN {marks(states)}"  # noqa: S608  # question marks
        f" ORDER BY d.finished_at LIMIT ?",
        (before.timestamp(), *(state.value for state in states), limit),
    ).fetchall()
    for some in pieces([seq for (seq,) in rows]):
        c.execute(f"DELETE FROM bodies WHERE seq IN {marks(some)}", some)  # noqa: S608
        c.execute(f"DELETE FROM runs WHERE seq IN {marks(some)}", some)  # noqa: S608
        c.execute(f"DELETE FROM deliveries WHERE seq IN {marks(some)}", some)  # noqa: S608
    return len(rows)
