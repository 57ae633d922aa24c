"""The interface of the queue's database; implemented for SQLite and PostgreSQL."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.errors import SsotError
from bot.domain.references import Delivery, DeliveryId
from bot.jobs.model import Accepted, Duplicate, Job, State, Work


class StoreUnavailable(SsotError):
    """The database accepts no writes now: full, locked, read-only, gone.  Nothing was stored."""


class StoreInUse(StoreUnavailable):
    """Another process uses this SQLite file; two of them would run the same jobs."""


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
    """The jobs to run now."""

    claims: Sequence[Claim]
    ended: Sequence[Job]
    """Jobs that ended instead: superseded, or damaged."""
    due: datetime | None = None
    """When the next job is due that waits for a time; ``None`` when there is none, or more could be claimed now."""
    unrouted: int | None = None
    """The first delivery without a partition: later ones have to wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """A delivery was given its partition."""

    seq: int
    event: str
    key: str
    action: str


Heard = Callable[[Routed | None], None]
"""Called when another process routed a delivery, or did something else that may let a job begin (``None``)."""


class Store(Protocol):
    """Every method that writes returns once the change outlives this process, and raises ``StoreUnavailable``.

    ``put`` and ``probe`` return once it outlives a power cut as well.  A power cut may undo the last of the others:
    the job then runs again, and finds what it has done.
    Calls take effect in the order in which they are made, also when they are not awaited in between.
    """

    ttl: float | None
    """Seconds without ``heartbeat`` after which others may take over this process's jobs; ``None``: nobody can."""

    async def open(self) -> None:
        """Check the database and, where no other process can be running it, queue again what a crash left running.

        Raises ``StoreUnavailable``.
        """
        ...

    async def close(self) -> None: ...

    def listen(self, heard: Heard) -> None:
        """Call ``heard`` in the event loop, until ``close``, for what other processes do."""
        ...

    def put(
        self, delivery: Delivery, received_at: datetime, not_before: datetime | None = None
    ) -> asyncio.Future[Accepted | Duplicate]: ...

    def begin_routing(self, seq: int) -> asyncio.Future[int]:
        """Count an attempt to find the partition of a queued delivery; returns how many there were.

        0: it has one by now, or has ended.
        """
        ...

    def route(self, seq: int, work: Work) -> asyncio.Future[None]:
        """Give a queued delivery its partition: only then can it be claimed."""
        ...

    def settle(self, seq: int, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]:
        """End a queued delivery without running it; False when it was no longer queued."""
        ...

    def claim(self, limit: int, now: datetime) -> asyncio.Future[Claimed]:
        """Take what may begin: the first job of each partition in which none runs, the oldest first."""
        ...

    def finish(self, seq: int, token: int, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]:
        """End a running delivery; False when the claim was fenced off."""
        ...

    def requeue(
        self, seq: int, token: int, next_at: datetime | None, reason: str, *, counts: bool
    ) -> asyncio.Future[bool]:
        """Queue a running delivery again; the attempt counts only if ``counts``."""
        ...

    def heartbeat(self, running: Collection[int]) -> asyncio.Future[int]:
        """Report that this process is alive and runs these jobs; queue again those that no process runs.

        Returns how many were queued again.
        """
        ...

    def retry(self, seq: int) -> asyncio.Future[bool]:
        """Queue a finished delivery again with no attempts; False when it is not finished or its body is gone."""
        ...

    def run_now(self) -> asyncio.Future[None]:
        """Make every waiting task due at once: for tests and the demo."""
        ...

    def clean(self, states: Sequence[State], before: datetime, limit: int) -> asyncio.Future[int]:
        """Delete up to ``limit`` rows that ended before a time; the number deleted."""
        ...

    def probe(self) -> asyncio.Future[None]:
        """Make a durable write, to see that one is possible."""
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
