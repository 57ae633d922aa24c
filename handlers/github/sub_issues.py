"""``sub_issues``: an issue got or lost a sub-issue, which may be evidence for a tracker."""

from bot.context import Bot
from bot.domain.events import SubIssuesEvent
from bot.jobs import Lease, Outcome, Route, Work
from bot.tracker import wake

EVENT = "sub_issues"


def route(event: SubIssuesEvent) -> Route:
    """The trackers' of the repository; that of the other issue, if it is another one, has an event of its own."""
    return Work(key=wake.partition_key(event.repo))


async def handle(bot: Bot, event: SubIssuesEvent, _lease: Lease) -> Outcome:
    """Schedules an update of the trackers."""
    return await wake.wake(bot, event.repo)
