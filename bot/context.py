"""What every workflow uses: the open adapters."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Self
from weakref import WeakValueDictionary

from cachetools import TTLCache

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
    concerned: TTLCache[tuple[RepositoryId, str], bool] = field(default_factory=lambda: TTLCache(1_000, ttl=600))
    """Whether the built-in migration is about a repository without a configuration, by its id and a revision."""
    refused: TTLCache[tuple[RepositoryId, str, str], str] = field(
        default_factory=lambda: TTLCache(10_000, ttl=24 * 3_600)
    )
    """What GitHub said when it refused a removal, by repository, migration and commit: not tried again for a day."""
    tracker_window: timedelta = timedelta(seconds=20)
    """How long changes to a tracking issue are collected into one edit."""

    def working_for(self, purpose: Permissions) -> Self:
        """The same, for work whose requests share a token: see :mod:`bot.github.purposes`."""
        github, performer = self.github.working_for(purpose), self.performer.working_for(purpose)
        return replace(self, github=github, performer=performer)
