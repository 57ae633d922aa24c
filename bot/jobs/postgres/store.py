"""The deliveries in PostgreSQL; their jobs are procrastinate's."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TypeVar

from bot.jobs import sql
from bot.jobs.clock import Clock, utc_now
from bot.jobs.database import Connection
from bot.jobs.model import State
from bot.jobs.postgres import schema, statements
from bot.jobs.postgres.connection import PostgresServer
from bot.jobs.postgres.statements import FencedClaim
from bot.jobs.sqlstore import SqlStore
from bot.jobs.store import StoreUnavailable

T = TypeVar("T")
READ_WITHIN = 5.0
"""Seconds; a frozen server answers nothing, and closes nothing."""


class PostgresStore(SqlStore[FencedClaim]):
    """See ``Store``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock: Clock = utc_now
        """By which runs say when they are to be repeated."""
        super().__init__(PostgresServer(url))

    async def open(self) -> None:
        await asyncio.to_thread(schema.prepare, self.url)
        self._start_writer(lambda _: None)

    async def close(self) -> None:
        await self._stop()

    def settle(self, seq: int, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]:
        return self._writer.submit(lambda c: statements.settle(c, seq, state, reason, at))

    def finish(self, claim: FencedClaim, state: State, reason: str | None, at: datetime) -> asyncio.Future[bool]:
        return self._writer.submit(lambda c: statements.finish(c, claim, state, reason, at))

    def requeue(
        self, claim: FencedClaim, next_at: datetime | None, reason: str, *, counts: bool
    ) -> asyncio.Future[bool]:
        after = None if next_at is None else (next_at - self.clock()).total_seconds()
        return self._writer.submit(lambda c: statements.requeue(c, claim, after, reason, counts=counts))

    def run_now(self) -> asyncio.Future[None]:
        return self._writer.submit(statements.run_now)

    def clean(self, states: Sequence[State], before: datetime, limit: int) -> asyncio.Future[int]:
        return self._writer.submit(lambda c: statements.clean(c, states, before, limit))

    async def unfinished(self, seqs: Collection[int]) -> set[int]:
        """Those of the numbers that wait or run."""
        return await self._read(lambda c: sql.unfinished(c, seqs))

    async def _read(self, query: Callable[[Connection], T]) -> T:
        try:
            async with asyncio.timeout(READ_WITHIN):
                return await super()._read(query)
        except TimeoutError as error:
            raise StoreUnavailable(f"the database did not answer within {READ_WITHIN:g} s") from error
