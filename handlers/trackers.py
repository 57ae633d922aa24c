"""``ssot.trackers``: which issues of a repository (or of all) are trackers; each gets its update."""

from bot.domain.events import AppErrandEvent, ErrandEvent
from bot.jobs import Lease, Outcome, Route, Work
from bot.workflows import tracker
from bot.workflows.context import Bot
from bot.workflows.everywhere import everywhere
from bot.workflows.timers import Timer

EVENT = tracker.TRACKERS
TIMER = Timer(name="trackers", every=tracker.EVERY, errands=tracker.timed)


def route(event: AppErrandEvent | ErrandEvent) -> Route:
    """One at a time for the App, and for each repository."""
    return Work(key=f"{EVENT} {event.lane}" if isinstance(event, ErrandEvent) else EVENT)


async def handle(bot: Bot, event: AppErrandEvent | ErrandEvent, lease: Lease) -> Outcome:
    if isinstance(event, ErrandEvent):
        return await tracker.each_tracker(bot, event.repo, lease)
    return await everywhere(bot, EVENT, lease)
