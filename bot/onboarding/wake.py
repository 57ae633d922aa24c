"""Schedules the work on onboarding pull requests: at the start, once a day, and after events.

A task for a repository asks whether one has to be opened there; a task for a pull request keeps that one true.
"""

from collections.abc import Iterable
from datetime import datetime

from bot.context import Bot
from bot.domain.events import PullRequestEvent, PushEvent
from bot.domain.references import RepoRef, Task
from bot.identity import branches
from bot.installations import round_of
from bot.jobs import Job
from bot.onboarding.record import noted

ONBOARDING = "ssot.onboarding"
EVERY = 24 * 60 * 60.0
"""Seconds between two rounds over all repositories."""
WINDOWS = 3
"""Of the trackers': all pushes within so many are one look at the preview, which costs more than a tracker."""


async def timed(bot: Bot, now: datetime) -> Iterable[Task]:
    """For the timer; it also runs at the start."""
    if bot.onboarded is None:
        return ()
    return [round_of(ONBOARDING, now)]


async def is_covered(bot: Bot, repo: RepoRef) -> bool:
    """Whether the repository is on the list of ``SSOT_ONBOARDING``."""
    return bot.onboarded is not None and bool(await bot.onboarded.serves(bot.github, repo))


async def ask_for_onboarding(bot: Bot, repo: RepoRef, job: Job) -> None:
    """``job`` is the work that met the repository: run again, it asks for the same."""
    if bot.onboarded is not None:
        await bot.send(Task(event=ONBOARDING, id=f"{repo.id} {job.seq}", repo=repo))


async def pull_request_changed(bot: Bot, event: PullRequestEvent, job: Job) -> None:
    """It was pushed to, edited, closed or reopened: if it is the onboarding's, that is looked at."""
    repo, number = event.ref.repo, event.ref.number
    if event.head_ref == branches.ONBOARDING and bot.onboarded is not None:
        await bot.send(Task(event=ONBOARDING, id=f"{repo.id}#{number} {job.seq}", repo=repo, subject=number))


async def default_branch_moved(bot: Bot, event: PushEvent) -> None:
    """Its preview shows another commit then; with a configuration it is over."""
    if bot.onboarded is None or not event.to_default_branch:
        return
    known = await noted(bot.storage, event.repo)
    if known is not None and known.number is not None:
        now, window = bot.github.clock.now(), WINDOWS * bot.tracker_window
        await bot.send(Task.debounced(ONBOARDING, event.repo, known.number, now=now, window=window))
