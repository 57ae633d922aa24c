"""``ssot.rerun``: reviews a pull request because somebody asked for all checks again."""

from bot.context import Bot
from bot.domain.events import TaskEvent
from bot.domain.references import PullRequestRef
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.review.rerun import RERUN as EVENT
from bot.review.update import review_pull_request

__all__ = ["EVENT", "handle", "route"]


def route(event: TaskEvent) -> Route:
    """The partition of the pull request."""
    return Ignored(reason="no pull request number") if event.subject is None else Work(key=event.partition)


async def handle(bot: Bot, event: TaskEvent, lease: Lease) -> Outcome:
    """Write a check run even if it says the same as the last one."""
    ref = PullRequestRef(repo=event.repo, number=event.subject or 0)
    return await review_pull_request(bot, ref, lease, force=True)
