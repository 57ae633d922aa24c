"""The entrance of the queue: stores deliveries durably."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.domain.references import Delivery
from bot.jobs.clock import Clock, utc_now
from bot.jobs.model import Accepted, Duplicate, Job
from bot.jobs.store import Store, StoreUnavailable

Arrived = Callable[[Job, bytes], None]


class Inbox:
    """The webhook answers 202 once ``put`` returns.

    ``arrived`` is called for each committed delivery, also when its sender has disconnected meanwhile.
    ``full`` says whether to refuse more.
    """

    def __init__(
        self,
        store: Store,
        *,
        arrived: Arrived,
        full: Callable[[], bool] = lambda: False,
        clock: Clock = utc_now,
    ) -> None:
        self._store, self._arrived, self._full, self._clock = store, arrived, full, clock

    async def put(self, delivery: Delivery, *, not_before: datetime | None = None) -> Accepted | Duplicate:
        """Returns once the delivery is on disk.  Raises ``StoreUnavailable`` when it is not."""
        if self._full():
            raise StoreUnavailable("the queue is full")
        received_at = self._clock()
        future = self._store.put(delivery, received_at, not_before)
        job = Job(seq=0, id=delivery.id, event=delivery.event, received_at=received_at, not_before=not_before)
        future.add_done_callback(partial(self._committed, job, delivery.body))
        return await asyncio.shield(future)

    async def check(self) -> None:
        """Raises ``StoreUnavailable`` when a delivery could not be stored now."""
        if self._full():
            raise StoreUnavailable("the queue is full")
        await self._store.probe()

    def _committed(self, job: Job, body: bytes, future: asyncio.Future[Accepted | Duplicate]) -> None:
        if future.cancelled() or future.exception() is not None:
            return
        match future.result():
            case Accepted(seq=seq):
                self._arrived(replace(job, seq=seq), body)
            case Duplicate():
                pass
