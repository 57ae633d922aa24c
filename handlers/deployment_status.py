"""``deployment_status``: a deployment went on, which may be evidence."""

from bot.domain.events import DeploymentStatusEvent
from bot.jobs import Lease, Outcome, Route, Work
from bot.workflows import tracker
from bot.workflows.context import Bot

EVENT = "deployment_status"


def route(event: DeploymentStatusEvent) -> Route:
    """Of which environment matters to the workflow, not here."""
    return Work(key=tracker.lane(event.repo))


async def handle(bot: Bot, event: DeploymentStatusEvent, _lease: Lease) -> Outcome:
    """The trackers are looked at."""
    return await tracker.wake(bot, event.repo)
