"""procrastinate, with what it leaves to its user: fences, take-over, and waking for what its triggers do not tell of.

It registers the worker, sends heartbeats, listens, fetches the next job of a lock and runs as many as allowed.  This
module is its connection to us: a ``JobManager`` that claims by ``claiming``, records nothing by itself (the run does,
fenced), and outlives an unavailable database.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any

import psycopg
import structlog
from procrastinate import App, JobContext, PsycopgConnector, exceptions
from procrastinate import jobs as engine_jobs
from procrastinate.manager import JobManager, NotificationCallback
from procrastinate.worker import Worker as EngineWorker
from psycopg_pool import AsyncConnectionPool

from bot.jobs.clock import Clock
from bot.jobs.model import Job
from bot.jobs.postgres import claiming
from bot.jobs.postgres.admission import TASK
from bot.jobs.postgres.claiming import Pruned
from bot.jobs.postgres.connection import brief
from bot.jobs.postgres.statements import QUEUE, FencedClaim
from bot.jobs.store import StoreUnavailable
from bot.postgres_session import CONNECTING, SESSION

log = structlog.get_logger(__name__)

HEARTBEAT = 2.0
"""Seconds between two heartbeats, and between two looks for jobs that nobody told of."""
TTL = 7.0
"""Seconds without a heartbeat after which others take over."""
GRACE = 1.0
"""Seconds for which running jobs may go on when others have taken over; their leases have expired."""
PAUSE = 1.0
"""Seconds before the next try while the database does not answer."""
FETCHED = 8
"""Jobs that one fetch takes at most.  An idle server takes one at a time, for others may be idle too; the more it runs
the more it takes, for each fetch is a transaction, and all its jobs wait for it."""
FAULTS = (psycopg.Error, exceptions.ConnectorException, exceptions.AppNotOpen, OSError)
"""What a database that is away, a pool without a connection, or one that was closed at the end raises."""
Run = Callable[[FencedClaim], Awaitable[None]]

logging.getLogger("procrastinate").setLevel(logging.WARNING)  # two lines for each job, with what ours say


class Manager(JobManager):
    """procrastinate's view of the database.

    ``ended`` is called for each job that ended without a run, ``heard`` when there may be something to run.
    """

    def __init__(
        self,
        connector: PsycopgConnector,
        *,
        clock: Clock,
        ttl: float,
        concurrency: int,
        ended: Callable[[Iterable[Job]], None],
        heard: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        super().__init__(connector)
        self._pool_of, self._clock, self._ttl, self._concurrency = connector, clock, ttl, concurrency
        self._ended, self._heard, self._lost = ended, heard, lost
        self.claims: dict[int, FencedClaim] = {}
        """Those that are held by this process, by procrastinate's number."""
        self._ready: deque[FencedClaim] = deque()
        """Those that are fetched, and begin next."""
        self._notify: NotificationCallback | None = None
        self._wakes = 0
        self._telling: set[asyncio.Future[None]] = set()
        self._unsure = False
        """The answer to a fetch was lost: this worker may hold a job of which it does not know."""
        self._beaten = float("-inf")
        self.stop_worker: Callable[[], None] = lambda: None
        """Set by who runs the worker."""

    @property
    def pool(self) -> AsyncConnectionPool[Any]:
        return self._pool_of.pool

    def in_touch(self) -> bool:
        """False when others may soon take over our jobs: some time is left for the current request."""
        return time.monotonic() - self._beaten < self._ttl - HEARTBEAT

    def wake(self) -> None:
        """Something may have become runnable: look at once."""
        self._wakes += 1
        if self._notify is not None:
            told = asyncio.ensure_future(self._notify(channel="", notification={"type": "job_inserted", "job_id": 0}))
            self._telling.add(told)
            told.add_done_callback(self._telling.discard)

    # --- what procrastinate's worker calls ---------------------------------------------------------------------

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> engine_jobs.Job | None:
        """The worker forgets what it was told during a fetch, so that is looked for here."""
        wakes = None
        while not self._ready and wakes != self._wakes:
            wakes = self._wakes
            await self._fetch(worker_id)
        if self._ready and await self._still_mine(worker_id):
            return _shown(self._ready.popleft())
        return None

    async def _still_mine(self, worker: int) -> bool:
        """Whether nobody can have taken over what was fetched; ``False`` while the database does not answer."""
        try:
            if not self.in_touch():
                await self._beat(worker)
        except FAULTS as error:
            await self._away("claiming", error)
            return False
        return bool(self._ready)

    async def _fetch(self, worker: int) -> None:
        most = min(1 + len(self.claims), FETCHED, self._concurrency - len(self.claims))
        try:
            if self._unsure or not self.in_touch():
                await self._beat(worker)
            async with self.pool.connection() as c, c.transaction():
                if self._unsure:
                    await claiming.give_back(c, worker, list(self.claims))
                taken = await claiming.take(c, worker, self._clock(), max(most, 1))
        except psycopg.errors.ForeignKeyViolation as error:
            raise Pruned from error
        except FAULTS as error:
            self._unsure = True
            await self._away("claiming", error)
            return
        self._unsure = False
        self._ended(taken.ended)
        self.claims.update({claim.number: claim for claim in taken.claims})
        self._ready.extend(taken.claims)

    async def update_heartbeat(self, worker_id: int) -> None:
        """One whose row is gone stops, and another one registers.

        An exception would stop it as well, but procrastinate takes that for a fault and logs its traceback.
        """
        try:
            await self._beat(worker_id)
        except Pruned:
            self.stop_worker()
        except FAULTS as error:
            await self._away("heartbeat", error)

    async def _beat(self, worker: int) -> None:
        began = time.monotonic()
        async with self.pool.connection() as c, c.transaction():
            try:
                await claiming.beat(c, worker)
            except Pruned:
                self._ready.clear()
                self._lost()
                raise
            count, _ = await claiming.take_over(c, self._ttl)
        self._beaten = began
        if count:
            log.warning("taken_over", jobs=count)

    async def prune_stalled_workers(self, seconds_since_heartbeat: float) -> list[int]:
        """At the start of each worker: with their jobs, which procrastinate would leave running for ever."""
        async with self.pool.connection() as c, c.transaction():
            count, gone = await claiming.take_over(c, self._ttl)
        if count:
            log.warning("taken_over", jobs=count)
        return gone

    async def register_worker(self) -> int:
        began = time.monotonic()
        worker = await super().register_worker()
        self._beaten, self._unsure = began, False
        self.claims.clear()
        self._ready.clear()
        return worker

    async def unregister_worker(self, worker_id: int) -> None:
        try:
            async with self.pool.connection() as c, c.transaction():
                ready = {claim.number for claim in self._ready}
                await claiming.give_back(c, worker_id, [number for number in self.claims if number not in ready])
            await super().unregister_worker(worker_id)
        except FAULTS as error:
            log.warning("store_unavailable", during="stopping", error=brief(error))

    async def finish_job(self, job: engine_jobs.Job, status: engine_jobs.Status, delete_job: bool) -> None:
        """The run has recorded its end; procrastinate would end the job whoever holds it."""

    async def retry_job(self, job: engine_jobs.Job, *args: object, **more: object) -> None:
        """As ``finish_job``."""

    async def list_jobs_to_abort_async(self, queue: str | None = None) -> Iterable[int]:
        try:
            return await super().list_jobs_to_abort_async(queue)
        except FAULTS as error:
            await self._away("listing", error)
            return ()

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        async def heard(*, channel: str, notification: engine_jobs.Notification) -> None:
            self._wakes += 1
            self._heard()
            await on_notification(channel=channel, notification=notification)

        self._notify = on_notification
        while True:
            try:
                await super().listen_for_jobs(on_notification=heard, queues=queues)
            except FAULTS as error:
                await self._away("listening", error)

    async def _away(self, during: str, error: Exception) -> None:
        log.warning("store_unavailable", during=during, error=brief(error.__cause__ or error))
        await asyncio.sleep(PAUSE)


def _shown(claim: FencedClaim) -> engine_jobs.Job:
    return engine_jobs.Job(
        id=claim.number,
        status="doing",
        queue=QUEUE,
        lock=claim.job.key,
        queueing_lock=None,
        task_name=TASK,
        attempts=claim.attempt,
        worker_id=claim.worker,
    )


class Engine:
    """procrastinate's worker, registered again each time that it ends, until ``stop``."""

    def __init__(self, url: str, manager: Callable[[PsycopgConnector], Manager], run: Run, concurrency: int) -> None:
        self._connector = PsycopgConnector(
            conninfo=url,
            kwargs=dict(CONNECTING),
            configure=_configure,
            min_size=1,
            max_size=4,
            timeout=5.0,
            reconnect_timeout=10.0,
        )
        self.manager = manager(self._connector)
        self._app, self._run, self._concurrency = App(connector=self._connector), run, concurrency
        self._app.job_manager = self.manager
        self._app.task(name=TASK, pass_context=True)(self._begin)
        self._task: asyncio.Task[None] | None = None
        self._worker = self._registered()

    async def start(self) -> None:
        """Raises ``StoreUnavailable``."""
        try:
            await self._connector.open_async()
        except FAULTS as error:
            await self._connector.close_async()
            raise StoreUnavailable(f"SSOT_DATABASE_URL: {brief(error.__cause__ or error)}") from error
        self._task = asyncio.create_task(self._work(), name="ssot-engine")

    @property
    def alive(self) -> bool:
        return self._task is not None and not self._task.done()

    async def stop(self, within: float) -> None:
        """Running jobs get a third of ``within`` seconds to end, and then are cancelled."""
        if self._task is not None:
            self._worker.shutdown_graceful_timeout = within / 3
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=within)
        await self._connector.close_async()

    def _registered(self) -> EngineWorker:
        """It registers when it is run."""
        return EngineWorker(
            self._app,
            queues=[QUEUE],
            concurrency=self._concurrency,
            install_signal_handlers=False,
            fetch_job_polling_interval=HEARTBEAT,
            update_heartbeat_interval=HEARTBEAT,
            abort_job_polling_interval=HEARTBEAT,
            stalled_worker_timeout=TTL,
            shutdown_graceful_timeout=GRACE,
        )

    async def _work(self) -> None:
        while True:
            self._worker = self._registered()
            self.manager.stop_worker = self._worker.stop
            try:
                with suppress(Pruned):  # it ends in a fetch, or is stopped after a heartbeat
                    await self._worker.run()  # type: ignore[no-untyped-call]  # it declares no result
                log.info("worker_replaced", reason="others have taken over; another one registers")
            except FAULTS as error:
                log.warning("store_unavailable", during="registering", error=brief(error.__cause__ or error))
            await asyncio.sleep(PAUSE)

    async def _begin(self, context: JobContext) -> None:
        await self._run(self.manager.claims[context.job.id or 0])


async def _configure(connection: "psycopg.AsyncConnection[Any]") -> None:
    await connection.set_autocommit(True)
    await connection.execute(SESSION)
