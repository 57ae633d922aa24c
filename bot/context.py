"""What every workflow uses: the open adapters."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.references import DeliveryId, Task
from bot.github.client import GitHub
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
    tracker_window: timedelta = timedelta(seconds=20)
    """How long changes to a tracking issue are collected into one edit."""
