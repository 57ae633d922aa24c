"""Carries out what a review decided."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import assert_never

import structlog

from bot.context import Bot
from bot.domain.effects import CheckRun, ResolveThread, UnresolveThread
from bot.domain.errors import Gone, NotShownYet
from bot.domain.migration import Migration
from bot.domain.references import PullRequest
from bot.github import reads
from bot.github.errors import MissingPermission, Refused
from bot.jobs import Lease
from bot.review import render_effects as words
from bot.review import written
from bot.review.late import SOON
from bot.review.models import Action, AwaitOwnReview, CompleteCheckRun, JoinThread, RecordResolved, SubmitReview

log = structlog.get_logger(__name__)


class Stale(Exception):
    """The decisions are out of date: a newer job does the work."""


async def perform_all(
    bot: Bot,
    pull: PullRequest,
    migrations: Mapping[str, Migration],
    actions: Iterable[Action],
    lease: Lease,
    *,
    force: bool,
) -> None:
    """Raises :class:`Stale` when they are out of date.

    The check run is written first.  Threads come last: where the installation does not let the App resolve any, they
    stay as they are.
    """
    if force:  # what is written in any case is written once, whenever that is
        actions = sorted(actions, key=lambda action: not isinstance(action, AwaitOwnReview))
    for action in actions:
        try:
            await _perform(bot, pull, migrations, action, lease, force=force)
        except MissingPermission as lack:
            if not isinstance(action, ResolveThread | UnresolveThread):
                raise
            log.warning("threads_left", permission=lack.permission)
            return  # nor is there anything to record


async def _perform(
    bot: Bot, pull: PullRequest, migrations: Mapping[str, Migration], action: Action, lease: Lease, *, force: bool
) -> None:
    if not lease.held():
        raise Stale("the deadline of this run has passed")
    if lease.newer_waits():
        raise Stale("a newer push is waiting")
    match action:
        case CompleteCheckRun():
            await complete_check(bot, words.check_run(action, pull, migrations), force=force)
        case SubmitReview():
            await _submit(bot, pull, migrations, action)
        case JoinThread():
            await _join(bot, pull, migrations, action)
        case ResolveThread() | UnresolveThread():
            await bot.performer.perform(action)
        case RecordResolved():
            await bot.performer.perform(words.record_of_resolved(action, pull, bot.keys))
        case AwaitOwnReview():
            raise NotShownYet(at=bot.github.clock.now() + SOON, reason="GitHub does not list the last review yet")
        case _:
            assert_never(action)


async def complete_check(bot: Bot, run: CheckRun, *, force: bool) -> None:
    """Create the check run, unless the last one for the same commit says the same.

    Only the last one counts, whichever pull request it was written for: a result can change back, and merging waits
    for the last check run of the commit.  While GitHub does not list that one yet, it is written again.
    """
    before = await reads.check_runs(bot.github, run.repo, run.head_sha, name=run.name)
    last, key = before[0] if before else None, written.of_check(run.repo, run.head_sha, run.name)
    is_last = last is not None and await written.last(bot, key) <= last.id
    same = last is not None and last.status == run.status and last.external_id in (run.external_id, run.former_id)
    if same and is_last and not force:
        return
    await written.remember(bot, key, await bot.performer.perform(run))


async def _submit(bot: Bot, pull: PullRequest, migrations: Mapping[str, Migration], action: SubmitReview) -> None:
    """The review; comments that GitHub rejects, on the line and on the file, go to a summary."""
    await _still_at(bot, pull)
    review = words.review(action, pull, migrations, bot.keys)
    submitted = await bot.performer.perform(review)
    if submitted.review_id:
        await written.remember(bot, written.of_review(pull.ref), submitted.review_id)
    rejected = tuple(
        new
        for found, comment in zip(action.places, review.comments, strict=True)
        if comment in submitted.rejected
        for new in found
    )
    if rejected:
        log.warning("comments_refused", comments=len(rejected))
        rest = replace(action, inline=(), summarised=rejected)
        await bot.performer.perform(words.review(rest, pull, migrations, bot.keys))


async def _join(bot: Bot, pull: PullRequest, migrations: Mapping[str, Migration], action: JoinThread) -> None:
    """A comment in the thread; one of its own if that thread is gone, or GitHub takes no more there."""
    await _still_at(bot, pull)
    try:
        await bot.performer.perform(words.joining(action, pull, migrations, bot.keys))
    except (Gone, Refused) as refusal:
        log.warning("thread_not_joined", reason=str(refusal))
        review = SubmitReview(head_sha=pull.head_sha, inline=action.found, summarised=())
        await _submit(bot, pull, migrations, review)


async def _still_at(bot: Bot, pull: PullRequest) -> None:
    """A comment on an old head would be on the wrong line; the push that moved the head starts its own review."""
    now = await reads.pull_request(bot.github, pull.ref)
    if now.state != "open" or now.head_sha != pull.head_sha:
        raise Stale("the head moved during the scan")
