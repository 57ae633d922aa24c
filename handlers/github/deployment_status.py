"""``deployment_status``: a deployment changed its state, which may be evidence."""

from bot.context import Bot
from bot.domain.events import DeploymentStatusEvent
from bot.jobs import Lease, Outcome, Route, Work
from bot.tracker import wake

EVENT = "deployment_status"


def route(event: DeploymentStatusEvent) -> Route:
    """The workflow checks the environment."""
    return Work(key=wake.partition_key(event.repo))


async def handle(bot: Bot, event: DeploymentStatusEvent, _lease: Lease) -> Outcome:
    """Schedules an update of the trackers."""
    return await wake.wake(bot, event.repo)
