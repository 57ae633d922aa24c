"""Schedules updates of the tracking issues: after events, and by a timer.

An event only says that something may have changed.  All events of a time window share one task for the repository;
that task sends one for each tracking issue, whose partition has one writer at a time.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.context import Bot
from bot.domain.references import RepoRef, Task
from bot.github import purposes
from bot.jobs import Done, Ignored, Lease, Outcome
from bot.tracker.find import NotTracked, default_branch_of

TRACKERS, TRACKER = "ssot.trackers", "ssot.tracker"
EVERY = 60 * 60.0
"""Seconds between two updates that no event asked for."""
AFTER_THE_START = timedelta(minutes=3)


def partition_key(repo: RepoRef) -> str:
    """The partition of events that only schedule an update: they are short, and delay no other work."""
    return f"{repo.key} {TRACKERS}"


async def wake(bot: Bot, repo: RepoRef) -> Outcome:
    """Something may have changed: schedule an update of the repository's trackers at the end of the window."""
    await bot.send(Task.debounced(TRACKERS, repo, None, now=bot.github.clock.now(), window=bot.tracker_window))
    return Done(summary="tracker update scheduled")


async def timed(_: Bot, now: datetime) -> Iterable[Task]:
    """For the timer: covers what no event reports, such as that CI has had its time."""
    window = str(int(now.timestamp() // EVERY))
    return [Task(event=TRACKERS, id=window, repo=None, not_before=now + AFTER_THE_START)]


async def each_tracker(bot: Bot, repo: RepoRef, lease: Lease) -> Outcome:
    """A task for each issue that a migration of the repository is tracked on."""
    bot = bot.working_for(purposes.TRACKER)
    try:
        at = await default_branch_of(bot, repo)
    except NotTracked as refusal:
        return Ignored(reason=str(refusal))
    numbers = sorted({m.tracking_issue for m in at.config.migrations if m.tracking_issue is not None})
    for number in numbers:
        await bot.send(Task(event=TRACKER, id=f"{repo.id}#{number} {lease.job.seq}", repo=repo, subject=number))
    if not numbers:
        return Ignored(reason="no migration is tracked")
    return Done(summary=f"{len(numbers)} tracker updates sent")
