"""``pull_request``: what is opened, pushed, reopened, made ready or aimed at another branch gets its review."""

from bot.events import PullRequestEvent
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.workflows.context import Bot
from bot.workflows.review import review_pull_request

EVENT = "pull_request"
REVIEWED = frozenset({"opened", "synchronize", "reopened", "ready_for_review", "unlocked"})


def route(event: PullRequestEvent) -> Route:
    """One lane for each pull request: ``owner/repo#n``."""
    if event.action in REVIEWED or (event.action == "edited" and event.base_changed):
        return Work(key=f"{event.ref.repo.full_name}#{event.ref.number}", action=event.action)
    return Ignored(reason=f"nothing to do when a pull request is {event.action}")


async def handle(bot: Bot, event: PullRequestEvent, lease: Lease) -> Outcome:
    """Review the pull request as it is now."""
    return await review_pull_request(bot, event.ref, lease)
