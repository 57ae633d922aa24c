"""What every workflow uses: the open adapters."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Self
from weakref import WeakValueDictionary

from cachetools import TTLCache

from bot.domain.errors import RetryLater
from bot.domain.references import DeliveryId, RepositoryId, Task
from bot.github.allow_list import AllowList
from bot.github.client import GitHub
from bot.github.operations import Permissions
from bot.github.performer import BasePerformer
from bot.identity.markers import MarkerKeys
from bot.scanner.scanner import Scanner
from bot.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDeliveries:
    """What the inbox stores."""

    events: frozenset[str]
    """GitHub's events that are stored at all: those that have a handler."""
    known: Callable[[Collection[DeliveryId]], Awaitable[Collection[DeliveryId]]]
    """Those of the GUIDs that are stored.  Raises ``StoreUnavailable``."""


class Turns:
    """One lock for each name, as long as somebody holds it or waits for it: work that is done once for all of them."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, name: str) -> asyncio.Lock:
        """Work under another name goes on beside it; other processes have turns of their own."""
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        return lock


class Background:
    """The rounds of all repositories, which nobody waits for: a few at a time, so that there is room for the rest."""

    AT_ONCE = 4
    """Jobs of a process that work."""
    PLACES = 24
    """Those that work or are next, of the worker's 40.  Further ones go back to the queue."""
    APART = timedelta(seconds=0.2)
    """Between two that come back."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(self.AT_ONCE)
        self._held = 0
        self._given = datetime.min.replace(tzinfo=UTC)

    @asynccontextmanager
    async def begin(self, now: datetime) -> AsyncIterator[None]:
        """While work is done.  Raises :class:`RetryLater` while enough is under way: it goes back to the queue."""
        if self._held >= self.PLACES:
            self._given = max(self._given, now) + self.APART
            raise RetryLater(at=self._given, reason="other repositories of the round go first")
        self._held += 1
        try:
            async with self._turns:
                yield
        finally:
            self._held -= 1


def remembered_concern(now: Callable[[], float] = monotonic) -> TTLCache[tuple[RepositoryId, str], bool]:
    return TTLCache(1_000, ttl=600, timer=now)


def remembered_refusals(now: Callable[[], float] = monotonic) -> TTLCache[tuple[RepositoryId, str, str], str]:
    return TTLCache(10_000, ttl=24 * 3_600, timer=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """The adapters, opened and ready; lives as long as the process."""

    github: GitHub
    """For reading."""
    performer: BasePerformer
    """For writing to GitHub: each effect goes through it."""
    scanner: Scanner
    keys: MarkerKeys
    storage: Storage
    """What must outlive the process and is not stored at GitHub."""
    send: Callable[[Task], Awaitable[None]]
    """``await bot.send(task)`` returns once the task is as durable as a delivery.  Raises ``StoreUnavailable``."""
    kept: StoredDeliveries
    allowed: AllowList = field(default_factory=AllowList)
    """Whom it works for."""
    onboarded: AllowList | None = None
    """The repositories that get an onboarding pull request, as ``SSOT_ONBOARDING`` lists them; ``None``: none does."""
    turns: Turns = field(default_factory=Turns)
    background: Background = field(default_factory=Background)
    concerned: TTLCache[tuple[RepositoryId, str], bool] = field(default_factory=remembered_concern)
    """Whether the built-in migration is about a repository without a configuration, by its id and a revision."""
    refused: TTLCache[tuple[RepositoryId, str, str], str] = field(default_factory=remembered_refusals)
    """What GitHub said when it refused a removal, by repository, migration and commit: not tried again for a day."""
    tracker_window: timedelta = timedelta(seconds=20)
    """How long changes to a tracking issue are collected into one edit."""

    def working_for(self, purpose: Permissions) -> Self:
        """The same, for work whose requests share a token: see :mod:`bot.github.purposes`."""
        github, performer = self.github.working_for(purpose), self.performer.working_for(purpose)
        return replace(self, github=github, performer=performer)
