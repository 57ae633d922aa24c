"""``ssot.look``: finds open pull requests without a check run, and sends a review task for each."""

from bot.context import Bot
from bot.domain.events import AppTaskEvent, TaskEvent
from bot.installations import everywhere
from bot.jobs import Lease, Outcome, Route, Work
from bot.recovery import deliveries
from bot.timers import Timer

EVENT = deliveries.LOOK
TIMER = Timer(name="look", every=deliveries.LOOK_EVERY, tasks=deliveries.look_tasks)


def route(event: AppTaskEvent | TaskEvent) -> Route:
    """One at a time for the App, and for each repository."""
    return Work(key=f"{EVENT} {event.partition}" if isinstance(event, TaskEvent) else EVENT)


async def handle(bot: Bot, event: AppTaskEvent | TaskEvent, lease: Lease) -> Outcome:
    if isinstance(event, TaskEvent):
        return await deliveries.look_at(bot, event.repo, lease.job)
    return await everywhere(bot, EVENT, lease)
