"""What a fault makes of an answer."""

import asyncio
import json
from dataclasses import replace

from bot.sandbox.faults import Drop, ExtraHeaders, HalfBody, Hold, NullObjects, Reply, Slow
from bot.sandbox.routing import Answer

KEPT = ("issue", "pullRequest", "pullRequests")
"""What of a repository is no object of git."""


async def delay(deed: object) -> None:
    match deed:
        case Hold():
            await deed.wait()
        case Slow(seconds):
            await asyncio.sleep(seconds)
        case _:
            pass


def spoil(answer: Answer | None, deed: object) -> Answer | None:
    """What a fault makes of an answer (``None``: of no answer, as nothing was done)."""
    match deed:
        case Drop():
            return None
        case Reply():
            return Answer(status=deed.status, body=deed.body, headers=deed.headers, content_type=deed.content_type)
        case HalfBody() if answer is not None and isinstance(answer.body, bytes):
            return replace(answer, body=answer.body[: len(answer.body) // 2])
        case ExtraHeaders(headers) if answer is not None:
            return replace(answer, headers={**answer.headers, **headers})
        case NullObjects() if answer is not None and isinstance(answer.body, bytes):
            repository = json.loads(answer.body)["data"]["repository"]
            lost = {name: value if name in KEPT else None for name, value in repository.items()}
            return replace(answer, body=json.dumps({"data": {"repository": lost}}).encode())
        case _:
            return answer
