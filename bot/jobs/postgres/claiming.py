"""Taking a job: procrastinate fetches it; what is superseded or damaged ends in the same transaction."""

import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg
import structlog

from bot.domain.references import Delivery
from bot.jobs.model import Job, RunOutcome, State
from bot.jobs.order import newest_wins
from bot.jobs.postgres.statements import AGAIN, QUEUE, WAKE, FencedClaim
from bot.jobs.sql import COLUMNS, job_of, unpacked_if_small

log = structlog.get_logger(__name__)

Connection = psycopg.AsyncConnection[Any]
COLUMNS_OF_D = ", ".join(f"d.{column}" for column in COLUMNS.split(", "))
_FETCH = "SELECT id, lock, attempts FROM procrastinate_fetch_job_v2(%s::varchar[], %s)"
# A statement of its own: what the function sees may have been committed after the statement that calls it began.
_COUNT = f"""
WITH counted AS (
  UPDATE deliveries SET state = 'queued', attempts = attempts + 1, finished_at = NULL, started_at = %s WHERE job = %s
  RETURNING seq
)
SELECT b.body, {COLUMNS_OF_D} FROM deliveries d JOIN counted USING (seq) LEFT JOIN bodies b ON b.seq = d.seq"""  # noqa: S608  # constants
"""The attempt counts from here on; the row is as it was before."""
_INTERRUPTED = (
    "INSERT INTO runs (seq, began, ended, outcome)"
    " SELECT d.seq, d.started_at, extract(epoch FROM clock_timestamp()), %s"
    " FROM again JOIN deliveries d ON d.job = again.id"
)
_KIND = "j.lock = %s AND d.event = %s AND d.action = %s"
_FROM = "FROM procrastinate_jobs j JOIN deliveries d ON d.job = j.id"


class Pruned(Exception):
    """Others have taken over: this worker's row is gone, and with it its claims."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of a fetch: claims, or nothing to do now; and the jobs that ended instead."""

    claims: list[FencedClaim]
    ended: list[Job]


async def beat(c: Connection, worker: int) -> None:
    """Say that this worker lives.  Raises ``Pruned``."""
    # Not now(): that is when the transaction began.
    found = await c.execute(
        "UPDATE procrastinate_workers SET last_heartbeat = clock_timestamp() WHERE id = %s RETURNING id", (worker,)
    )
    if await found.fetchone() is None:
        raise Pruned


async def take_over(c: Connection, ttl: float) -> tuple[int, list[int]]:
    """Queue the jobs of silent workers again, and remove those workers in the same transaction.

    The attempt counts: the job may have been the cause.  Returns the number of jobs, and the workers.
    """
    stale = "last_heartbeat < clock_timestamp() - make_interval(secs => %s)"
    found = await c.execute(f"SELECT id FROM procrastinate_workers WHERE {stale} FOR UPDATE SKIP LOCKED", (ttl,))  # noqa: S608
    gone = [row[0] for row in await found.fetchall()]
    again = await c.execute(
        f"WITH again AS (UPDATE procrastinate_jobs SET {AGAIN}, scheduled_at = NULL WHERE status = 'doing'"  # noqa: S608
        " AND queue_name = %s AND (worker_id = ANY(%s) OR worker_id IS NULL) RETURNING id)"
        f" {_INTERRUPTED}",
        (QUEUE, gone, RunOutcome.INTERRUPTED.value),
    )
    if gone:
        await c.execute("DELETE FROM procrastinate_workers WHERE id = ANY(%s)", (gone,))
    if again.rowcount:
        await c.execute(WAKE)
    return again.rowcount, gone


async def give_back(c: Connection, worker: int, running: list[int]) -> None:
    """Queue again what this worker holds and does not run: no run began, so none counts."""
    await c.execute(
        f"WITH again AS (UPDATE procrastinate_jobs SET {AGAIN} WHERE status = 'doing' AND worker_id = %s"  # noqa: S608
        " AND id <> ALL(%s) RETURNING id)"
        " UPDATE deliveries SET attempts = attempts - 1 FROM again WHERE job = again.id",
        (worker, running),
    )
    await c.execute(WAKE)


async def take(c: Connection, worker: int, now: datetime, most: int) -> Taken:
    """Up to ``most`` jobs, the first of partitions in which none runs.  Within a transaction."""
    claims: list[FencedClaim] = []
    ended: list[Job] = []
    while len(claims) < most:
        row = await (await c.execute(_FETCH, ([QUEUE], worker))).fetchone()
        if row is None or row[0] is None:
            break
        number, lock, attempt = row
        found = await (await c.execute(_COUNT, (now.timestamp(), number))).fetchone()
        if found is None:
            log.warning("job_without_delivery", number=number)  # of another tool, or its delivery was deleted
            await _end(c, [number], "failed")
            continue
        body, *columns = found
        job = job_of(tuple(columns))
        if newest_wins(job.event, job.action) and (newer := await _newer(c, job, number, lock)):
            ended += await _supersede(c, job, number, lock, newer, now)
            continue
        try:
            text = unpacked_if_small(body or b"")
        except zlib.error:
            ended.append(await _bury(c, job, number, now))
            continue
        delivery = Delivery(id=job.id, event=job.event, body=text or b"")
        claims.append(
            FencedClaim(
                job=job, attempts=job.attempts + 1, delivery=delivery, large=text is None,
                number=number, worker=worker, attempt=attempt,
            )
        )  # fmt: skip
    return Taken(claims=claims, ended=ended)


async def _newer(c: Connection, job: Job, number: int, lock: str) -> tuple[int, str] | None:
    """The newest waiting job of the same kind in the same partition, with its delivery."""
    found = await c.execute(
        f"SELECT j.id, d.guid {_FROM} WHERE {_KIND} AND j.status = 'todo' AND j.id > %s ORDER BY j.id DESC LIMIT 1",
        (lock, job.event, job.action, number),
    )
    return await found.fetchone()


async def _supersede(
    c: Connection, job: Job, number: int, lock: str, newer: tuple[int, str], now: datetime
) -> list[Job]:
    """End this job and the waiting ones of its kind before the newest."""
    newest, guid = newer
    reason = f"by delivery {guid}"
    found = await c.execute(
        f"SELECT j.id, {COLUMNS_OF_D} {_FROM} WHERE {_KIND} AND (j.id = %s OR j.status = 'todo' AND j.id < %s)",
        (lock, job.event, job.action, number, newest),
    )
    rows = await found.fetchall()
    numbers = [row[0] for row in rows]
    await _end(c, numbers, "succeeded")
    await c.execute(
        "UPDATE deliveries SET state = 'superseded', reason = %s, finished_at = %s, started_at = NULL,"
        " attempts = attempts - CASE WHEN seq = %s THEN 1 ELSE 0 END WHERE job = ANY(%s)",
        (reason, now.timestamp(), job.seq, numbers),
    )
    return [replace(job_of(tuple(row[1:])), state=State.SUPERSEDED, reason=reason) for row in rows]


async def _bury(c: Connection, job: Job, number: int, now: datetime) -> Job:
    """A body that cannot be read any more makes its delivery a dead letter."""
    reason = "the stored body is damaged"
    await _end(c, [number], "failed")
    await c.execute(
        "UPDATE deliveries SET state = 'dead', reason = %s, finished_at = %s WHERE seq = %s",
        (reason, now.timestamp(), job.seq),
    )
    return replace(job, state=State.DEAD, reason=reason)


async def _end(c: Connection, numbers: list[int], status: str) -> None:
    await c.execute(
        "UPDATE procrastinate_jobs SET status = %s::procrastinate_job_status, attempts = attempts + 1"
        " WHERE id = ANY(%s)",
        (status, numbers),
    )


async def overtaken(c: Connection, numbers: list[int]) -> set[int]:
    """Those of these running jobs that a waiting one supersedes."""
    found = await c.execute(
        "SELECT DISTINCT r.id FROM procrastinate_jobs r JOIN deliveries e ON e.job = r.id,"
        " procrastinate_jobs j JOIN deliveries d ON d.job = j.id"
        " WHERE r.id = ANY(%s) AND j.lock = r.lock AND j.status = 'todo' AND j.id > r.id"
        " AND d.event = e.event AND d.action = e.action",
        (numbers,),
    )
    return {row[0] for row in await found.fetchall()}
