"""``status``: somebody set a commit status, which may be evidence."""

from bot.context import Bot
from bot.domain.events import StatusEvent
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.tracker import wake

EVENT = "status"


def route(event: StatusEvent) -> Route:
    """Only on the default branch."""
    if not event.on_default_branch:
        return Ignored(reason="a status on another branch")
    return Work(key=wake.partition_key(event.repo))


async def handle(bot: Bot, event: StatusEvent, _lease: Lease) -> Outcome:
    """Schedules an update of the trackers."""
    return await wake.wake(bot, event.repo)
