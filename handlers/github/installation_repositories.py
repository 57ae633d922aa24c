"""``installation_repositories``: the default branches of repositories that the App gets are surveyed.

GitHub sends it to every App, and it can not be subscribed to.
"""

from bot.context import Bot
from bot.domain.events import InstallationRepositoriesEvent
from bot.inventory.first import ask_for_survey
from bot.jobs import Done, Ignored, Lease, Outcome, Route, Work

EVENT = "installation_repositories"


def route(event: InstallationRepositoriesEvent) -> Route:
    """One partition per installation."""
    if not event.added:
        return Ignored(reason="no repository was added")
    return Work(key=f"installation {event.installation}", action=event.action)


async def handle(bot: Bot, event: InstallationRepositoriesEvent, lease: Lease) -> Outcome:
    for repo in event.added:
        await ask_for_survey(bot, repo, lease.job)
    return Done(summary=f"tasks sent for {len(event.added)} repositories")
