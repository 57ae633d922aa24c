"""``ssot.trackers``: which issues of a repository (or of all) are trackers; each gets its update."""

from bot.domain.events import AppTaskEvent, TaskEvent
from bot.jobs import Lease, Outcome, Route, Work
from bot.workflows import tracker
from bot.workflows.context import Bot
from bot.workflows.everywhere import everywhere
from bot.workflows.timers import Timer

EVENT = tracker.TRACKERS
TIMER = Timer(name="trackers", every=tracker.EVERY, tasks=tracker.timed)


def route(event: AppTaskEvent | TaskEvent) -> Route:
    """One at a time for the App, and for each repository."""
    return Work(key=f"{EVENT} {event.lane}" if isinstance(event, TaskEvent) else EVENT)


async def handle(bot: Bot, event: AppTaskEvent | TaskEvent, lease: Lease) -> Outcome:
    if isinstance(event, TaskEvent):
        return await tracker.each_tracker(bot, event.repo, lease)
    return await everywhere(bot, EVENT, lease)
