"""After the default branch moved: open migration pull requests are brought up to date, and the next ones opened.

The work for one tracker is a task in the partition of its issue, where the commands on it are done too: so no two runs
decide about the same pull requests at the same time.
"""

from datetime import timedelta

from bot.context import Bot
from bot.domain.migration import Migration, Mode
from bot.domain.references import RepoRef, Task
from bot.github import reads
from bot.jobs import Done, Ignored, Lease, Outcome
from bot.migrate.batches.models import BatchPlan, BatchRequest, CloseBatch, OpenBatch, UpdateBatch
from bot.migrate.batches.read import opened_pull_requests
from bot.migrate.batches.request import carried_out
from bot.repository import DefaultBranch, at_default_branch

UPKEEP = "ssot.migrations"
"""The task: for a repository it finds out for which trackers there is something to do, for a tracker it does it."""
WINDOW = timedelta(seconds=30)
"""All pushes within it are one task."""
_NOTHING = Ignored(reason="no migration pull request is open or wanted")


async def ask_for_upkeep(bot: Bot, repo: RepoRef) -> None:
    """Have the migration pull requests of the repository looked at soon, once for all who ask by then."""
    await bot.send(Task.debounced(UPKEEP, repo, None, now=bot.github.clock.now(), window=WINDOW))


async def spread_upkeep(bot: Bot, repo: RepoRef, lease: Lease) -> Outcome:
    """A task for each tracker whose migrations have something open, or are to be carried on.

    Costs a few requests where there is nothing to do.
    """
    at = await _default_branch(bot, repo)
    if at is None:
        return _NOTHING
    any_open = any(pull.open for pull in await reads.own_pull_requests(bot.github, at.repo))
    requested = [m for m in at.config.migrations if any_open or m.mode is Mode.MIGRATE]
    trackers = dict.fromkeys(m.tracking_issue for m in requested)
    for tracker in trackers:
        if tracker is not None:
            now = bot.github.clock.now()
            await bot.send(Task.debounced(UPKEEP, repo, tracker, now=now, window=timedelta(seconds=1)))
    if None in trackers:
        return await keep_up(bot, repo, None, lease)
    return Done(summary=f"{len(trackers)} to look after") if trackers else _NOTHING


async def keep_up(bot: Bot, repo: RepoRef, tracker: int | None, lease: Lease) -> Outcome:
    """What is open for the tracker's migrations is kept up to date; in the mode ``migrate`` the next are opened.

    ``None``: the migrations that have no tracking issue.
    """
    at = await _default_branch(bot, repo)
    if at is None:
        return _NOTHING
    done = {m.name: plan for m in at.tracked_on(tracker) if (plan := await _keep_up(bot, at, m, lease)) is not None}
    return Done(summary="; ".join(f"{name}: {_summary(plan)}" for name, plan in done.items())) if done else _NOTHING


async def _keep_up(bot: Bot, at: DefaultBranch, migration: Migration, lease: Lease) -> BatchPlan | None:
    """What was done; ``None`` when nothing is open, nor to be opened."""
    ask = BatchRequest() if migration.mode is Mode.MIGRATE else None
    opened = await opened_pull_requests(bot, at)
    if ask is None and not opened.open_of(migration):
        return None
    return (await carried_out(bot, at, migration, ask, lease, asked_by=0)).plan


async def _default_branch(bot: Bot, repo: RepoRef) -> DefaultBranch | None:
    """``None`` while the configuration is not valid: the review of the next pull request says so."""
    at = await at_default_branch(bot.github, repo)
    return None if at.problem else at


def _summary(plan: BatchPlan) -> str:
    counts = {
        "opened": sum(isinstance(action, OpenBatch) for action in plan.actions),
        "brought up to date": sum(isinstance(action, UpdateBatch) for action in plan.actions),
        "closed": sum(isinstance(action, CloseBatch) for action in plan.actions),
    }
    done = [f"{number} {what}" for what, number in counts.items() if number]
    return ", ".join(done) or "nothing to do"
