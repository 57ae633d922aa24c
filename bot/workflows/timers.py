"""What the bot does by the clock: each timer looks, and sends errands."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import structlog

from bot.refs import Errand
from bot.workflows.context import Bot

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """At the start and then every ``every`` seconds ``errands(bot, now)`` says what is to be done.

    Every process has its timers: where one errand is meant, its id has to be the same for all, for instance by
    ``Errand.debounced``.  A look that fails is logged and comes again at its next time; the errand itself is durable.
    """

    name: str
    every: float
    errands: Callable[[Bot, datetime], Awaitable[Iterable[Errand]]]


class Timers:
    """Runs them while it is entered."""

    def __init__(self, bot: Bot, timers: Iterable[Timer]) -> None:
        self._bot, self._timers = bot, tuple(timers)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._run(timer), name=f"ssot-timer-{timer.name}") for timer in self._timers]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self, timer: Timer) -> None:
        structlog.contextvars.bind_contextvars(timer=timer.name)
        while True:
            # Whatever goes wrong with one look must not end the timer.
            (answer,) = await asyncio.gather(self._look(timer), return_exceptions=True)
            if isinstance(answer, Exception):
                log.error("timer_failed", exc_info=answer)
            elif isinstance(answer, BaseException):
                raise answer
            await asyncio.sleep(timer.every)

    async def _look(self, timer: Timer) -> None:
        for errand in await timer.errands(self._bot, datetime.now(UTC)):
            await self._bot.send(errand)
