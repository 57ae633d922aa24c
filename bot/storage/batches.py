"""What is asked for at the same time is done together: one thread, one connection, one flush of the disk for all."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from bot.storage.engine import StorageConnection

T = TypeVar("T")
Work = Callable[[StorageConnection], T]


class Batches:
    """``run`` does several works, in order and all or none, in a thread; it gives their results.

    A work that is alone begins at once.  Those that come meanwhile are the next batch.  When one fails, each of its
    batch is done on its own, so that it costs no other: a work must be repeatable as long as it was not committed.
    """

    def __init__(self, run: Callable[[Sequence[Work[Any]]], list[Any]]) -> None:
        self._run = run
        self._waiting: list[tuple[Work[Any], asyncio.Future[Any]]] = []
        self._going: asyncio.Task[None] | None = None

    async def do(self, work: Work[T]) -> T:
        """The work's result.  Raises what it raises."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, answer))
        if self._going is None or self._going.done():
            self._going = asyncio.create_task(self._go(), name="ssot-storage")
        return await answer

    async def _go(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._batch(batch)
            finally:  # an end of the task in between is nobody's result
                for _, answer in batch:
                    answer.cancel()

    async def _batch(self, batch: Sequence[tuple[Work[Any], asyncio.Future[Any]]]) -> None:
        try:
            results = await asyncio.to_thread(self._run, [work for work, _ in batch])
        except Exception as error:  # noqa: BLE001  # whatever it is: it is for those who asked
            if len(batch) == 1:
                _refuse(batch[0][1], error)
                return
            for each in batch:
                await self._batch([each])
            return
        for (_, answer), result in zip(batch, results, strict=True):
            if not answer.done():
                answer.set_result(result)


def _refuse(answer: asyncio.Future[Any], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
