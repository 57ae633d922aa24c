"""``ssot.sweep``: asks GitHub to redeliver what it could not deliver."""

from bot.context import Bot
from bot.domain.events import AppTaskEvent
from bot.jobs import Lease, Outcome, Route, Work
from bot.recovery import deliveries
from bot.timers import Timer

EVENT = deliveries.SWEEP
TIMER = Timer(name="sweep", every=deliveries.EVERY, tasks=deliveries.sweep_tasks)


def route(_: AppTaskEvent) -> Route:
    """One at a time."""
    return Work(key=EVENT)


async def handle(bot: Bot, _: AppTaskEvent, lease: Lease) -> Outcome:
    return await deliveries.sweep(bot, lease)
