"""``status``: somebody set a commit status, which may be evidence."""

from bot.domain.events import StatusEvent
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.workflows import tracker
from bot.workflows.context import Bot

EVENT = "status"


def route(event: StatusEvent) -> Route:
    """Only on the default branch."""
    if not event.on_default_branch:
        return Ignored(reason="a status of another branch")
    return Work(key=tracker.lane(event.repo))


async def handle(bot: Bot, event: StatusEvent, _lease: Lease) -> Outcome:
    """The trackers are looked at."""
    return await tracker.wake(bot, event.repo)
