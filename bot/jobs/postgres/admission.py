"""Gives what arrived its partition, in order of arrival, and defers its job in the same transaction.

procrastinate runs the jobs of a lock in the order in which they were deferred, whatever their time.  So one process at
a time defers, under an advisory lock, and a task that is not due yet gets its job, and with it its place, when it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from procrastinate.jobs import Job as EngineJob
from procrastinate.manager import JobManager

from bot.jobs.clock import Clock
from bot.jobs.model import Ignored, Job, Route, State, Unreadable, Work
from bot.jobs.postgres.statements import QUEUE
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
SOON = timedelta(seconds=0.1)
_WAITING = f"""
SELECT {COLUMNS} FROM deliveries
WHERE state = 'queued' AND job IS NULL AND (key IS NULL OR not_before IS NULL OR not_before <= %s)
ORDER BY seq LIMIT {AT_ONCE}"""  # noqa: S608  # constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """``more`` may wait; ``due`` is when the next task is."""

    more: bool
    due: datetime | None


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
        now = self._clock()
        decided: dict[int, Route] = {}
        seen = await self._waiting(c, now)
        if not seen:
            return Admitted(more=False, due=await self._next_due(c, now))
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
            found = await self._waiting(c, now)
            # Another process may have admitted some, and others may have arrived among them meanwhile.
            jobs: list[Job] = []
            for job in found:
                if job.key is None and job.seq not in decided:
                    break
                jobs.append(job)
            ended = await self._settle(c, jobs, decided, now)
            work = [_placed(job, decided.get(job.seq)) for job in jobs if job.seq not in ended]
            await self._defer(c, work, now)
            await self._remember(c, [decided.get(job.seq) for job in work])
        for job in jobs:
            if job.seq in ended:
                self._ended(job, ended[job.seq])
        for job in work:
            self._routed(job)
        self._begun.difference_update(job.seq for job in jobs)
        return Admitted(more=bool(jobs), due=None if jobs else now + SOON)

    async def _decide(self, c: Connection, job: Job, arrival: Arrival | None, now: datetime) -> Route | None:
        """Where a delivery belongs.

        One that is not ours and waits for long may have ended the process that read it: it is counted, by one server
        at a time.  ``None`` while another one reads it.
        """
        if arrival is None and job.seq not in self._begun and now - job.received_at > LEFT_AFTER:
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

    async def _waiting(self, c: Connection, now: datetime) -> list[Job]:
        rows = await (await c.execute(_WAITING, (now.timestamp(),))).fetchall()
        return [job_of(row) for row in rows]

    async def _settle(
        self, c: Connection, jobs: list[Job], decided: dict[int, Route], now: datetime
    ) -> dict[int, State]:
        """End what needs no run."""
        ended: dict[int, State] = {}
        for job in jobs:
            match decided.get(job.seq):
                case Ignored(reason=reason):
                    ended[job.seq] = State.IGNORED
                case Unreadable(reason=reason):
                    ended[job.seq] = State.DEAD
                case _:
                    continue
            await c.execute(
                "UPDATE deliveries SET state = %s, reason = %s, finished_at = %s WHERE seq = %s",
                (ended[job.seq].value, storable(reason), now.timestamp(), job.seq),
            )
        return ended

    async def _remember(self, c: Connection, routes: Sequence[object]) -> None:
        """The names of repositories, for people; the last one that is told counts."""
        names = dict(route.repository for route in routes if isinstance(route, Work) and route.repository is not None)
        if not names:
            return
        await c.execute(
            "INSERT INTO names SELECT * FROM unnest(%s::bigint[], %s::text[])"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE names.name <> excluded.name",
            (list(names), list(names.values())),
        )

    async def _defer(self, c: Connection, work: list[Job], now: datetime) -> None:
        """Record the partitions, and defer what is due."""
        if not work:
            return
        due = [job for job in work if job.not_before is None or job.not_before <= now]
        deferred = await self._manager.batch_defer_jobs_async([_engine_job(job) for job in due], connection=c)
        numbers = {job.seq: each.id for job, each in zip(due, deferred, strict=True)}
        await c.execute(
            "UPDATE deliveries d SET key = v.key, action = v.action, job = v.job,"
            " attempts = CASE WHEN d.key IS NULL THEN 0 ELSE d.attempts END,"
            " next_at = CASE WHEN d.key IS NOT NULL AND v.job IS NULL THEN d.next_at END"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[]) AS v (seq, key, action, job)"
            " WHERE d.seq = v.seq",
            (
                [job.seq for job in work],
                [job.key for job in work],
                [job.action for job in work],
                [numbers.get(job.seq) for job in work],
            ),
        )

    async def _next_due(self, c: Connection, now: datetime) -> datetime | None:
        found = await c.execute(
            "SELECT min(not_before) FROM deliveries WHERE state = 'queued' AND job IS NULL AND not_before > %s",
            (now.timestamp(),),
        )
        (due,) = await found.fetchone() or (None,)
        return None if due is None else datetime.fromtimestamp(due, UTC)


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
