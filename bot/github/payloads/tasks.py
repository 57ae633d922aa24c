"""The bot's own tasks as deliveries: written for the queue, and read again."""

import json
from typing import Any

from msgspec import convert

from bot.domain.events import TASK_PREFIX, AppTaskEvent, TaskEvent
from bot.domain.references import Delivery, DeliveryId, Task
from bot.github.payloads.parts import Id, InRepository, PayloadPart


class _ForWhat(PayloadPart):
    repository: Any = None


class _TaskPayload(InRepository):
    """Rows of every version hold these keys."""

    subject: Id | None = None


def read_task(event: str, document: object) -> TaskEvent | AppTaskEvent:
    """The event of a task's body.  Raises ``msgspec.ValidationError``."""
    if convert(document, _ForWhat).repository is None:
        return AppTaskEvent(event=event)
    payload = convert(document, _TaskPayload)
    return TaskEvent(event=event, repo=payload.repo, subject=payload.subject)


def delivery_of(task: Task) -> Delivery:
    """The task as the queue stores it.  Its id cannot be that of a delivery: GitHub's have no colon.

    Raises ``ValueError`` for what could never be handled: a defect of the sender.
    """
    if not task.event.startswith(TASK_PREFIX):
        raise ValueError(f"{task.event!r} is not a task: task names begin with {TASK_PREFIX!r}")
    if not task.id.isprintable() or not 0 < len(task.id) <= 200:
        raise ValueError(f"{task.id!r:.250} is not a valid task id")
    body: dict[str, object] = {}
    if task.repo is not None:
        body["installation"] = {"id": task.repo.installation}
        owner = {} if task.repo.owner_id is None else {"owner": {"id": task.repo.owner_id}}
        body["repository"] = {"id": task.repo.id, "full_name": task.repo.full_name, **owner}
    if task.subject is not None:
        body["subject"] = task.subject
    return Delivery(id=DeliveryId(f"{task.event}:{task.id}"), event=task.event, body=json.dumps(body).encode())
