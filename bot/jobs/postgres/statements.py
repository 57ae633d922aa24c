"""What is written beside procrastinate, by SQL of ours: in each transaction both its row and ours.

procrastinate's own ``finish`` and ``retry`` end any row that is running, whoever holds it.  Ours are fenced: they find
the row only while the same worker holds it in the same attempt.  Every change of ``procrastinate_jobs`` that queues a
job again counts its ``attempts`` up, so a pair of worker and attempt never comes twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.jobs.clock import utc_now
from bot.jobs.database import Connection
from bot.jobs.model import RunOutcome, State
from bot.jobs.sql import record_end, record_run, storable
from bot.jobs.store import Claim

QUEUE = "ssot"
NOW = "extract(epoch FROM clock_timestamp())::float8"
"""Servers' clocks may differ, and jump: what waits for a time waits by the database's."""
CHANNEL = f"procrastinate_queue_v1#{QUEUE}"
"""Where procrastinate tells its workers of new jobs; it says nothing of a job that may run again."""
WAKE = f"""SELECT pg_notify('{CHANNEL}', '{{"type": "job_inserted", "job_id": 0}}')"""
ENDED = {State.DEAD: "failed"}
"""procrastinate's word for how a job ended; ``succeeded`` for all others."""
AGAIN = (
    "status = CASE WHEN abort_requested THEN 'aborted' ELSE 'todo' END::procrastinate_job_status,"
    " abort_requested = false, attempts = attempts + 1, worker_id = NULL"
)
"""Queue a job again; one that a tool has aborted ends."""
_HELD = "id = ? AND status = 'doing' AND worker_id = ? AND attempts = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class FencedClaim(Claim):
    """A job that is marked as running, by this worker in this attempt."""

    number: int
    """Of procrastinate's row."""
    worker: int
    attempt: int
    """procrastinate's count, which also counts runs that were postponed."""

    @property
    def fence(self) -> tuple[int, int, int]:
        return (self.number, self.worker, self.attempt)


def finish(c: Connection, claim: FencedClaim, state: State, reason: str | None, at: datetime) -> bool:
    """End a running job; False when it was taken over."""
    cursor = c.execute(
        "WITH ended AS (UPDATE procrastinate_jobs SET status = ?::procrastinate_job_status, attempts = attempts + 1,"  # noqa: S608  # constants of this module
        f" abort_requested = false WHERE {_HELD} RETURNING id)"
        " UPDATE deliveries SET state = ?, reason = ?, finished_at = ? FROM ended WHERE job = ended.id",
        (ENDED.get(state, "succeeded"), *claim.fence, state.value, storable(reason), at.timestamp()),
    )
    return cursor.rowcount == 1


def requeue(c: Connection, claim: FencedClaim, after: float | None, reason: str, *, counts: bool) -> bool:
    """Queue a running job again, to begin ``after`` seconds; False when it was taken over."""
    cursor = c.execute(
        f"WITH again AS (UPDATE procrastinate_jobs SET {AGAIN}, scheduled_at = to_timestamp({NOW} + ?::float8)"  # noqa: S608
        f" WHERE {_HELD} RETURNING id)"
        " UPDATE deliveries SET reason = ?, attempts = deliveries.attempts - ? FROM again WHERE job = again.id",
        (after, *claim.fence, storable(reason), 0 if counts else 1),
    )
    if cursor.rowcount == 1:
        record_run(c, claim.job.seq, RunOutcome.FAILED if counts else RunOutcome.POSTPONED, reason, utc_now())
    c.execute(WAKE)
    return cursor.rowcount == 1


def settle(c: Connection, seq: int, state: State, reason: str | None, at: datetime) -> bool:
    """End a waiting delivery, with its job; False when it was not waiting."""
    c.execute(
        "UPDATE procrastinate_jobs j SET status = 'cancelled' FROM deliveries d"
        " WHERE d.seq = ? AND j.id = d.job AND j.status = 'todo'",
        (seq,),
    )
    cursor = c.execute(
        "UPDATE deliveries d SET state = ?, reason = ?, finished_at = ?, next_at = NULL WHERE seq = ?"
        " AND state = 'queued' AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j WHERE j.id = d.job AND"
        " j.status = 'doing')",
        (state.value, storable(reason), at.timestamp(), seq),
    )
    return cursor.rowcount == 1


def retry(c: Connection, seq: int) -> bool:
    """Queue a finished delivery again; False when it is not finished.

    One that never had a job gets one, and so does one whose partition names its repository (until version 3).
    """
    row = c.execute(
        "SELECT d.job, d.key FROM deliveries d JOIN ssot_jobs v USING (seq) WHERE seq = ?"
        " AND v.state NOT IN ('queued', 'running') FOR UPDATE OF d",
        (seq,),
    ).fetchone()
    if row is None:
        return False
    job, key = row
    record_end(c, seq)
    by_name = "/" in (key or "")
    again = c.execute(
        "UPDATE procrastinate_jobs SET status = 'todo', abort_requested = false, attempts = attempts + 1,"
        " worker_id = NULL, scheduled_at = NULL WHERE id = ? AND status NOT IN ('todo', 'doing') RETURNING id",
        (None if by_name else job,),
    ).fetchone()
    c.execute(
        "UPDATE deliveries SET state = 'queued', attempts = 0, next_at = NULL, not_before = NULL, finished_at = NULL,"
        " started_at = NULL, reason = NULL, job = ?, key = ? WHERE seq = ?",
        (again and again[0], None if by_name else key, seq),
    )
    c.execute(WAKE)
    return True


def clean(c: Connection, states: Sequence[State], before: datetime, limit: int) -> int:
    """Delete rows that ended before a time, with their jobs; what a tool queued again stays."""
    names = [state.value for state in states]
    if State.DEAD in states:
        _record_foreign_ends(c)
    rows = c.execute(
        "SELECT seq, job FROM deliveries d WHERE finished_at < ? AND state = ANY(?) AND NOT EXISTS (SELECT 1 FROM"
        " procrastinate_jobs j WHERE j.id = d.job AND j.status IN ('todo', 'doing'))"
        " ORDER BY finished_at LIMIT ? FOR UPDATE SKIP LOCKED",
        (before.timestamp(), names, limit),
    ).fetchall()
    seqs = [seq for seq, _ in rows]
    c.execute("DELETE FROM bodies WHERE seq = ANY(?)", (seqs,))
    c.execute("DELETE FROM runs WHERE seq = ANY(?)", (seqs,))
    c.execute("DELETE FROM deliveries WHERE seq = ANY(?)", (seqs,))
    c.execute("DELETE FROM procrastinate_jobs WHERE id = ANY(?)", ([job for _, job in rows if job is not None],))
    return len(rows)


def _record_foreign_ends(c: Connection) -> None:
    """From now on the time counts for what another tool has ended."""
    c.execute(
        "UPDATE deliveries d SET state = 'dead', reason = v.reason, finished_at = extract(epoch FROM now())"
        " FROM ssot_jobs v WHERE v.seq = d.seq AND d.state = 'queued' AND v.state = 'dead'"
    )


def run_now(c: Connection) -> None:
    c.execute("UPDATE deliveries SET not_before = NULL WHERE state = 'queued' AND not_before IS NOT NULL")
