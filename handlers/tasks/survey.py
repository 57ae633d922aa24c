"""``ssot.survey``: surveys the default branch of a repository that has a configuration (or sends one task for each)."""

from bot.context import Bot
from bot.domain.events import AppTaskEvent, TaskEvent
from bot.inventory import first
from bot.jobs import Lease, Outcome, Route, Work
from bot.timers import Timer

EVENT = first.SURVEY
TIMER = Timer(name="survey", every=first.EVERY, tasks=first.timed)


def route(event: AppTaskEvent | TaskEvent) -> Route:
    """One at a time for the App, and for each repository."""
    return Work(key=f"{EVENT} {event.partition}" if isinstance(event, TaskEvent) else EVENT)


async def handle(bot: Bot, event: AppTaskEvent | TaskEvent, lease: Lease) -> Outcome:
    if isinstance(event, TaskEvent):
        return await first.survey_default_branch(bot, event.repo)
    return await first.survey_everywhere(bot, lease)
