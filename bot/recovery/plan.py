"""Which deliveries GitHub is asked to send again.  Pure.

GitHub never sends a delivery a second time by itself; it keeps its log for three days and redelivers on request.
https://docs.github.com/en/webhooks/using-webhooks/automatically-redelivering-failed-deliveries-for-a-github-app-webhook
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.facts import HookDelivery
from bot.domain.references import DeliveryId

REACH = timedelta(days=3)
"""How far back GitHub's log and its redelivery go."""
OVERLAP = timedelta(minutes=30)
"""How far before the last sweep the log is read again: GitHub may list a delivery late."""
ANSWER = timedelta(minutes=10)
"""How long a redelivery may take to arrive, or to show in GitHub's log, before the next request; doubles each time."""
TRIES = 5
"""Requests for one GUID; after so many failures another one would not help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The requests for one GUID: how many, and when the last one was made."""

    times: int
    at: datetime

    def again_at(self) -> datetime:
        return self.at + timedelta(seconds=ANSWER.total_seconds() * 2.0 ** (self.times - 1))


def lost(
    attempts: Iterable[HookDelivery], *, stored: Collection[DeliveryId], events: Collection[str], now: datetime
) -> tuple[HookDelivery, ...]:
    """The latest attempt of each delivery that did not arrive and can still be had, the oldest first.

    ``attempts`` are entries of GitHub's log, in any order, any number of times; ``stored`` the GUIDs among them that
    the inbox has, read *after* the log; ``events`` those that it keeps at all.  Whether GitHub calls a delivery failed
    does not matter: what is stored will be worked on, and what is not was lost, even if it was acknowledged.
    """
    latest: dict[DeliveryId, HookDelivery] = {}
    for attempt in attempts:
        known = latest.get(attempt.guid)
        if known is None or _order(known) < _order(attempt):
            latest[attempt.guid] = attempt
    found = (each for each in latest.values() if each.event in events and each.guid not in stored)
    return tuple(sorted((each for each in found if each.delivered_at > now - REACH), key=_order))


def due(
    deliveries: Iterable[HookDelivery], asked: Mapping[DeliveryId, Asked], now: datetime
) -> tuple[HookDelivery, ...]:
    """The lost deliveries to ask for now: never before the last request had its time."""
    return tuple(each for each in deliveries if _due(asked.get(each.guid), now))


def _due(asked: Asked | None, now: datetime) -> bool:
    return asked is None or (asked.times < TRIES and asked.again_at() <= now)


def settled_until(deliveries: Iterable[HookDelivery], asked: Mapping[DeliveryId, Asked], began: datetime) -> datetime:
    """The time before which the next sweep finds nothing: that of the oldest delivery still expected."""
    hoped = (each.delivered_at for each in deliveries if each.guid not in asked or asked[each.guid].times < TRIES)
    return min((began, *hoped))


def since(last: datetime | None, now: datetime) -> datetime:
    """How far back to read the log, when everything before ``last`` is settled."""
    return max(now - REACH, last - OVERLAP) if last else now - REACH


def _order(attempt: HookDelivery) -> tuple[datetime, int]:
    return attempt.delivered_at, attempt.id
