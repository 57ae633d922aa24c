"""``issues``: somebody changed an issue, which may be a tracker or evidence for one."""

from bot.context import Bot
from bot.domain.events import IssuesEvent
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.tracker import wake

EVENT = "issues"
TELLING = frozenset({"edited", "closed", "reopened", "transferred", "deleted"})


def route(event: IssuesEvent) -> Route:
    """What the bot itself wrote needs no update."""
    if event.action not in TELLING:
        return Ignored(reason=f"nothing to do when an issue is {event.action}")
    if event.sender.is_bot:
        return Ignored(reason="changed by a bot")
    return Work(key=wake.partition_key(event.repo))


async def handle(bot: Bot, event: IssuesEvent, _lease: Lease) -> Outcome:
    """Schedules an update of the trackers; the configuration says whether this issue is one."""
    return await wake.wake(bot, event.repo)
