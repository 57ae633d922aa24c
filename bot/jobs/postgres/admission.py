"""Gives what arrived its partition, in order of arrival, and defers its job in the same transaction.

procrastinate runs the jobs of a lock in the order in which they were deferred, whatever their time.  So one process at
a time defers, under an advisory lock, and a task that is not due yet gets its job, and with it its place, when it is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from procrastinate.jobs import Job as EngineJob
from procrastinate.manager import JobManager

from bot.jobs.clock import Clock
from bot.jobs.model import Ignored, Job, Route, State, Unreadable, Work
from bot.jobs.postgres.statements import NOW, QUEUE
from bot.jobs.routing import Arrival, Routing, ended_the_process
from bot.jobs.sql import COLUMNS, job_of, storable

Connection = psycopg.AsyncConnection[Any]
LOCK = 0x55073
"""The advisory lock of whoever defers."""
AT_ONCE = 100
"""Rows in one transaction."""
TASK = "ssot"
LEFT_AFTER = timedelta(seconds=3)
"""A delivery that waits longer for its partition was left by the server that received it."""
READ_WITHIN = timedelta(seconds=10)
"""For so long the others leave it to the server that has begun to read it."""
SOON = 0.1
"""Seconds."""
_WAITING = f"""
SELECT {NOW}, {COLUMNS} FROM deliveries
WHERE state = 'queued' AND job IS NULL AND (key IS NULL OR not_before IS NULL OR not_before <= {NOW})
ORDER BY seq LIMIT {AT_ONCE}"""  # noqa: S608  # constants
_NEXT_DUE = f"""
SELECT min(not_before) - {NOW} FROM deliveries
WHERE state = 'queued' AND job IS NULL AND not_before > {NOW}"""  # noqa: S608  # constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """``more`` may wait; ``due``: the seconds until the next task is."""

    more: bool
    due: float | None


class Admission:
    """``ended`` is called for each delivery that needs no run, ``routed`` for each that got its partition."""

    def __init__(
        self,
        manager: JobManager,
        routing: Routing,
        *,
        ended: Callable[[Job, State], None],
        routed: Callable[[Job], None],
        clock: Clock,
        tries: int,
    ) -> None:
        self._manager, self._routing, self._ended, self._routed = manager, routing, ended, routed
        self._clock, self._tries = clock, tries
        self._begun: set[int] = set()
        """Left by others, and begun to be routed here."""

    async def admit(self, c: Connection, arrivals: dict[int, Arrival]) -> Admitted:
        """Admit up to ``AT_ONCE`` rows; ``arrivals`` are those whose bodies are in memory.

        Routes are found before the lock is taken: nobody waits while a body is parsed.
        """
        decided: dict[int, Route] = {}
        seen, now = await self._waiting(c)
        if not seen:
            return Admitted(more=False, due=await self._next_due(c))
        for job in seen:
            if job.key is None:
                route = await self._decide(c, job, arrivals.get(job.seq), now)
                if route is None:
                    break  # another server reads it, and what came later waits for it
                decided[job.seq] = route
                if job.seq in self._begun:
                    break  # recorded before the next one, which may be the one that ends the process
        async with c.transaction():
            await c.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            found, now = await self._waiting(c)
            # Another process may have admitted some, and others may have arrived among them meanwhile.
            jobs: list[Job] = []
            for job in found:
                if job.key is None and job.seq not in decided:
                    break
                jobs.append(job)
            ended = await self._settle(c, jobs, decided)
            work = [_placed(job, decided.get(job.seq)) for job in jobs if job.seq not in ended]
            await self._defer(c, work, _names(decided.get(job.seq) for job in work), now)
        for job in jobs:
            if job.seq in ended:
                self._ended(job, ended[job.seq])
        for job in work:
            self._routed(job)
        self._begun.difference_update(job.seq for job in jobs)
        return Admitted(more=bool(jobs), due=None if jobs else SOON)

    async def _decide(self, c: Connection, job: Job, arrival: Arrival | None, now: datetime) -> Route | None:
        """Where a delivery belongs.

        One that is not ours and waits for long may have ended the process that read it: it is counted, by one server
        at a time.  ``None`` while another one reads it.
        """
        if arrival is None and job.seq not in self._begun and abs(now - job.received_at) > LEFT_AFTER:
            found = await c.execute(
                "UPDATE deliveries SET attempts = attempts + 1, next_at = %s WHERE seq = %s AND state = 'queued'"
                " AND key IS NULL AND (next_at IS NULL OR next_at <= %s) RETURNING attempts",
                ((now + READ_WITHIN).timestamp(), job.seq, now.timestamp()),
            )
            row = await found.fetchone()
            if row is None:
                return None
            self._begun.add(job.seq)
            if row[0] > self._tries:
                return ended_the_process(self._tries)
        return await self._routing.decide(arrival or Arrival(job, None))

    async def _waiting(self, c: Connection) -> tuple[list[Job], datetime]:
        """What has no job and is to have one, and the database's time."""
        rows = await (await c.execute(_WAITING)).fetchall()
        now = datetime.fromtimestamp(rows[0][0], UTC) if rows else self._clock()
        return [job_of(row[1:]) for row in rows], now

    async def _settle(self, c: Connection, jobs: list[Job], decided: dict[int, Route]) -> dict[int, State]:
        """End what needs no run."""
        ended: dict[int, State] = {}
        reasons: list[str | None] = []
        for job in jobs:
            match decided.get(job.seq):
                case Ignored(reason=reason):
                    ended[job.seq] = State.IGNORED
                case Unreadable(reason=reason):
                    ended[job.seq] = State.DEAD
                case _:
                    continue
            reasons.append(storable(reason))
        if ended:
            await c.execute(
                "UPDATE deliveries d SET state = v.state, reason = v.reason, finished_at = %s"
                " FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS v (seq, state, reason) WHERE d.seq = v.seq",
                (self._clock().timestamp(), list(ended), [state.value for state in ended.values()], reasons),
            )
        return ended

    async def _defer(self, c: Connection, work: list[Job], names: dict[int, str], now: datetime) -> None:
        """Record the partitions and the repositories' names, and defer what is due."""
        if not work:
            return
        due = [job for job in work if job.not_before is None or job.not_before <= now]
        deferred = await self._manager.batch_defer_jobs_async([_engine_job(job) for job in due], connection=c)
        numbers = {job.seq: each.id for job, each in zip(due, deferred, strict=True)}
        await c.execute(
            "WITH named AS (INSERT INTO names SELECT * FROM unnest(%s::bigint[], %s::text[])"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE names.name <> excluded.name)"
            " UPDATE deliveries d SET key = v.key, action = v.action, job = v.job,"
            " attempts = CASE WHEN d.key IS NULL THEN 0 ELSE d.attempts END,"
            " next_at = CASE WHEN d.key IS NOT NULL AND v.job IS NULL THEN d.next_at END"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[]) AS v (seq, key, action, job)"
            " WHERE d.seq = v.seq",
            (
                list(names),
                list(names.values()),
                [job.seq for job in work],
                [job.key for job in work],
                [job.action for job in work],
                [numbers.get(job.seq) for job in work],
            ),
        )

    async def _next_due(self, c: Connection) -> float | None:
        (due,) = await (await c.execute(_NEXT_DUE)).fetchone() or (None,)
        return None if due is None else float(due)


def _names(routes: Iterable[object]) -> dict[int, str]:
    """Of repositories, for people; the last one that is told counts."""
    return dict(route.repository for route in routes if isinstance(route, Work) and route.repository is not None)


def _placed(job: Job, route: Route | None) -> Job:
    if not isinstance(route, Work):
        return job
    return replace(job, key=route.key, action=route.action, next_at=None)


def _engine_job(job: Job) -> EngineJob:
    """What procrastinate shows of the job; everything else is found by its number."""
    event = f"{job.event}.{job.action}" if job.action else job.event
    return EngineJob(
        queue=QUEUE,
        task_name=TASK,
        lock=job.key,
        queueing_lock=None,
        task_kwargs={"seq": job.seq, "delivery": str(job.id), "event": event},
        scheduled_at=job.next_at,
    )
