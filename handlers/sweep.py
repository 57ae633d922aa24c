"""``ssot.sweep``: what GitHub could not deliver is asked for again."""

from bot.domain.events import AppErrandEvent
from bot.jobs import Lease, Outcome, Route, Work
from bot.workflows import sweep
from bot.workflows.context import Bot
from bot.workflows.timers import Timer

EVENT = sweep.SWEEP
TIMER = Timer(name="sweep", every=sweep.EVERY, errands=sweep.sweep_errands)


def route(_: AppErrandEvent) -> Route:
    """One at a time."""
    return Work(key=EVENT)


async def handle(bot: Bot, _: AppErrandEvent, lease: Lease) -> Outcome:
    return await sweep.sweep(bot, lease)
