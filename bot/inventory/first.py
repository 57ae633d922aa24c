"""The first survey of a default branch: made when the App meets a repository, before a review has to wait for it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.context import Bot
from bot.domain.references import RepoRef, Task
from bot.github.errors import NotFound
from bot.inventory.store import Surveyed
from bot.inventory.view import view_of
from bot.jobs import Done, Ignored, Job, Outcome
from bot.repository import at_default_branch

SURVEY = "ssot.survey"
EVERY = 24 * 60 * 60.0
"""Seconds between two rounds; a review brings the survey of its branch up to date in any case."""
AFTER_THE_START = timedelta(minutes=2)
"""Time for what waits since the last run."""
WINDOW = timedelta(minutes=5)
"""Processes that start within it share one round."""
MOST_SECONDS = 270.0
"""For one survey: nothing else waits for it, but the job has a deadline."""


async def timed(_: Bot, now: datetime) -> Iterable[Task]:
    """For the timer; it also runs at the start."""
    window = int(now.timestamp() // WINDOW.total_seconds())
    return [Task(event=SURVEY, id=str(window), repo=None, not_before=now + AFTER_THE_START)]


async def ask_for_survey(bot: Bot, repo: RepoRef, job: Job) -> None:
    """``job`` is the work that met the repository: run again, it asks for the same."""
    await bot.send(Task(event=SURVEY, id=f"{repo.id} {job.seq}", repo=repo))


async def survey_default_branch(bot: Bot, repo: RepoRef) -> Outcome:
    """Survey it, if the repository has a configuration: the built-in migration concerns few.

    Where there is none, the first review of a change to Python files surveys the branch.
    """
    try:
        at = await at_default_branch(bot, repo)
    except NotFound:
        return Ignored(reason="the repository is empty")
    if at.problem or at.built_in or not at.config.migrations:
        return Ignored(reason="the repository has no valid configuration")
    view = await view_of(bot, Surveyed(repo=at.repo, branch=at.branch, config=at.config), seconds=MOST_SECONDS)
    return Done(summary="surveyed" if view.lacking is None else f"not surveyed: {view.lacking}")
