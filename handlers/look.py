"""``ssot.look``: open pull requests that nobody has judged get their review."""

from bot.domain.events import AppTaskEvent, TaskEvent
from bot.jobs import Lease, Outcome, Route, Work
from bot.workflows import sweep
from bot.workflows.context import Bot
from bot.workflows.everywhere import everywhere
from bot.workflows.timers import Timer

EVENT = sweep.LOOK
TIMER = Timer(name="look", every=sweep.LOOK_EVERY, tasks=sweep.look_tasks)


def route(event: AppTaskEvent | TaskEvent) -> Route:
    """One at a time for the App, and for each repository."""
    return Work(key=f"{EVENT} {event.lane}" if isinstance(event, TaskEvent) else EVENT)


async def handle(bot: Bot, event: AppTaskEvent | TaskEvent, lease: Lease) -> Outcome:
    if isinstance(event, TaskEvent):
        return await sweep.look_at(bot, event.repo)
    return await everywhere(bot, EVENT, lease)
