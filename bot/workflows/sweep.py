"""What an outage left undone: deliveries that never arrived, and pull requests that nobody looked at.

What was asked for is on record *before* GitHub is asked, so that a crash in between asks late rather than twice.
"""

import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.errors import Gone, RetryLater
from bot.facts import HookDelivery
from bot.github import reads
from bot.github.errors import Refused, Uncertain
from bot.model import DeliveryId
from bot.records import Records
from bot.sweep import REACH, Asked, due, lost, settled_until, since
from bot.workflows.context import Bot

log = structlog.get_logger(__name__)

Stored = Callable[[Collection[DeliveryId]], Awaitable[Collection[DeliveryId]]]
"""Those of the GUIDs that the inbox has."""

NAMESPACE = "sweep"
SETTLED, ASKED = "settled", "asked/"
BATCH = 200
"""Redeliveries of one run: GitHub wants a second between two of them, and a run has to end within its deadline."""
PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep of the deliveries did; ``left`` wait for another run."""

    asked: int
    left: int


async def sweep_deliveries(bot: Bot, stored: Stored, events: Collection[str]) -> Swept:
    """Ask GitHub once more for every delivery of the last three days that the inbox does not have."""
    began = bot.github.clock.now()
    attempts = await _log_since(bot, since(await _settled(bot.records), began))
    # After the log: what arrives meanwhile is in the one or in neither, and never asked for in vain.
    have = await stored({each.guid for each in attempts})
    gone = lost(attempts, stored=have, events=events, now=began)
    asked = await _asked(bot.records, (each.guid for each in gone))
    now_due = due(gone, asked, began)
    for attempt in now_due[:BATCH]:
        await _redeliver(bot, attempt, asked.get(attempt.guid))
    if len(now_due) <= BATCH:
        await bot.records.put(NAMESPACE, SETTLED, settled_until(gone, asked, began).isoformat().encode())
        await bot.records.prune(NAMESPACE, prefix=ASKED, older_than=2 * REACH)
    return Swept(asked=min(len(now_due), BATCH), left=max(len(now_due) - BATCH, 0))


async def _log_since(bot: Bot, oldest: datetime) -> list[HookDelivery]:
    """GitHub's log back to ``oldest``.  A whole page of older entries ends it: one may stand out of its order."""
    found, older = [], 0
    async for attempt in reads.hook_deliveries(bot.github):
        found.append(attempt)
        older = older + 1 if attempt.delivered_at < oldest else 0
        if older >= PAGE:
            break
    return found


async def _redeliver(bot: Bot, attempt: HookDelivery, before: Asked | None) -> None:
    """Put on record, then ask.  What was surely not asked is taken off the record again."""
    asked = Asked(times=before.times + 1 if before else 1, at=bot.github.clock.now())
    await bot.records.put(NAMESPACE, ASKED + attempt.guid, _written(asked))
    log.info(
        "redelivery_asked", guid=attempt.guid, webhook=attempt.event, status=attempt.status_code, times=asked.times
    )
    try:
        await reads.redeliver(bot.github, attempt)
    except Uncertain as fault:
        log.warning("redelivery_uncertain", guid=attempt.guid, reason=fault.reason)
    except RetryLater:
        await _restore(bot.records, attempt.guid, before)
        raise
    except (Gone, Refused) as refusal:
        log.warning("redelivery_refused", guid=attempt.guid, reason=str(refusal))


# --- the record --------------------------------------------------------------------------------------------------


async def _settled(records: Records) -> datetime | None:
    found = await records.get(NAMESPACE, SETTLED)
    return datetime.fromisoformat(found.value.decode()) if found else None


async def _asked(records: Records, guids: Iterable[DeliveryId]) -> Mapping[DeliveryId, Asked]:
    found = await records.get_many(NAMESPACE, [ASKED + guid for guid in guids])
    return {DeliveryId(key.removeprefix(ASKED)): _read(record.value) for key, record in found.items()}


async def _restore(records: Records, guid: DeliveryId, before: Asked | None) -> None:
    if before is None:
        await records.delete(NAMESPACE, ASKED + guid)
    else:
        await records.put(NAMESPACE, ASKED + guid, _written(before))


def _written(asked: Asked) -> bytes:
    return json.dumps({"times": asked.times, "at": asked.at.isoformat()}).encode()


def _read(value: bytes) -> Asked:
    data = json.loads(value)
    return Asked(times=data["times"], at=datetime.fromisoformat(data["at"]))
