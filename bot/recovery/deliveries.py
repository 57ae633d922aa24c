"""Recovery after an outage: deliveries that never arrived, and pull requests that were never reviewed.

A redelivery is recorded *before* GitHub is asked for it, so that a crash in between delays it and never doubles it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.context import Bot
from bot.domain.effects import Redeliver
from bot.domain.errors import Gone, RetryLater
from bot.domain.facts import HookDelivery
from bot.domain.references import DeliveryId, RepoRef, Task
from bot.github import reads
from bot.github.errors import Refused, Uncertain
from bot.identity.checks import CHECK_NAME
from bot.jobs import Done, Job, Lease, Outcome
from bot.recovery.plan import REACH, Asked, due, lost, settled_until, since
from bot.repository import at_default_branch
from bot.review.siblings import REVIEW
from bot.storage import Storage
from bot.storage.codec import dump, load

log = structlog.get_logger(__name__)

NAMESPACE = "sweep"
SETTLED, ASKED, CHECKED, REVIEWED = "settled", "asked/", "judged/", "reviewed/"
BATCH = 200
"""Redeliveries in one run: GitHub wants a second between two, and a run has to end within its deadline."""
PAGE = 100
REMEMBERED_FOR = timedelta(days=30)
"""How long a head is remembered as checked; then it is checked once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """The result of a sweep of the deliveries; ``left`` wait for another run."""

    asked: int
    left: int


SWEEP, LOOK = "ssot.sweep", "ssot.look"
EVERY, LOOK_EVERY = 15 * 60.0, 6 * 60 * 60.0
"""Seconds between two sweeps of the deliveries, and between two checks of all open pull requests."""
AFTER_THE_SWEEP = timedelta(minutes=2)
"""The time for redelivered events to start their own reviews, before all others are checked."""
WINDOW = timedelta(minutes=5)
"""Processes that start within it share one sweep."""


async def sweep_tasks(_: Bot, now: datetime) -> Iterable[Task]:
    """For the timer; it also runs at the start, when an outage ends."""
    return [Task(event=SWEEP, id=_window(now), repo=None)]


async def look_tasks(_: Bot, now: datetime) -> Iterable[Task]:
    """For the timer."""
    return [Task(event=LOOK, id=_window(now), repo=None, not_before=now + AFTER_THE_SWEEP)]


def _window(now: datetime) -> str:
    return str(int(now.timestamp() // WINDOW.total_seconds()))


# --- deliveries --------------------------------------------------------------------------------------------------


async def sweep(bot: Bot, lease: Lease) -> Outcome:
    """One run of :func:`sweep_deliveries`, and a task for what it left."""
    swept = await sweep_deliveries(bot)
    if swept.left:
        await bot.send(Task(event=SWEEP, id=f"after {lease.job.seq}", repo=None))
    return Done(summary=f"{swept.asked} redeliveries requested, {swept.left} left")


async def sweep_deliveries(bot: Bot) -> Swept:
    """Ask GitHub to redeliver everything of the last three days that is not in the inbox."""
    began = bot.github.clock.now()
    attempts = await _log_since(bot, since(await _settled(bot.storage), began))
    # After the log: what arrives meanwhile is in the inbox, or not in the log yet, and is not requested again.
    have = await bot.kept.known({each.guid for each in attempts})
    gone = lost(attempts, stored=have, events=bot.kept.events, now=began)
    asked = await _asked(bot.storage, (each.guid for each in gone))
    now_due = due(gone, asked, began)
    for attempt in now_due[:BATCH]:
        await _redeliver(bot, attempt, asked.get(attempt.guid))
    if len(now_due) <= BATCH:
        await bot.storage.put(NAMESPACE, SETTLED, settled_until(gone, asked, began).isoformat().encode())
        await bot.storage.prune(NAMESPACE, prefix=ASKED, older_than=2 * REACH)
    return Swept(asked=min(len(now_due), BATCH), left=max(len(now_due) - BATCH, 0))


async def _log_since(bot: Bot, oldest: datetime) -> list[HookDelivery]:
    """GitHub's log back to ``oldest``.  A whole page of older entries ends it: single ones may be out of order."""
    found, older = [], 0
    async for attempt in reads.hook_deliveries(bot.github):
        found.append(attempt)
        older = older + 1 if attempt.delivered_at < oldest else 0
        if older >= PAGE:
            break
    return found


async def _redeliver(bot: Bot, attempt: HookDelivery, before: Asked | None) -> None:
    """Record, then ask.  The record is undone when GitHub surely was not asked."""
    asked = Asked(times=before.times + 1 if before else 1, at=bot.github.clock.now())
    await bot.storage.put(NAMESPACE, ASKED + attempt.guid, dump(asked))
    log.info(
        "redelivery_asked", guid=attempt.guid, webhook=attempt.event, status=attempt.status_code, times=asked.times
    )
    try:
        await bot.performer.perform(Redeliver(attempt=attempt.id, guid=attempt.guid))
    except Uncertain as fault:
        log.warning("redelivery_uncertain", guid=attempt.guid, reason=fault.reason)
    except RetryLater:
        await _restore(bot.storage, attempt.guid, before)
        raise
    except (Gone, Refused) as refusal:
        log.warning("redelivery_refused", guid=attempt.guid, reason=str(refusal))


# --- pull requests -----------------------------------------------------------------------------------------------


async def ask_for_look(bot: Bot, repo: RepoRef, job: Job) -> None:
    """``job`` is the work that met the repository, or its new configuration: run again, it asks for the same."""
    await bot.send(Task(event=LOOK, id=f"{repo.id} {job.seq}", repo=repo))


async def look_at(bot: Bot, repo: RepoRef, job: Job) -> Outcome:
    """Send a review task for each open pull request of the repository whose head has no finished check run of the bot.

    Each look asks anew, for a review may have ended without one; only where nothing is configured on the default
    branch it is asked once for each head.  Heads with a finished run are remembered: looking again costs one request
    for a hundred of them.
    """
    heads = {f"{repo.id}/{sha}": (ref, sha) for ref, sha in await reads.open_heads(bot.github, repo)}
    checked = await bot.storage.get_many(NAMESPACE, [CHECKED + key for key in heads])
    without = []
    for key, (ref, sha) in heads.items():
        if CHECKED + key in checked:
            continue
        runs = await reads.check_runs(bot.github, repo, sha, name=CHECK_NAME)
        if runs and runs[0].status == "completed":
            await bot.storage.put(NAMESPACE, CHECKED + key, b"")
        else:
            without.append((key, ref, sha))
    known = await bot.storage.get_many(NAMESPACE, [REVIEWED + key for key, _, _ in without])
    once = bool(known) and (await at_default_branch(bot, repo)).unrelated
    missed = [each for each in without if not (once and REVIEWED + each[0] in known)]
    for key, ref, sha in missed:
        task = Task(event=REVIEW, id=f"{repo.id}#{ref.number}@{sha} {job.seq}", repo=repo, subject=ref.number)
        await bot.send(task)
        await bot.storage.put(NAMESPACE, REVIEWED + key, b"")
    for prefix in (CHECKED, REVIEWED):
        await bot.storage.prune(NAMESPACE, prefix=prefix, older_than=REMEMBERED_FOR)
    return Done(summary=f"{len(missed)} of {len(heads)} open pull requests had no finished check run for their head")


# --- the record --------------------------------------------------------------------------------------------------


async def _settled(storage: Storage) -> datetime | None:
    found = await storage.get(NAMESPACE, SETTLED)
    return datetime.fromisoformat(found.value.decode()) if found else None


async def _asked(storage: Storage, guids: Iterable[DeliveryId]) -> Mapping[DeliveryId, Asked]:
    found = await storage.get_many(NAMESPACE, [ASKED + guid for guid in guids])
    return {DeliveryId(key.removeprefix(ASKED)): load(record.value, Asked) for key, record in found.items()}


async def _restore(storage: Storage, guid: DeliveryId, before: Asked | None) -> None:
    if before is None:
        await storage.delete(NAMESPACE, ASKED + guid)
    else:
        await storage.put(NAMESPACE, ASKED + guid, dump(before))
