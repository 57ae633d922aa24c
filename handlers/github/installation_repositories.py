"""``installation_repositories``: what the App gets is surveyed or onboarded, and its pull requests looked at.

GitHub sends it to every App, and it can not be subscribed to.
"""

from bot.context import Bot
from bot.domain.events import InstallationRepositoriesEvent
from bot.inventory.first import ask_for_survey
from bot.jobs import Done, Ignored, Lease, Outcome, Route, Work
from bot.onboarding.wake import ask_for_onboarding
from bot.recovery.deliveries import ask_for_look

EVENT = "installation_repositories"


def route(event: InstallationRepositoriesEvent) -> Route:
    """One partition per installation."""
    if not event.added:
        return Ignored(reason="no repository was added")
    return Work(key=f"installation {event.installation}", action=event.action)


async def handle(bot: Bot, event: InstallationRepositoriesEvent, lease: Lease) -> Outcome:
    for repo in event.added:
        await ask_for_survey(bot, repo, lease.job)
        await ask_for_look(bot, repo, lease.job)
        await ask_for_onboarding(bot, repo, lease.job)
    return Done(summary=f"tasks sent for {len(event.added)} repositories")
