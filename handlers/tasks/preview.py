"""``ssot.preview``: shows what the configuration that a pull request changes would find."""

from bot.context import Bot
from bot.domain.events import TaskEvent
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.review.preview import PREVIEW as EVENT
from bot.review.preview import preview_configuration

__all__ = ["EVENT", "handle", "route"]


def route(event: TaskEvent) -> Route:
    """One at a time for the App, beside all reviews: a stranger may write what is scanned for."""
    return (
        Ignored(reason="no pull request number") if event.subject is None else Work(key=EVENT, action=event.partition)
    )


async def handle(bot: Bot, event: TaskEvent, _: Lease) -> Outcome:
    return await preview_configuration(bot, event.repo, event.subject or 0)
