"""The first survey of a default branch: made when the App meets a repository, before a review has to wait for it."""

from collections.abc import Iterable
from datetime import datetime

from bot.context import Bot
from bot.domain.references import RepoRef, Task
from bot.github.errors import NotFound
from bot.installations import everywhere, round_of
from bot.inventory import progress
from bot.inventory.survey import survey
from bot.inventory.view import view_of
from bot.jobs import Done, Ignored, Job, Lease, Outcome
from bot.repository import at_default_branch, reason_of

SURVEY = "ssot.survey"
EVERY = 24 * 60 * 60.0
"""Seconds between two rounds; a review brings the survey of its branch up to date in any case."""
MOST_SECONDS = 270.0
"""For one survey: nothing else waits for it, but the job has a deadline."""


async def timed(_: Bot, now: datetime) -> Iterable[Task]:
    """For the timer; it also runs at the start."""
    return [round_of(SURVEY, now)]


async def survey_everywhere(bot: Bot, lease: Lease) -> Outcome:
    """Ask for a survey of each repository; what nobody has looked at for long is forgotten."""
    await progress.prune(bot)
    return await everywhere(bot, SURVEY, lease)


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
    if at.problem:
        await progress.report_problem(bot, at.repo, reason_of(at.problem))
    elif not at.config.migrations:
        await progress.forget(bot, at.repo)
    if at.problem or at.built_in or not at.config.migrations:
        return Ignored(reason="the repository has no valid configuration")
    place = await progress.follow(bot, at)
    view = await view_of(bot, place, seconds=MOST_SECONDS)
    if view.lacking is not None:
        await progress.report_problem(bot, at.repo, view.lacking)
    elif view.commit is not None and not await progress.is_current(bot, place, view.commit):
        await survey(bot, place, view.commit)
    return Done(summary="surveyed" if view.lacking is None else f"not surveyed: {view.lacking}")
