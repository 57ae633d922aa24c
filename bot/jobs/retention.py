"""How long finished rows are kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.jobs.model import State
from bot.jobs.store import Store

CHUNK = 500
"""Rows in one transaction, so that acknowledgements do not wait behind a long delete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """A GUID is known as long as its row is kept: longer than the 3 days in which GitHub redelivers."""

    finished: timedelta = timedelta(days=7)
    dead: timedelta = timedelta(days=30)
    interval: float = 3600.0
    """Seconds between two clean-ups."""


async def clean(store: Store, retention: Retention, now: datetime) -> int:
    """Delete what is old enough; the number of rows.  Raises ``StoreUnavailable``."""
    total = 0
    for states, age in (
        ((State.DONE, State.SUPERSEDED, State.IGNORED), retention.finished),
        ((State.DEAD,), retention.dead),
    ):
        deleted = CHUNK
        while deleted == CHUNK:
            deleted = await store.clean(states, now - age, CHUNK)
            total += deleted
    return total
