"""Edits an issue's body while people edit it too.

GitHub has no compare-and-set for a body.  So: read, merge, read again, write, read back; and check the issue's edit
history for an edit that came just before the write and was overwritten by it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.context import Bot
from bot.domain.effects import EditIssue
from bot.domain.errors import RetryLater
from bot.domain.facts import Issue
from bot.domain.references import RepoRef
from bot.github import reads
from bot.jobs import Lease

log = structlog.get_logger(__name__)

TRIES = 5
"""How many times the write is tried while others edit the body."""
_SOON = timedelta(seconds=5)

Merge = Callable[[str], Awaitable[str]]
"""The body as it should be, from the body as it is.  People wrote it: it is read in a worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """The body is what it should be, as of ``merge``'s last call."""

    writes: int
    """0 when it was so already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contested:
    """Somebody else edited the body each time."""


async def edit(bot: Bot, repo: RepoRef, issue: Issue, merge: Merge, lease: Lease) -> Edited | Contested:
    """Bring the body of ``issue``, as it was once read, to what ``merge`` makes of it."""
    body, ours = issue.body, None
    for turn in range(TRIES):
        requested = await merge(body)
        now = await reads.issue(bot.github, repo, issue.number)
        if now.body not in (body, ours):
            body, ours = now.body, None
            continue
        if requested == now.body:
            return Edited(writes=0 if ours is None else turn)
        if not lease.held():
            raise RetryLater(at=bot.github.clock.now() + _SOON, reason="the deadline of this run has passed")
        after = await bot.performer.perform(
            EditIssue(repo=repo, number=issue.number, body=requested, replaces=now.body, updated_at=now.updated_at)
        )
        buried = after.buried
        if buried is None and after.body == requested:
            return Edited(writes=turn + 1)
        log.info("issue_contested", repository=repo.full_name, issue=issue.number, buried=buried is not None)
        # An edit that our write overwrote is merged and written over ours; a later edit is merged as it is.
        body, ours = (after.body, None) if after.body != requested or buried is None else (buried, requested)
    return Contested()
