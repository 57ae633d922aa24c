"""``ssot.migrations``: updates migration pull requests, each tracker's in the partition of its issue."""

from bot.context import Bot
from bot.domain.events import TaskEvent
from bot.jobs import Lease, Outcome, Route, Work
from bot.migrate.batches import upkeep

EVENT = upkeep.UPKEEP


def route(event: TaskEvent) -> Route:
    """The repository's partition to list the trackers; a tracker's own, shared with its commands, to update one."""
    return Work(key=event.partition)


async def handle(bot: Bot, event: TaskEvent, lease: Lease) -> Outcome:
    if event.subject is None:
        return await upkeep.spread_upkeep(bot, event.repo, lease)
    return await upkeep.keep_up(bot, event.repo, event.subject, lease)
