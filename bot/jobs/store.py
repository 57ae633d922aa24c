"""The interface of the queue's database; implemented for SQLite and PostgreSQL."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.errors import SsotError
from bot.domain.references import Delivery, DeliveryId
from bot.jobs.model import Accepted, Duplicate, Job, JobFilter, PastRun, State


class StoreUnavailable(SsotError):
    """The database accepts no writes now: full, locked, read-only, gone.  Nothing was stored."""


class StoreInUse(StoreUnavailable):
    """Another process uses this SQLite file; two of them would run the same jobs."""


class StoreCorrupt(StoreUnavailable):
    """The database file is damaged; the text names the file and what SQLite says of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job that is marked as running."""

    job: Job
    attempts: int
    """This run included."""
    delivery: Delivery
    large: bool = False
    """The body is left out of ``delivery``: it is read when there is room for it."""


class Store(Protocol):
    """Every method that writes returns once the change outlives this process, and raises ``StoreUnavailable``.

    ``put`` and ``probe`` return once it outlives a power cut as well.  A power cut may undo the last of the others:
    the job then runs again, and finds what it has done.
    Calls take effect in the order in which they are made, also when they are not awaited in between.
    """

    async def open(self) -> None:
        """Check the database, and create or upgrade its tables.  Raises ``StoreUnavailable``."""
        ...

    async def close(self) -> None: ...

    def put(
        self, delivery: Delivery, received_at: datetime, not_before: datetime | None = None
    ) -> asyncio.Future[Accepted | Duplicate]: ...

    def settle(self, seq: int, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]:
        """End a queued delivery without running it; False when it was no longer queued."""
        ...

    def retry(self, seq: int) -> asyncio.Future[bool]:
        """Queue a finished delivery again with no attempts; False when it is not finished."""
        ...

    def clean(self, states: Sequence[State], before: datetime, limit: int) -> asyncio.Future[int]:
        """Delete up to ``limit`` rows that ended before a time; the number deleted."""
        ...

    def probe(self) -> asyncio.Future[None]:
        """Make a durable write, to see that one is possible."""
        ...

    async def body(self, seq: int) -> bytes:
        """Raises ``StoreCorrupt`` when it is damaged or gone."""
        ...

    async def queued(self) -> list[Job]:
        """All deliveries that wait, by ``seq``."""
        ...

    async def recent(self, limit: int, state: State | None = None) -> list[Job]:
        """The newest deliveries, newest first."""
        ...

    async def search(self, requested: JobFilter, limit: int) -> list[Job]:
        """The jobs that fit, newest first unless the filter says otherwise."""
        ...

    async def find(self, name: str) -> Job | None:
        """By number or by GUID."""
        ...

    async def history(self, seq: int) -> list[PastRun]:
        """The newest runs after which the job was queued again, oldest first; at most 50."""
        ...

    async def repositories(self, limit: int) -> Mapping[int, str]:
        """What repositories are called that deliveries were for, by id; sorted by name."""
        ...

    async def repositories_called(self, name: str) -> frozenset[int]:
        """The ids of the repositories of that name, in whatever case."""
        ...

    async def tally(self) -> Mapping[tuple[str, State], int]:
        """The number of deliveries by event and state."""
        ...

    async def known(self, ids: Collection[DeliveryId]) -> frozenset[DeliveryId]:
        """Those of the ids that are stored, in whatever state."""
        ...

    async def counts(self) -> Mapping[State, int]: ...
