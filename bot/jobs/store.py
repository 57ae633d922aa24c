"""What the queue needs of a database.  SQLite is one; another one is a class with these methods."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.errors import SsotError
from bot.jobs.model import Accepted, Duplicate, Job, State, Work
from bot.model import Delivery, DeliveryId


class StoreUnavailable(SsotError):
    """The database takes no writes now: full, locked, read-only, gone.  Nothing was stored."""


class StoreInUse(StoreUnavailable):
    """Another process works on this database; two of them would run the same jobs."""


class StoreCorrupt(StoreUnavailable):
    """The database file is damaged; the text names the file and what SQLite says of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job that is marked as running.  ``token`` fences off whoever held it before."""

    token: int
    attempts: int
    delivery: Delivery


class Store(Protocol):
    """Every method that writes returns once the change is durable, and raises ``StoreUnavailable``.

    Calls are carried out in the order in which they are made, also when they are not awaited in between.
    """

    async def open(self) -> None:
        """Check the database and queue again what a crash left running.  Raises ``StoreUnavailable``."""
        ...

    async def close(self) -> None: ...

    def put(
        self, delivery: Delivery, received_at: datetime, not_before: datetime | None = None
    ) -> asyncio.Future[Accepted | Duplicate]: ...

    def route(self, seq: int, work: Work) -> asyncio.Future[None]:
        """Note where a queued delivery belongs."""
        ...

    def settle(self, seq: int, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]:
        """End a queued delivery without running it; False when it was no longer queued."""
        ...

    def claim(self, seq: int, at: datetime) -> asyncio.Future[Claim | None]:
        """Mark a queued delivery as running and count the attempt; ``None`` when it cannot be run any more."""
        ...

    def finish(self, seq: int, token: int, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]:
        """End a running delivery; False when the claim was fenced off."""
        ...

    def requeue(
        self, seq: int, token: int, next_at: datetime | None, reason: str, *, counts: bool
    ) -> asyncio.Future[bool]:
        """Queue a running delivery again; unless it ``counts``, the attempt is taken back."""
        ...

    def retry(self, seq: int) -> asyncio.Future[bool]:
        """Queue a finished delivery again with no attempts; False when it is not finished or its body is gone."""
        ...

    def clean(self, states: Sequence[State], before: datetime, limit: int) -> asyncio.Future[int]:
        """Delete up to ``limit`` rows that ended before a time; the number deleted."""
        ...

    def probe(self) -> asyncio.Future[None]:
        """Write something, durably."""
        ...

    def changed_elsewhere(self) -> asyncio.Future[bool]:
        """May another process have committed since the last call?  True at the first one."""
        ...

    async def body(self, seq: int) -> bytes: ...

    async def queued(self) -> list[Job]:
        """All deliveries that wait, by ``seq``."""
        ...

    async def recent(self, limit: int, state: State | None = None) -> list[Job]:
        """The newest deliveries, newest first."""
        ...

    async def known(self, ids: Collection[DeliveryId]) -> frozenset[DeliveryId]:
        """Those of the ids that are stored, in whatever state."""
        ...

    async def counts(self) -> Mapping[State, int]: ...
