"""``deployment_status``: a deployment went on, which may be evidence."""

from bot.context import Bot
from bot.domain.events import DeploymentStatusEvent
from bot.jobs import Lease, Outcome, Route, Work
from bot.tracker import wake

EVENT = "deployment_status"


def route(event: DeploymentStatusEvent) -> Route:
    """Of which environment matters to the workflow, not here."""
    return Work(key=wake.partition_key(event.repo))


async def handle(bot: Bot, event: DeploymentStatusEvent, _lease: Lease) -> Outcome:
    """The trackers are looked at."""
    return await wake.wake(bot, event.repo)
