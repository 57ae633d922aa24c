"""The bot's own errands as deliveries: written for the queue, and read again."""

import json
from typing import Any

from msgspec import convert

from bot.domain.events import ERRAND, AppErrandEvent, ErrandEvent
from bot.github.payloads.parts import Id, InRepository, Part
from bot.refs import Delivery, DeliveryId, Errand


class _ForWhat(Part):
    repository: Any = None


class _ErrandPayload(InRepository):
    """Rows of every version hold these keys."""

    subject: Id | None = None


def read_errand(event: str, document: object) -> ErrandEvent | AppErrandEvent:
    """The event of an errand's body.  Raises ``msgspec.ValidationError``."""
    if convert(document, _ForWhat).repository is None:
        return AppErrandEvent(event=event)
    payload = convert(document, _ErrandPayload)
    return ErrandEvent(event=event, repo=payload.repo, subject=payload.subject)


def delivery_of(errand: Errand) -> Delivery:
    """The errand as the queue stores it.  Its id cannot be that of a delivery: GitHub's have no colon.

    Raises ``ValueError`` for what could never be handled: a defect of the sender.
    """
    if not errand.event.startswith(ERRAND):
        raise ValueError(f"{errand.event!r} is no errand: their names begin with {ERRAND!r}")
    if not errand.id.isprintable() or not 0 < len(errand.id) <= 200:
        raise ValueError(f"{errand.id!r:.250} cannot be an errand's id")
    body: dict[str, object] = {}
    if errand.repo is not None:
        body["installation"] = {"id": errand.repo.installation}
        body["repository"] = {"id": errand.repo.id, "full_name": errand.repo.full_name}
    if errand.subject is not None:
        body["subject"] = errand.subject
    return Delivery(id=DeliveryId(f"{errand.event}:{errand.id}"), event=errand.event, body=json.dumps(body).encode())
