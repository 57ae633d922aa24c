"""What the queue needs of a database.  SQLite and PostgreSQL are two; another one is a class with these methods."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.errors import SsotError
from bot.domain.references import Delivery, DeliveryId
from bot.jobs.model import Accepted, Duplicate, Job, State, Work


class StoreUnavailable(SsotError):
    """The database takes no writes now: full, locked, read-only, gone.  Nothing was stored."""


class StoreInUse(StoreUnavailable):
    """Another process works on this SQLite file; two of them would run the same jobs."""


class StoreCorrupt(StoreUnavailable):
    """The database file is damaged; the text names the file and what SQLite says of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job that is marked as running.  ``token`` fences off whoever held it before."""

    job: Job
    token: int
    attempts: int
    """This run included."""
    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What is to be run now."""

    claims: Sequence[Claim]
    ended: Sequence[Job]
    """What ended instead: superseded, or damaged."""
    due: datetime | None = None
    """When the next job is due that waits for a time; ``None`` when there is none, or more could be claimed now."""
    unrouted: int | None = None
    """The first delivery that has no partition yet: what came after it has to wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """A delivery was given its partition."""

    seq: int
    event: str
    key: str
    action: str


Heard = Callable[[Routed | None], None]
"""Another process did something: routed a delivery, or whatever else may let a job begin (``None``)."""


class Store(Protocol):
    """Every method that writes returns once the change outlives this process, and raises ``StoreUnavailable``.

    ``put`` and ``probe`` return once it outlives a power cut as well.  Of the others a power cut may undo the last:
    a job is run again then, and finds what it has done.
    Calls are carried out in the order in which they are made, also when they are not awaited in between.
    """

    ttl: float | None
    """Seconds without ``heartbeat`` after which others may take this process's jobs over; ``None``: nobody can."""

    async def open(self) -> None:
        """Check the database and, where no other process can be running it, queue again what a crash left running.

        Raises ``StoreUnavailable``.
        """
        ...

    async def close(self) -> None: ...

    def listen(self, heard: Heard) -> None:
        """Be told in the event loop, until ``close``, of what other processes do."""
        ...

    def put(
        self, delivery: Delivery, received_at: datetime, not_before: datetime | None = None
    ) -> asyncio.Future[Accepted | Duplicate]: ...

    def route(self, seq: int, work: Work) -> asyncio.Future[None]:
        """Give a queued delivery its partition: only then can it be claimed."""
        ...

    def settle(self, seq: int, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]:
        """End a queued delivery without running it; False when it was no longer queued."""
        ...

    def claim(self, limit: int, now: datetime) -> asyncio.Future[Claimed]:
        """Take what may begin: of each partition in which nothing runs the first, the oldest first."""
        ...

    def finish(self, seq: int, token: int, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]:
        """End a running delivery; False when the claim was fenced off."""
        ...

    def requeue(
        self, seq: int, token: int, next_at: datetime | None, reason: str, *, counts: bool
    ) -> asyncio.Future[bool]:
        """Queue a running delivery again; unless it ``counts``, the attempt is taken back."""
        ...

    def heartbeat(self, running: Collection[int]) -> asyncio.Future[int]:
        """Say that this process lives and runs just these; queue again what nobody runs, and say how many that were."""
        ...

    def retry(self, seq: int) -> asyncio.Future[bool]:
        """Queue a finished delivery again with no attempts; False when it is not finished or its body is gone."""
        ...

    def run_now(self) -> asyncio.Future[None]:
        """Let no task wait for its own time: for tests and the demo."""
        ...

    def clean(self, states: Sequence[State], before: datetime, limit: int) -> asyncio.Future[int]:
        """Delete up to ``limit`` rows that ended before a time; the number deleted."""
        ...

    def probe(self) -> asyncio.Future[None]:
        """Write something, durably."""
        ...

    async def body(self, seq: int) -> bytes: ...

    async def queued(self) -> list[Job]:
        """All deliveries that wait, by ``seq``."""
        ...

    async def unfinished(self) -> set[int]:
        """The numbers of all that wait or run."""
        ...

    async def unrouted(self) -> list[Job]:
        """Deliveries that have no partition yet, by ``seq``; at most 1,000."""
        ...

    async def recent(self, limit: int, state: State | None = None) -> list[Job]:
        """The newest deliveries, newest first."""
        ...

    async def known(self, ids: Collection[DeliveryId]) -> frozenset[DeliveryId]:
        """Those of the ids that are stored, in whatever state."""
        ...

    async def counts(self) -> Mapping[State, int]: ...
