"""One thread that owns the writing connection, with group commit.

A write is committed at once when the thread is idle; those that arrive during a commit share the next one, and after
several deliveries it waits for a moment.  So a single sender waits for one fsync, and many senders share one.  What a
group has is written while more of it arrives: then only the fsync is left to wait for.
"""

import asyncio
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.jobs.database import Connection, ConnectionStale, Database
from bot.jobs.store import StoreUnavailable

T = TypeVar("T")
V = TypeVar("V")
MAX_GROUP = 256
MAX_JOINED = 64
"""Values in one call."""
GATHER = 0.0005
"""Seconds for which a group waits for the next write when the last one had several deliveries: more are to come."""
GATHER_AT_MOST = 0.002
"""Seconds that a group waits in all."""
SWITCH = 0.0002
"""Seconds for which a busy thread may keep the interpreter from others.  With Python's 5 ms the writer waits for the
event loop after each statement: half the acknowledgements a second, a p99 of 200 ms instead of 12 (32 senders)."""


@dataclass(frozen=True, slots=True)
class _Write:
    """One call of ``operation``, for one value or several; it gives a result for each."""

    operation: Callable[[Connection, list[Any]], Sequence[Any]]
    values: list[Any]
    futures: list[asyncio.Future[Any]]
    durable: bool

    def each(self) -> "list[_Write]":
        """A write for each value."""
        pairs = zip(self.values, self.futures, strict=True)
        return [_Write(self.operation, [value], [future], self.durable) for value, future in pairs]


class GroupWriter:
    """``submit`` from the event loop; the result arrives there once the group's commit is on disk.

    The connection is opened in the writer's thread, and again after any of the database's errors: this is how it
    recovers from a disk that was full, locked or gone, and from a restarted server.
    """

    def __init__(self, database: Database, *, committed: Callable[[int], None], max_waiting: int = 10_000) -> None:
        self._database, self._committed, self._max_waiting = database, committed, max_waiting
        self._unavailable: tuple[type[Exception], ...] = (*database.unavailable, StoreUnavailable)
        self._queue: queue.SimpleQueue[list[_Write] | None] = queue.SimpleQueue()
        self._submitted: list[_Write] = []
        """In this turn of the event loop: they are handed over together, and wake the thread once."""
        self._waiting = 0
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="ssot-writer", daemon=True)
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._several = False
        """The last group had several deliveries."""
        self._next: list[_Write] | None = []
        """Taken from the queue, and in no group yet; ``None`` at the end."""

    def start(self) -> None:
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH))
        self._thread.start()

    async def stop(self) -> None:
        """Commit what was submitted, then close."""
        if self._open and self._thread.is_alive():
            self._open = False
            self._hand_over()
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)

    def submit(self, operation: Callable[[Connection], T], *, durable: bool = False) -> asyncio.Future[T]:
        """Run ``operation`` inside the next transaction.  It only executes SQL: a failure fails its whole group.

        ``durable``: the commit has to outlive a power cut, and not only this process.
        """
        return self._add(lambda c, _: [operation(c)], None, durable=durable)

    def join(
        self, operation: Callable[[Connection, list[V]], Sequence[T]], value: V, *, durable: bool = False
    ) -> asyncio.Future[T]:
        """As ``submit``, for one of several values: those that are submitted one after the other share a call.

        Each statement lets other threads go on, and has to wait for them.
        """
        return self._add(operation, value, durable=durable)

    def _add(
        self, operation: Callable[[Connection, list[V]], Sequence[T]], value: V, *, durable: bool
    ) -> asyncio.Future[T]:
        future: asyncio.Future[T] = self._loop.create_future()
        if not self._open:
            future.set_exception(StoreUnavailable("the store is closed"))
            return future
        if self._waiting >= self._max_waiting:
            future.set_exception(StoreUnavailable(f"{self._max_waiting} writes are waiting"))
            return future
        if not self._submitted:
            self._loop.call_soon(self._hand_over)
        last = self._submitted[-1] if self._submitted else None
        if last is not None and last.operation is operation and len(last.values) < MAX_JOINED:
            last.values.append(value)
            last.futures.append(future)
        else:
            self._submitted.append(_Write(operation, [value], [future], durable))
        self._waiting += 1
        return future

    def _hand_over(self) -> None:
        writes, self._submitted = self._submitted, []
        if writes:
            self._queue.put(writes)

    def _run(self) -> None:
        while True:
            if self._next is not None and not self._next:
                self._next = self._queue.get()
            if self._next is None:
                break
            group, self._next = self._next, []
            self._commit(group, growing=True)
            self._several = sum(len(write.values) for write in group if write.durable) > 1
        self._disconnect()

    def _commit(self, group: list[_Write], *, growing: bool = False) -> None:
        """``growing``: what arrives meanwhile is added to the group."""
        try:
            results = self._transact(group, growing=growing)
        except self._database.conflicts as error:
            self._isolate(group, error)
        except self._unavailable as error:
            self._refuse(group, StoreUnavailable(_line(error)))
        except Exception as error:  # noqa: BLE001  # one faulty write must end neither this thread nor its neighbours
            self._isolate(group, error)
        else:
            self._post(lambda: self._resolve(group, results))
            self._committed(_size(group))

    def _transact(self, group: list[_Write], *, growing: bool) -> list[Sequence[Any]]:
        durable = any(write.durable for write in group) or (growing and self._several)
        connection = self._begin(durable=durable)
        results = [write.operation(connection, write.values) for write in group]
        until = time.monotonic() + GATHER_AT_MOST
        while growing and self._grows(group, until, durable=durable):
            results += [write.operation(connection, write.values) for write in group[len(results) :]]
        connection.commit()
        return results

    def _grows(self, group: list[_Write], until: float, *, durable: bool) -> bool:
        """Add what has arrived, or arrives soon; False when the group is complete."""
        if _size(group) >= MAX_GROUP:
            return False
        wait = min(GATHER, until - time.monotonic()) if self._several else 0.0
        try:
            more = self._queue.get(timeout=wait) if wait > 0 else self._queue.get_nowait()
        except queue.Empty:
            return False
        if more is None or (not durable and any(write.durable for write in more)):
            self._next = more
            return False
        group += more
        return True

    def _begin(self, *, durable: bool) -> Connection:
        if self._connection is not None:
            try:
                self._connection.begin(durable=durable)
            except self._unavailable as error:
                if not self._database.remote and not isinstance(error, ConnectionStale):
                    raise
                self._disconnect()
            else:
                return self._connection
        self._connection = self._database.connect()
        try:
            self._connection.begin(durable=durable)
        except ConnectionStale:  # it was made before the change was looked into
            self._disconnect()
            self._connection = self._database.connect()
            self._connection.begin(durable=durable)
        return self._connection

    def _isolate(self, group: list[_Write], error: Exception) -> None:
        """One of the writes failed: commit each on its own, so that only that one fails."""
        if _size(group) == 1:
            known = isinstance(error, (*self._database.faults, *self._database.conflicts))
            self._refuse(group, StoreUnavailable(_line(error)) if known else error)
            return
        self._disconnect()
        for write in group:
            for one in write.each():
                self._commit([one])

    def _refuse(self, group: list[_Write], error: Exception) -> None:
        self._disconnect()
        self._post(lambda: self._fail(group, error))

    def _disconnect(self) -> None:
        """Closing rolls back an open transaction."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, callback: Callable[[], None]) -> None:
        # Nobody waits for the result in a closed loop.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback)

    def _resolve(self, group: list[_Write], results: list[Sequence[Any]]) -> None:
        self._waiting -= _size(group)
        for write, found in zip(group, results, strict=True):
            for future, result in zip(write.futures, found, strict=True):
                if not future.done():
                    future.set_result(result)

    def _fail(self, group: list[_Write], failure: Exception) -> None:
        self._waiting -= _size(group)
        for write in group:
            for future in write.futures:
                if not future.done():
                    future.set_exception(failure)


def _size(group: list[_Write]) -> int:
    return sum(len(write.values) for write in group)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
