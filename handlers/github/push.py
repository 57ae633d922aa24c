"""``push``: when the default branch moves, what rests on it is brought up to date a little later."""

from bot.context import Bot
from bot.domain.events import PushEvent
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.migrate.batches.upkeep import ask_for_upkeep
from bot.tracker import wake

EVENT = "push"


def route(event: PushEvent) -> Route:
    """One partition for the repository."""
    if not event.to_default_branch or not event.after.strip("0"):
        return Ignored(reason="not the default branch")
    return Work(key=event.repo.full_name)


async def handle(bot: Bot, event: PushEvent, _lease: Lease) -> Outcome:
    """Only asks: many pushes are one task for the pull requests, and one for the trackers."""
    await ask_for_upkeep(bot, event.repo)
    return await wake.wake(bot, event.repo)
