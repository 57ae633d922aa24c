"""``ssot.tracker``: updates one tracking issue."""

from bot.context import Bot
from bot.domain.events import TaskEvent
from bot.jobs import Lease, Outcome, Route, Unreadable, Work
from bot.tracker import update, wake

EVENT = wake.TRACKER


def route(event: TaskEvent) -> Route:
    """One writer for each issue, however many workers there are."""
    if event.subject is None:
        return Unreadable(reason="no issue number")
    return Work(key=f"{EVENT} {event.partition}")


async def handle(bot: Bot, event: TaskEvent, lease: Lease) -> Outcome:
    return await update.update_tracker(bot, event.repo, event.subject or 0, lease)
