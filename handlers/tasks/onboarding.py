"""``ssot.onboarding``: proposes a first configuration to a repository (or to all of them), and keeps it true."""

from bot.context import Bot
from bot.domain.events import AppTaskEvent, TaskEvent
from bot.installations import everywhere
from bot.jobs import Lease, Outcome, Route, Work
from bot.onboarding import wake
from bot.onboarding.keep import keep
from bot.onboarding.open import onboard
from bot.timers import Timer

EVENT = wake.ONBOARDING
TIMER = Timer(name="onboarding", every=wake.EVERY, tasks=wake.timed)


def route(event: AppTaskEvent | TaskEvent) -> Route:
    """One repository of an installation after the other, as they may wait; each pull request beside them."""
    if isinstance(event, AppTaskEvent):
        return Work(key=EVENT)
    if event.subject is None:
        return Work(key=f"{EVENT} {event.repo.installation}", action=event.partition)
    return Work(key=f"{EVENT} {event.partition}")


async def handle(bot: Bot, event: AppTaskEvent | TaskEvent, lease: Lease) -> Outcome:
    if isinstance(event, AppTaskEvent):
        return await everywhere(bot, EVENT, lease)
    if event.subject is None:
        return await onboard(bot, event.repo, lease)
    return await keep(bot, event.repo, event.subject, lease)
