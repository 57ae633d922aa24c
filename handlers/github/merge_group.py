"""``merge_group``: adds the check run to a commit of the merge queue."""

import re

from bot.context import Bot
from bot.domain.events import MergeGroupEvent
from bot.domain.references import PullRequestRef
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.review.merge_group import check_merge_group

EVENT = "merge_group"
_PULL = re.compile(r"/pr-(?P<number>[0-9]{1,9})-[0-9a-f]{40,64}\Z")
"""How GitHub names the queue's branches: ``refs/heads/gh-readonly-queue/main/pr-104-0123…``."""
_UNKNOWN = Ignored(reason="no pull request number in the name of the queue's branch")


def route(event: MergeGroupEvent) -> Route:
    """One partition per commit."""
    if event.action != "checks_requested":
        return Ignored(reason=f"nothing to do when a merge group is {event.action}")
    if _PULL.search(event.head_ref) is None:
        return _UNKNOWN
    return Work(key=f"{event.repo.key}@{event.head_sha}", action=event.action)


async def handle(bot: Bot, event: MergeGroupEvent, _lease: Lease) -> Outcome:
    """Check the commit."""
    match = _PULL.search(event.head_ref)
    if match is None:
        return _UNKNOWN
    ref = PullRequestRef(repo=event.repo, number=int(match["number"]))
    return await check_merge_group(bot, ref, event.base_sha, event.head_sha)
