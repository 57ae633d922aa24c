"""Reviews a pull request: fetch → scan → plan → perform.

The event is a hint: everything is read again, so the same work may run twice, late, or in another order, and ends
in the same state.  What was written before is found by its signed marker or by the check run's ``external_id``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.context import Bot
from bot.domain.effects import ResolveThread, UnresolveThread
from bot.domain.errors import NotShownYet
from bot.domain.events import PullRequestEvent
from bot.domain.facts import ReviewThread, Waiver
from bot.domain.file_result import NewFinding, UnreadFile
from bot.domain.migration import Config
from bot.domain.references import ChangedFile, PullRequest, PullRequestRef, Sha
from bot.github import reads
from bot.github.errors import NoArchive, UnexpectedShape
from bot.github.purposes import REVIEW
from bot.identity import decisions
from bot.identity.branches import ONBOARDING
from bot.identity.checks import CHECK_NAME
from bot.identity.kinds import MarkerKind
from bot.identity.places import pull_request
from bot.jobs import Done, Ignored, Lease, Outcome, Superseded
from bot.markdown.text import count
from bot.repository import RepositoryAt, at_branch, details_of
from bot.review import render_effects as words
from bot.review import written
from bot.review.ahead import reading_ahead
from bot.review.changes import scan_changes
from bot.review.configuration import is_at_head, proposed_config
from bot.review.ignores import unconfirmed
from bot.review.late import wait_for
from bot.review.models import (
    Action,
    CompleteCheckRun,
    Conclusion,
    FailingSibling,
    OwnReview,
    SubmitReview,
)
from bot.review.perform import Stale, complete_check, perform_all
from bot.review.plan import OwnThread, ReviewFacts, can_block, plan_check, plan_not_scanned, plan_review
from bot.review.preview import ask_for_preview
from bot.review.removal import still_used
from bot.review.render import title_of
from bot.review.siblings import siblings_of
from bot.scanner.workers import ScannerDown

NOTHING_HERE = "no migration is configured for this repository"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A pull request that was reviewed, and what was decided."""

    pull: PullRequest
    actions: tuple[Action, ...]

    @property
    def check(self) -> CompleteCheckRun:
        """The result."""
        (check,) = (action for action in self.actions if isinstance(action, CompleteCheckRun))
        return check


Waive = Callable[[Sequence[NewFinding], Sequence[UnreadFile]], Mapping[str, Waiver | None]]
"""Which new findings and unread files are skipped (or, with ``None``, no longer), before a reply records it.

By fingerprint.  Its errors are passed on, and nothing is written then.
"""


def _as_recorded(_: Sequence[NewFinding], __: Sequence[UnreadFile]) -> Mapping[str, Waiver | None]:
    return {}


async def review_pull_request(
    bot: Bot, ref: PullRequestRef, lease: Lease, *, force: bool = False, event: PullRequestEvent | None = None
) -> Outcome:
    """Bring the App's review and check run of this pull request up to date with its head.

    ``force``: somebody asked for a re-run, so a check run is created even if it says the same as the last one.
    ``event``: what happened to it; the state before that is not reviewed.
    """
    result = await review(bot, ref, lease, force=force, event=event)
    return Done(summary=_summary(result)) if isinstance(result, Reviewed) else result


async def review(
    bot: Bot,
    ref: PullRequestRef,
    lease: Lease,
    *,
    force: bool = False,
    waive: Waive = _as_recorded,
    event: PullRequestEvent | None = None,
) -> Reviewed | Ignored | Superseded:
    """As :func:`review_pull_request`; ``waive`` counts in addition to what the conversation records."""
    async with reading_ahead(bot.working_for(REVIEW), ref, event) as ahead:
        return await _review(ahead, ref, lease, force, waive, event)


async def _review(
    bot: Bot, ref: PullRequestRef, lease: Lease, force: bool, waive: Waive, event: PullRequestEvent | None
) -> Reviewed | Ignored | Superseded:
    pull = await reads.pull_request(bot.github, ref)
    if event is not None:
        await wait_for(bot, pull, event, lease.job)
    if pull.state != "open":
        return Ignored(reason=f"the pull request is {pull.state}")
    at = await at_branch(bot, ref.repo, pull.base_ref)
    if await is_none_of_ours(bot, pull, at):
        return Ignored(reason=NOTHING_HERE)
    try:
        reviewed = Reviewed(pull=pull, actions=await _decided(bot, pull, at, waive))
        await perform_all(bot, pull, at.migrations, reviewed.actions, lease, force=force)
        if reviewed.check.proposed and not reviewed.check.proposed.errors and not _is_onboarding(bot, pull):
            await ask_for_preview(bot, pull)
    except Stale as reason:
        return Superseded(reason=str(reason))
    return reviewed


def _is_onboarding(bot: Bot, pull: PullRequest) -> bool:
    """Whether the pull request's own text shows what its configuration would find."""
    return bot.onboarded is not None and pull.head_ref == ONBOARDING and not pull.from_fork


async def verdict_on(bot: Bot, ref: PullRequestRef) -> Reviewed:
    """What a review of the pull request would say now; nothing is written."""
    async with reading_ahead(bot.working_for(REVIEW), ref, None) as ahead:
        pull = await reads.pull_request(ahead.github, ref)
        verdict = await own_verdict(ahead, pull, await at_branch(ahead, ref.repo, pull.base_ref))
        return Reviewed(pull=pull, actions=(await _for_the_commit(ahead, pull, verdict),))


async def own_verdict(bot: Bot, pull: PullRequest, at: RepositoryAt, *, onto: Sha | None = None) -> CompleteCheckRun:
    """The verdict on this pull request alone; ``onto`` as for :func:`found_in`."""
    if at.problem or at.unrelated:
        return await _not_scanned(bot, pull, at, onto=onto)
    return plan_check(await found_in(bot, pull, at.config, onto=onto))


async def _for_the_commit(bot: Bot, pull: PullRequest, check: CompleteCheckRun) -> CompleteCheckRun:
    """The check fails if that of another open pull request with the same head does, against its own base."""
    if check.conclusion is Conclusion.FAILURE:
        return check
    for ref in await siblings_of(bot, pull.ref, pull.head_sha):
        other = await reads.pull_request(bot.github, ref)
        if other.state != "open" or other.head_sha != pull.head_sha:
            continue
        at = await at_branch(bot, ref.repo, other.base_ref)
        if not can_block(at.migrations.values()):
            continue
        verdict = await own_verdict(bot, other, at)
        if verdict.conclusion is Conclusion.FAILURE:
            sibling = FailingSibling(
                number=ref.number, base_ref=other.base_ref, author=other.author, title=title_of(verdict)
            )
            return replace(check, conclusion=Conclusion.FAILURE, sibling=sibling)
    return check


async def _decided(bot: Bot, pull: PullRequest, at: RepositoryAt, waive: Waive) -> tuple[Action, ...]:
    """What to do; while that cannot be told yet, the check says so and the work waits."""
    try:
        return await _decide(bot, pull, at, waive)
    except (NotShownYet, ScannerDown, NoArchive, UnexpectedShape) as fault:
        await complete_check(bot, words.pending_check_run(pull, fault.reason), force=False)
        raise


async def _decide(bot: Bot, pull: PullRequest, at: RepositoryAt, waive: Waive) -> tuple[Action, ...]:
    if at.problem or at.unrelated:
        return (await _for_the_commit(bot, pull, await _not_scanned(bot, pull, at)),)
    planned = plan_review(await _with_said(bot, await found_in(bot, pull, at.config, waive=waive)))
    return tuple(
        [await _for_the_commit(bot, pull, each) if isinstance(each, CompleteCheckRun) else each for each in planned]
    )


async def _not_scanned(bot: Bot, pull: PullRequest, at: RepositoryAt, *, onto: Sha | None = None) -> CompleteCheckRun:
    """The verdict where no migration applies, or none is known: only the configuration's own change is looked at."""
    proposed = await proposed_config(bot, pull, await _changed(bot, pull, onto))
    return plan_not_scanned(pull, details_of(at.problem) if at.problem else None, proposed)


async def is_none_of_ours(bot: Bot, pull: PullRequest, at: RepositoryAt, *, onto: Sha | None = None) -> bool:
    """Whether no migration applies, the pull request configures none, and merging does not wait for the check."""
    if not at.unrelated or CHECK_NAME in await reads.required_checks(bot.github, pull.ref.repo, pull.base_ref):
        return False
    if not await is_at_head(bot, pull):
        return True
    return await proposed_config(bot, pull, await _changed(bot, pull, onto)) is None


# --- fetch -----------------------------------------------------------------------------------------------------


async def found_in(
    bot: Bot, pull: PullRequest, config: Config, *, onto: Sha | None = None, waive: Waive = _as_recorded
) -> ReviewFacts:
    """The findings of the pull request, and which of them people skipped.

    ``onto``: the commit that it is put on in the merge queue; otherwise its base branch is.
    """
    changed = await _changed(bot, pull, onto)
    scanned = await scan_changes(bot, pull, config, changed, onto=onto)
    if config.confirm_ignores and pull.from_fork:
        scanned = replace(scanned, reviews=unconfirmed(scanned.reviews))
    new = [finding for each in scanned.reviews for finding in each.new]
    waivers = dict(waive(new, scanned.unread))
    if new or scanned.unread:
        comments = await reads.issue_comments(bot.github, pull.ref.repo, pull.ref.number)
        waivers = {**decisions.waivers(bot.keys, pull.ref.repo, pull.ref.number, comments), **waivers}
    return ReviewFacts(
        pull=pull,
        config=config,
        reviews=scanned.reviews,
        skipped=scanned.skipped,
        unread=scanned.unread,
        lacking=scanned.lacking,
        proposed=await proposed_config(bot, pull, changed),
        still_used=await still_used(bot, pull, config, changed, onto=onto),
        waivers={fingerprint: waiver for fingerprint, waiver in waivers.items() if waiver},
    )


async def _changed(bot: Bot, pull: PullRequest, onto: Sha | None) -> Sequence[ChangedFile]:
    if onto is None:
        return await reads.changed_files(bot.github, pull)
    return await reads.changed_between(bot.github, pull.ref.repo, onto, pull.head_sha)


async def _with_said(bot: Bot, facts: ReviewFacts) -> ReviewFacts:
    """The same with what the App has reported on the pull request before."""
    pull = facts.pull
    if pull.draft or pull.locked:
        return facts
    threads = await reads.review_threads(bot.github, pull.ref)
    own = tuple(own for thread in threads if (own := _own_thread(bot, pull, thread)))
    reviews = await reads.reviews(bot.github, pull.ref)
    ids = {review.id for review in reviews}
    if 0 not in ids and await written.last(bot, written.of_review(pull.ref)) > max(ids, default=0):
        return replace(facts, unlisted=True)
    said = [review for review in reviews if review.ours and review.body]
    posted = frozenset(fingerprint for review in said for fingerprint in _fingerprints(bot, pull, review.body))
    first, place = said[0] if said else None, pull_request(pull.ref)
    return replace(
        facts,
        threads=own,
        reported=posted.union(*(thread.fingerprints for thread in own)),
        record=None if first is None else OwnReview(id=first.id, body=first.body),
        resolved=frozenset(() if first is None else MarkerKind.RESOLVED.read(bot.keys, place, first.body)),
    )


def _own_thread(bot: Bot, pull: PullRequest, thread: ReviewThread) -> OwnThread | None:
    """The thread as the App's own, if the App opened it with a marker for this very pull request."""
    if not thread.comments or not thread.comments[0].ours:
        return None
    if not _fingerprints(bot, pull, thread.comments[0].body):
        return None
    ours = [_fingerprints(bot, pull, comment.body) for comment in thread.comments if comment.ours]
    return OwnThread(
        id=thread.id,
        fingerprints=frozenset(fingerprint for some in ours for fingerprint in some),
        path=thread.path,
        line=None if thread.outdated else thread.line,
        comment_id=thread.comments[0].id,
        resolved=thread.resolved,
        resolved_by_us=thread.resolved_by_us,
        resolver_known=thread.resolver_known,
    )


def _fingerprints(bot: Bot, pull: PullRequest, body: str) -> tuple[str, ...]:
    return MarkerKind.FINGERPRINTS.read(bot.keys, pull_request(pull.ref), body)


def _summary(reviewed: Reviewed) -> str:
    comments = sum(len(a.inline) for a in reviewed.actions if isinstance(a, SubmitReview))
    resolved = sum(isinstance(a, ResolveThread) for a in reviewed.actions)
    opened = sum(isinstance(a, UnresolveThread) for a in reviewed.actions)
    again = f", {opened} reopened" if opened else ""
    done = f"{count(comments, 'comment')}, {count(resolved, 'thread')} resolved{again}"
    return f"check {reviewed.check.conclusion}, {done}"
