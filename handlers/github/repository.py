"""``repository``: a new name or owner is followed; a new default branch is looked at.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#repository
"""

from bot.context import Bot
from bot.domain.events import RepositoryEvent
from bot.inventory.first import ask_for_survey
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.migrate.batches.upkeep import ask_for_upkeep
from bot.onboarding.wake import ask_for_onboarding
from bot.recovery.deliveries import ask_for_look
from bot.tracker import wake

EVENT = "repository"


def route(event: RepositoryEvent) -> Route:
    """The partition of the repository."""
    if event.action in ("renamed", "transferred") or (event.action == "edited" and event.default_branch_changed):
        return Work(key=event.repo.key, action=event.action)
    return Ignored(reason=f"nothing to do when a repository is {event.action}")


async def handle(bot: Bot, event: RepositoryEvent, lease: Lease) -> Outcome:
    """The new name is known once this runs: what the trackers link to follows.

    A repository that was transferred has another installation: what waited for the former one is looked for again.
    """
    if event.action != "renamed":
        await ask_for_survey(bot, event.repo, lease.job)
        await ask_for_look(bot, event.repo, lease.job)
        await ask_for_upkeep(bot, event.repo)
        await ask_for_onboarding(bot, event.repo, lease.job)
    return await wake.wake(bot, event.repo)
