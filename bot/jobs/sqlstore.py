"""What both stores share: one writer with group commit, and one reader."""

import asyncio
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Generic, TypeVar

from bot.domain.references import Delivery, DeliveryId
from bot.jobs import partitions, sql
from bot.jobs.database import Connection, Database
from bot.jobs.model import Accepted, Duplicate, Job, JobFilter, PastRun, State
from bot.jobs.store import Claim, StoreCorrupt, StoreUnavailable
from bot.jobs.writer import GroupWriter

T = TypeVar("T")
C = TypeVar("C", bound=Claim)


class SqlStore(ABC, Generic[C]):
    """See ``Store``; ``C`` is what a run is recorded with."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="ssot-reader")
        self._reading: Connection | None = None

    def _start_writer(self, committed: Callable[[int], None]) -> None:
        self._writer = GroupWriter(self._database, committed=committed)
        self._writer.start()

    async def _stop(self) -> None:
        """May be called twice."""
        await self._writer.stop()
        await asyncio.to_thread(self._reader.shutdown)
        self._end_reading()

    @abstractmethod
    async def open(self) -> None: ...

    @abstractmethod
    async def close(self) -> None: ...

    @abstractmethod
    def finish(self, claim: C, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]: ...

    @abstractmethod
    def requeue(self, claim: C, next_at: datetime | None, reason: str, *, counts: bool) -> asyncio.Future[bool]: ...

    @abstractmethod
    def settle(self, seq: int, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]: ...

    @abstractmethod
    def clean(self, states: Sequence[State], before: datetime, limit: int) -> asyncio.Future[int]: ...

    @abstractmethod
    def run_now(self) -> asyncio.Future[None]: ...

    def put(
        self, delivery: Delivery, received_at: datetime, not_before: datetime | None = None
    ) -> asyncio.Future[Accepted | Duplicate]:
        arrived = sql.Put(delivery=delivery, received_at=received_at, not_before=not_before)
        return self._writer.join(sql.put, arrived, durable=True)

    def retry(self, seq: int) -> asyncio.Future[bool]:
        return self._writer.submit(lambda c: c.retry(seq))

    def probe(self) -> asyncio.Future[None]:
        return self._writer.submit(sql.probe, durable=True)

    async def body(self, seq: int) -> bytes:
        return await self._read(lambda c: sql.body_of(c, seq))

    async def queued(self) -> list[Job]:
        return await self._read(sql.queued)

    async def unfinished(self, seqs: Collection[int]) -> set[int]:
        """Those of the numbers that wait or run."""
        return await self._read(lambda c: sql.unfinished(c, seqs))

    async def recent(self, limit: int, state: State | None = None) -> list[Job]:
        return await self._read(lambda c: sql.recent(c, limit, state))

    async def search(self, requested: JobFilter, limit: int) -> list[Job]:
        return await self._read(lambda c: sql.search(c, requested, limit))

    async def find(self, name: str) -> Job | None:
        return await self._read(lambda c: sql.find(c, name))

    async def history(self, seq: int) -> list[PastRun]:
        return await self._read(lambda c: sql.history(c, seq))

    async def repositories(self, limit: int) -> Mapping[int, str]:
        return await self._read(lambda c: partitions.known(c, limit))

    async def repositories_called(self, name: str) -> frozenset[int]:
        return await self._read(lambda c: partitions.called(c, name))

    async def tally(self) -> Mapping[tuple[str, State], int]:
        return await self._read(sql.tally)

    async def known(self, ids: Collection[DeliveryId]) -> frozenset[DeliveryId]:
        return await self._read(lambda c: sql.known(c, ids))

    async def counts(self) -> Mapping[State, int]:
        return await self._read(sql.counts)

    async def _read(self, query: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reader, self._query, query)

    def _query(self, query: Callable[[Connection], T]) -> T:
        """A kept connection may have been lost while idle: the query is tried once more on a new one."""
        kept = self._reading is not None
        try:
            return self._ask(query)
        except StoreCorrupt:
            raise
        except StoreUnavailable:
            if not kept:
                raise
        return self._ask(query)

    def _ask(self, query: Callable[[Connection], T]) -> T:
        try:
            if self._reading is None:
                self._reading = self._database.connect()
            return query(self._reading)
        except (sql.BodyMissing, zlib.error) as error:
            raise StoreCorrupt(str(error)) from error
        except (*self._database.faults, *self._database.unavailable) as error:
            self._end_reading()
            raise self._fault(error) from error

    def _fault(self, error: Exception) -> StoreUnavailable:
        return StoreUnavailable(" ".join(str(error).split()))

    def _end_reading(self) -> None:
        if self._reading is not None:
            self._reading.close()
            self._reading = None
