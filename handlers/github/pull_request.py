"""``pull_request``: reviews one that is opened, pushed to, reopened, made ready, unlocked or given another base.

One that is opened, closed, merged or reopened, or whose text changes, may be evidence for a tracker.
"""

import asyncio

from bot.context import Bot
from bot.domain.events import PullRequestEvent
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.onboarding.wake import pull_request_changed
from bot.review.siblings import judge_again
from bot.review.update import review_pull_request
from bot.tracker import wake

EVENT = "pull_request"
REVIEWED = frozenset({"opened", "synchronize", "reopened", "ready_for_review", "unlocked"})
TRACKED = frozenset({"opened", "closed", "reopened"})


def route(event: PullRequestEvent) -> Route:
    """One partition per pull request, ``repo:<id>#<number>``; the trackers' where no review is needed."""
    if _reviewed(event):
        return Work(key=event.ref.repo.at(event.ref.number), action=event.action)
    if _tracked(event):
        return Work(key=wake.partition_key(event.ref.repo))
    return Ignored(reason=f"nothing to do when a pull request is {event.action}")


def _reviewed(event: PullRequestEvent) -> bool:
    return event.action in REVIEWED or (event.action == "edited" and event.base_changed)


def _tracked(event: PullRequestEvent) -> bool:
    return event.action in TRACKED or (event.action == "edited" and event.body_changed)


async def handle(bot: Bot, event: PullRequestEvent, lease: Lease) -> Outcome:
    """Review the pull request as it is now; schedule an update of the trackers.

    What no longer is the head of this pull request may be that of another, and is judged without this one.
    """
    await pull_request_changed(bot, event, lease.job)
    left = event.head_sha if event.action == "closed" else event.before
    judging = None if left is None else asyncio.create_task(judge_again(bot, event.ref, left, lease.job.seq))
    try:
        if _tracked(event):
            waking = await wake.wake(bot, event.ref.repo)
            if not _reviewed(event):
                return waking
        return await review_pull_request(bot, event.ref, lease, event=event)
    finally:
        if judging is not None:
            await judging
