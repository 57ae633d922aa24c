"""What the bot does on a schedule: each timer sends tasks."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

import structlog

from bot.context import Bot
from bot.domain.references import Task

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """At the start, and then every ``every`` seconds, the tasks of ``tasks(bot, now)`` are sent.

    Every process has its timers.  To get one task for all processes, give it the same id in all, for instance by
    ``Task.debounced``.  A failure is logged, and the timer goes on; the task itself is durable.
    """

    name: str
    every: float
    tasks: Callable[[Bot, datetime], Awaitable[Iterable[Task]]]


class Timers:
    """Runs the timers while it is entered."""

    def __init__(self, bot: Bot, timers: Iterable[Timer]) -> None:
        self._bot, self._timers = bot, tuple(timers)
        self._running: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._running = [
            asyncio.create_task(self._run(timer), name=f"ssot-timer-{timer.name}") for timer in self._timers
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    async def _run(self, timer: Timer) -> None:
        structlog.contextvars.bind_contextvars(timer=timer.name)
        while True:
            # No failure may end the timer.
            (answer,) = await asyncio.gather(self._send_tasks(timer), return_exceptions=True)
            if isinstance(answer, Exception):
                log.error("timer_failed", exc_info=answer)
            elif isinstance(answer, BaseException):
                raise answer
            await asyncio.sleep(timer.every)

    async def _send_tasks(self, timer: Timer) -> None:
        for task in await timer.tasks(self._bot, self._bot.github.clock.now()):
            await self._bot.send(task)


async def _look_up_names(bot: Bot, _: datetime) -> Iterable[Task]:
    await bot.allowed.resolve(bot.github)
    if bot.onboarded is not None:
        await bot.onboarded.resolve(bot.github)
    return ()


ALLOW_LIST = Timer(name="allow-list", every=60.0, tasks=_look_up_names)
"""Looks up the names on both lists of the settings, until all are known; a delivery of one asks at once."""
