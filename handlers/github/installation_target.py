"""``installation_target``: an account that has the App was renamed, and all of its repositories with it.

Whether every App is sent it GitHub does not say, and none can subscribe to it: nothing depends on it.
https://docs.github.com/en/webhooks/webhook-events-and-payloads#installation_target
"""

from bot.context import Bot
from bot.domain.events import InstallationTargetEvent
from bot.github import reads
from bot.jobs import Done, Ignored, Lease, Outcome, Route, Work
from bot.renames import remember
from bot.tracker import wake

EVENT = "installation_target"


def route(event: InstallationTargetEvent) -> Route:
    """One partition per installation."""
    if event.action != "renamed":
        return Ignored(reason=f"nothing to do when an account is {event.action}")
    return Work(key=f"installation {event.installation}", action=event.action)


async def handle(bot: Bot, event: InstallationTargetEvent, _lease: Lease) -> Outcome:
    """Keep the new names, and update what links to the former ones."""
    repos = await reads.installation_repositories(bot.github, event.installation)
    for repo in repos:
        await remember(bot, repo)
        await wake.wake(bot, repo)
    return Done(summary=f"the names of {len(repos)} repositories are known")
