"""``installation``: when the App is installed, its repositories are surveyed or onboarded, and pull requests looked at.

GitHub sends it to every App, and it can not be subscribed to.
"""

from bot.context import Bot
from bot.domain.events import InstallationEvent
from bot.github import reads
from bot.inventory.first import ask_for_survey
from bot.jobs import Done, Ignored, Lease, Outcome, Route, Work
from bot.onboarding.wake import ask_for_onboarding
from bot.recovery.deliveries import ask_for_look

EVENT = "installation"
BEGINNINGS = frozenset({"created", "unsuspend", "new_permissions_accepted"})


def route(event: InstallationEvent) -> Route:
    """One partition per installation."""
    if event.action not in BEGINNINGS:
        return Ignored(reason=f"nothing to do when an installation is {event.action}")
    return Work(key=f"{EVENT} {event.installation}", action=event.action)


async def handle(bot: Bot, event: InstallationEvent, lease: Lease) -> Outcome:
    bot.github.grants_changed(event.installation)
    repos = await reads.installation_repositories(bot.github, event.installation)
    for repo in repos:
        await ask_for_survey(bot, repo, lease.job)
        await ask_for_look(bot, repo, lease.job)
        await ask_for_onboarding(bot, repo, lease.job)
    return Done(summary=f"tasks sent for {len(repos)} repositories")
