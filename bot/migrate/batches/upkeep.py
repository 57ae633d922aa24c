"""After the default branch moved: open migration pull requests are updated, and the next ones opened.

The work for one tracker is a task in the partition of its issue, as are the commands on it: so no two runs decide about
the same pull requests at the same time.
"""

from datetime import timedelta

from bot.context import Bot
from bot.domain.migration import Migration, Mode
from bot.domain.references import RepoRef, Task
from bot.jobs import Done, Ignored, Lease, Outcome
from bot.markdown.text import count
from bot.migrate.batches.models import BatchReport, BatchRequest, CloseBatch, OpenBatch, UpdateBatch
from bot.migrate.batches.read import opened_pull_requests, own_pull_requests
from bot.migrate.batches.request import carried_out
from bot.migrate.saying import PULL_REQUESTS, say_refused
from bot.repository import DefaultBranch, at_default_branch

UPKEEP = "ssot.migrations"
"""The task: for a repository it queues one task for each tracker with work; for a tracker it does the work."""
WINDOW = timedelta(seconds=30)
"""All pushes within it are one task."""
_NOTHING = Ignored(reason="no migration pull request is open or due")


async def ask_for_upkeep(bot: Bot, repo: RepoRef) -> None:
    """Queue an update of the repository's migration pull requests, one for all requests within ``WINDOW``."""
    await bot.send(Task.debounced(UPKEEP, repo, None, now=bot.github.clock.now(), window=WINDOW))


async def spread_upkeep(bot: Bot, repo: RepoRef, lease: Lease) -> Outcome:
    """Queue a task for each tracker whose migrations have open pull requests, or open them automatically.

    Costs a few requests where there is nothing to do.
    """
    at = await _default_branch(bot, repo)
    if at is None:
        return _NOTHING
    any_open = any(pull.open for pull in await own_pull_requests(bot, at.repo))
    requested = [m for m in at.config.migrations if any_open or m.mode is Mode.MIGRATE]
    trackers = dict.fromkeys(m.tracking_issue for m in requested)
    for tracker in trackers:
        if tracker is not None:
            now = bot.github.clock.now()
            await bot.send(Task.debounced(UPKEEP, repo, tracker, now=now, window=timedelta(seconds=1)))
    if None in trackers:
        return await keep_up(bot, repo, None, lease)
    return Done(summary=f"{count(len(trackers), 'tracker')} queued") if trackers else _NOTHING


async def keep_up(bot: Bot, repo: RepoRef, tracker: int | None, lease: Lease) -> Outcome:
    """Update the open pull requests of the tracker's migrations; in the mode ``migrate`` open the next ones.

    ``None``: the migrations that have no tracking issue.
    """
    at = await _default_branch(bot, repo)
    if at is None:
        return _NOTHING
    done = [report for m in at.tracked_on(tracker) if (report := await _keep_up(bot, at, m, lease)) is not None]
    for report in done:
        for reason in report.reasons if tracker is not None else ():
            await say_refused(bot, at.repo, tracker or 0, report.migration.name, PULL_REQUESTS, reason)
    return Done(summary="; ".join(map(_summary, done))) if done else _NOTHING


async def _keep_up(bot: Bot, at: DefaultBranch, migration: Migration, lease: Lease) -> BatchReport | None:
    """What was done; ``None`` when nothing is open, nor to be opened."""
    ask = BatchRequest() if migration.mode is Mode.MIGRATE else None
    opened = await opened_pull_requests(bot, at)
    if ask is None and not opened.open_of(migration):
        return None
    return await carried_out(bot, at, migration, ask, lease, asked_by=0)


async def _default_branch(bot: Bot, repo: RepoRef) -> DefaultBranch | None:
    """``None`` while the configuration is invalid: the review of the next pull request reports that."""
    at = await at_default_branch(bot, repo)
    return None if at.problem else at


def _summary(report: BatchReport) -> str:
    refused = [each.action for each in report.refused]
    kept = [action for action in report.plan.actions if action not in refused]
    counts = {
        "opened": sum(isinstance(action, OpenBatch) for action in kept),
        "updated": sum(isinstance(action, UpdateBatch) for action in kept),
        "closed": sum(isinstance(action, CloseBatch) for action in kept),
        "refused by GitHub": len(refused),
    }
    done = [f"{number} {what}" for what, number in counts.items() if number]
    said = f" ({'; '.join(report.reasons)})" if refused else ""
    return f"{report.migration.name}: {', '.join(done) or 'nothing to do'}{said}"
