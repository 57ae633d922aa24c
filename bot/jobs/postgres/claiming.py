"""Taking a job: procrastinate fetches it; what is superseded or damaged ends in the same transaction."""

import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

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
_FETCH = """
WITH RECURSIVE taken (n, job) AS (
  SELECT 1, procrastinate_fetch_job_v2(%(queues)s::varchar[], %(worker)s)
  UNION ALL
  SELECT n + 1, procrastinate_fetch_job_v2(%(queues)s::varchar[], %(worker)s) FROM taken
  WHERE n < %(most)s AND (job).id IS NOT NULL
)
SELECT (job).id, (job).lock, (job).attempts FROM taken WHERE (job).id IS NOT NULL ORDER BY n"""
"""Each call sees what the one before it has taken: a function that changes rows looks anew for each of its statements.
All are one statement, for each is a way to the database and back, and as many turns of the event loop."""
# A statement of its own: what the function sees may have been committed after the statement that calls it began.
_COUNT = f"""
WITH counted AS (
  UPDATE deliveries SET state = 'queued', attempts = attempts + 1, finished_at = NULL, started_at = %s
  WHERE job = ANY(%s) RETURNING seq
)
SELECT d.job, b.body, {COLUMNS_OF_D} FROM deliveries d JOIN counted USING (seq) LEFT JOIN bodies b ON b.seq = d.seq"""  # noqa: S608  # constants
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
    more = True
    while more:
        taken = await _fetch(c, worker, now, most - len(claims))
        over = len(ended)
        for each in taken:
            job = each.job
            if newest_wins(job.event, job.action) and (newer := await _newer(c, job, each.number, each.lock)):
                ended += await _supersede(c, job, each.number, each.lock, newer, now)
            elif (claim := _claim_of(each, worker)) is not None:
                claims.append(claim)
            else:
                ended.append(await _bury(c, job, each.number, now))
        # Another job comes to the head of a partition only where one has ended.
        more = len(ended) > over and len(claims) < most
    return Taken(claims=claims, ended=ended)


class _Given(NamedTuple):
    """A job that procrastinate gave to this worker."""

    number: int
    lock: str
    attempt: int
    body: bytes | None
    """As it is packed."""
    job: Job
    """As it was before."""


async def _fetch(c: Connection, worker: int, now: datetime, most: int) -> list[_Given]:
    """Each counts as an attempt."""
    given = await (await c.execute(_FETCH, {"queues": [QUEUE], "worker": worker, "most": most})).fetchall()
    if not given:
        return []
    counted = await c.execute(_COUNT, (now.timestamp(), [number for number, _, _ in given]))
    found = {number: (body, job_of(tuple(columns))) for number, body, *columns in await counted.fetchall()}
    if missing := [number for number, _, _ in given if number not in found]:
        log.warning("job_without_delivery", numbers=missing)  # of another tool, or its delivery was deleted
        await _end(c, missing, "failed")
        if not found:
            return await _fetch(c, worker, now, most)
    return [_Given(number, lock, attempt, *found[number]) for number, lock, attempt in given if number in found]


def _claim_of(fetched: _Given, worker: int) -> FencedClaim | None:
    """``None`` where the body cannot be read any more."""
    job = fetched.job
    try:
        text = unpacked_if_small(fetched.body or b"")
    except zlib.error:
        return None
    return FencedClaim(
        job=job,
        attempts=job.attempts + 1,
        delivery=Delivery(id=job.id, event=job.event, body=text or b""),
        large=text is None,
        number=fetched.number,
        worker=worker,
        attempt=fetched.attempt,
    )


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
