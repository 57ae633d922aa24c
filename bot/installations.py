"""Sends a task for each repository that the App is installed on."""

from datetime import datetime, timedelta

import structlog

from bot.context import Bot
from bot.domain.errors import Gone, RetryLater
from bot.domain.references import Task
from bot.github import reads
from bot.github.errors import MissingPermission
from bot.jobs import Done, Lease, Outcome

log = structlog.get_logger(__name__)

APART = timedelta(seconds=0.2)
"""Between two repositories of a round: ten thousand take half an hour, and are no burst."""


WINDOW = timedelta(minutes=5)
"""Processes that start within it share one round."""
AFTER_THE_START = timedelta(minutes=2)
"""Time for what waits since the last run."""


def round_of(event: str, now: datetime) -> Task:
    """The task of a timer that sends ``event`` to :func:`everywhere`, at the start and at its time."""
    window = int(now.timestamp() // WINDOW.total_seconds())
    return Task(event=event, id=str(window), repo=None, not_before=now + AFTER_THE_START)


async def everywhere(bot: Bot, event: str, lease: Lease) -> Outcome:
    """Send a task ``event`` for each repository of each installation.  One that has to wait delays no other.

    They are due one after the other, ``APART``: all at once would stand before what people wait for.  Running again
    sends the same tasks, which are stored once.
    """
    waits: list[RetryLater] = []
    sent, now = 0, bot.github.clock.now()
    for installation in await reads.installations(bot.github):
        if installation.suspended:
            continue
        try:
            repos = await reads.installation_repositories(bot.github, installation.id)
        except RetryLater as wait:
            waits.append(wait)
            continue
        except (Gone, MissingPermission) as reason:
            log.warning("installation_skipped", installation=installation.id, reason=str(reason))
            continue
        for repo in repos:
            due = now + sent * APART if sent else None
            await bot.send(Task(event=event, id=f"{repo.id} {lease.job.seq}", repo=repo, not_before=due))
            sent += 1
    if waits:
        raise min(waits, key=lambda wait: wait.at)
    return Done(summary=f"tasks sent for {sent} repositories")
