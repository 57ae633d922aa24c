"""``push``: when the default branch moves, schedule updates of migration pull requests and trackers.

A new configuration, of whatever branch, makes the open pull requests looked at.
"""

from bot.context import Bot
from bot.domain.events import PushEvent
from bot.jobs import Done, Ignored, Lease, Outcome, Route, Work
from bot.migrate.batches.upkeep import ask_for_upkeep
from bot.onboarding.wake import default_branch_moved
from bot.recovery.deliveries import ask_for_look
from bot.tracker import wake

EVENT = "push"


def route(event: PushEvent) -> Route:
    """One partition per repository."""
    if not event.after.strip("0") or not (event.to_default_branch or event.configures):
        return Ignored(reason="not the default branch")
    return Work(key=event.repo.key)


async def handle(bot: Bot, event: PushEvent, lease: Lease) -> Outcome:
    """Only sends tasks: many pushes share one for the pull requests, and one for the trackers."""
    if event.configures:
        await ask_for_look(bot, event.repo, lease.job)
        if not event.to_default_branch:
            return Done(summary="open pull requests are looked at")
    await ask_for_upkeep(bot, event.repo)
    await default_branch_moved(bot, event)
    return await wake.wake(bot, event.repo)
