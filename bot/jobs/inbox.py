"""The entrance of the queue: stores deliveries durably."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from bot.domain.references import Delivery
from bot.jobs.clock import Clock, utc_now
from bot.jobs.model import Accepted, Duplicate, Job
from bot.jobs.store import Store, StoreUnavailable

Arrived = Callable[[Job, bytes], None]
STORED_WITHIN = 9.0
"""Seconds; GitHub gives up after 10.  What is stored later than that is worked on, and known when it comes again."""
CHECKED_WITHIN = 2.0
"""Seconds for which a check of the database waits."""
T = TypeVar("T")


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
        self._probing: asyncio.Future[None] | None = None
        self._late: asyncio.Future[Accepted | Duplicate] | None = None
        """A delivery whose sender has waited in vain; until it is stored, or not, nothing more is taken."""

    async def put(self, delivery: Delivery, *, not_before: datetime | None = None) -> Accepted | Duplicate:
        """Returns once the delivery is on disk.  Raises ``StoreUnavailable`` when it is not."""
        self._check_room()
        received_at = self._clock()
        future = self._store.put(delivery, received_at, not_before)
        future.add_done_callback(partial(self._committed, delivery, received_at, not_before))
        try:
            return await _within(STORED_WITHIN, future)
        except StoreUnavailable:
            if not future.done():
                self._late = future
            raise

    async def check(self) -> None:
        """Raises ``StoreUnavailable`` when a delivery could not be stored now."""
        self._check_room()
        if self._probing is None or self._probing.done():
            self._probing = self._store.probe()
        await _within(CHECKED_WITHIN, self._probing)

    def _committed(
        self,
        delivery: Delivery,
        received_at: datetime,
        not_before: datetime | None,
        future: asyncio.Future[Accepted | Duplicate],
    ) -> None:
        if future.cancelled() or future.exception() is not None:
            return
        match future.result():
            case Accepted(seq=seq):
                job = Job(seq=seq, id=delivery.id, event=delivery.event, received_at=received_at, not_before=not_before)
                self._arrived(job, delivery.body)
            case Duplicate():
                pass

    def _check_room(self) -> None:
        if self._full():
            raise StoreUnavailable("the queue is full")
        if self._late is not None and not self._late.done():
            raise StoreUnavailable("the database does not answer")


async def _within(seconds: float, write: asyncio.Future[T]) -> T:
    """The write's result; ``StoreUnavailable`` when it does not come in time.  It goes on, and may still succeed."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()
    write.add_done_callback(partial(_pass_on, answer))
    timer = loop.call_later(seconds, _give_up, answer, seconds)
    try:
        return await answer
    finally:
        timer.cancel()


def _pass_on(answer: asyncio.Future[T], write: asyncio.Future[T]) -> None:
    error = None if write.cancelled() else write.exception()
    if answer.done():
        return
    if write.cancelled():
        answer.cancel()
    elif error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(write.result())


def _give_up(answer: asyncio.Future[T], seconds: float) -> None:
    if not answer.done():
        answer.set_exception(StoreUnavailable(f"the database did not answer within {seconds:g} s"))
