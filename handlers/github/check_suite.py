"""``check_suite``: "Re-run all checks" looks again at what has the commit as its head, and always writes a new run."""

from bot.context import Bot
from bot.domain.events import CheckSuiteEvent
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.review.rerun import rerun

EVENT = "check_suite"


def route(event: CheckSuiteEvent) -> Route:
    """The partition of the commit; the pull requests' reviews are tasks of their own."""
    if event.action != "rerequested":
        return Ignored(reason=f"nothing to do when a check suite is {event.action}")
    if event.sender is not None and event.sender.is_bot:
        return Ignored(reason="sent by a bot")
    return Work(key=f"{event.repo.key}@{event.head_sha}", action=event.action)


async def handle(bot: Bot, event: CheckSuiteEvent, lease: Lease) -> Outcome:
    if event.app_id != bot.github.app_id:
        return Ignored(reason="check suite of another App")
    return await rerun(bot, event.repo, event.head_sha, lease.job)
