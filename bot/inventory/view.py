"""What a review, a command and a batch know of the files that nobody changes: the branch's survey, made if need be.

It is of the branch as it is now.  Whoever needs it first makes it, others wait for that; where it cannot be made, the
work goes on without it, and says so.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.context import Bot
from bot.domain.references import Sha
from bot.engine.diff.views import Surroundings
from bot.github import reads
from bot.github.errors import MissingPermission, NoArchive, NotFound, Refused
from bot.github.sift import HugeArchive
from bot.inventory import store
from bot.inventory.store import Failure, Surveyed
from bot.inventory.survey import survey
from bot.memory import TooMuch

MOST_SECONDS = 150.0
"""For a survey that other work waits for: half of a job's time."""
PATIENCE = timedelta(minutes=5)
"""How long work waits for an archive that does not come."""
REMEMBERED = timedelta(hours=1)
"""How long it is not tried again to survey a branch that is too large, or takes too long."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchView:
    """What the files of a branch mean for a change to it."""

    around: Surroundings | None = None
    """``None``: they are not in view."""
    commit: Sha | None = None
    """Where they are as they are here."""
    lacking: str | None = None
    """Why not, as the end of a sentence."""


async def view_of(bot: Bot, place: Surveyed, *, seconds: float | None = None) -> BranchView:
    """The files of the branch as it is now.

    ``seconds`` are what a survey may take; by default what work may take that waits for it, and then a survey that
    failed a moment ago is not tried again.

    Raises ``RetryLater`` where waiting helps: GitHub's limits, the scanner, an archive that did not come.
    """
    try:
        head = await reads.branch_head(bot.github, place.repo, place.branch)
    except NotFound:
        return BranchView(lacking=f"the branch {place.branch} is gone")
    known = await store.surroundings(bot.storage, place)
    if known is not None and known[0] == head:
        return BranchView(around=known[1], commit=head)
    failed = await store.failure(bot.storage, place)
    if seconds is None and failed is not None and failed.lasting and bot.github.clock.now() - failed.at < REMEMBERED:
        return BranchView(lacking=failed.reason)
    seconds = MOST_SECONDS if seconds is None else seconds
    try:
        async with asyncio.timeout(seconds):
            return BranchView(around=store.surroundings_of(await survey(bot, place, head)), commit=head)
    except TimeoutError:
        return await _failed(bot, place, f"its scan takes longer than {seconds:g} seconds")
    except (HugeArchive, MissingPermission, Refused, TooMuch) as error:
        return await _failed(bot, place, str(error))
    except NoArchive as error:
        return await _not_come(bot, place, failed, error)


async def _failed(bot: Bot, place: Surveyed, reason: str) -> BranchView:
    now = bot.github.clock.now()
    await store.save_failure(bot.storage, place, Failure(reason=reason, since=now, at=now, lasting=True))
    log.warning("not_surveyed", repository=place.repo.full_name, branch=place.branch, reason=reason)
    return BranchView(lacking=reason)


async def _not_come(bot: Bot, place: Surveyed, before: Failure | None, error: NoArchive) -> BranchView:
    """Waits for it, for a while."""
    now = bot.github.clock.now()
    since = now if before is None or before.lasting else before.since
    await store.save_failure(bot.storage, place, Failure(reason=error.reason, since=since, at=now))
    if now - since < PATIENCE:
        raise error
    log.warning("not_surveyed", repository=place.repo.full_name, branch=place.branch, reason=error.reason)
    return BranchView(lacking=error.reason)
