"""``ssot.trackers``: finds the trackers of a repository (or of all), and sends an update task for each."""

from bot.context import Bot
from bot.domain.events import AppTaskEvent, TaskEvent
from bot.installations import everywhere
from bot.jobs import Lease, Outcome, Route, Work
from bot.timers import Timer
from bot.tracker import wake

EVENT = wake.TRACKERS
TIMER = Timer(name="trackers", every=wake.EVERY, tasks=wake.timed)


def route(event: AppTaskEvent | TaskEvent) -> Route:
    """One at a time for the App, and for each repository."""
    return Work(key=f"{EVENT} {event.partition}" if isinstance(event, TaskEvent) else EVENT)


async def handle(bot: Bot, event: AppTaskEvent | TaskEvent, lease: Lease) -> Outcome:
    if isinstance(event, TaskEvent):
        return await wake.each_tracker(bot, event.repo, lease)
    return await everywhere(bot, EVENT, lease)
