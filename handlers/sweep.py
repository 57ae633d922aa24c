"""``ssot.sweep``: what GitHub could not deliver is asked for again."""

from bot.domain.events import AppTaskEvent
from bot.jobs import Lease, Outcome, Route, Work
from bot.workflows import sweep
from bot.workflows.context import Bot
from bot.workflows.timers import Timer

EVENT = sweep.SWEEP
TIMER = Timer(name="sweep", every=sweep.EVERY, tasks=sweep.sweep_tasks)


def route(_: AppTaskEvent) -> Route:
    """One at a time."""
    return Work(key=EVENT)


async def handle(bot: Bot, _: AppTaskEvent, lease: Lease) -> Outcome:
    return await sweep.sweep(bot, lease)
