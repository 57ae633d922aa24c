"""``push``: when the default branch moves, schedule updates of migration pull requests and trackers."""

from bot.context import Bot
from bot.domain.events import PushEvent
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.migrate.batches.upkeep import ask_for_upkeep
from bot.tracker import wake

EVENT = "push"


def route(event: PushEvent) -> Route:
    """One partition per repository."""
    if not event.to_default_branch or not event.after.strip("0"):
        return Ignored(reason="not the default branch")
    return Work(key=event.repo.full_name)


async def handle(bot: Bot, event: PushEvent, _lease: Lease) -> Outcome:
    """Only sends tasks: many pushes share one for the pull requests, and one for the trackers."""
    await ask_for_upkeep(bot, event.repo)
    return await wake.wake(bot, event.repo)
