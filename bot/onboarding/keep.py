"""Keeps the open onboarding pull request true: its commit as long as nobody else has pushed, and its text.

It ends when it is merged or closed, or when the default branch gets a configuration in another way.
"""

from bot.config import FILE, Valid
from bot.context import Bot
from bot.domain.effects import ClosePullRequest, EditPullRequest, MoveBranch, NewIssue
from bot.domain.errors import RetryLater
from bot.domain.references import PullRequest, PullRequestRef, RepoRef, Sha
from bot.github import reads
from bot.github.errors import HeadMoved, MissingPermission, Refused, closed_reason
from bot.github.purposes import MIGRATION
from bot.identity import branches
from bot.identity.kinds import MarkerKind
from bot.identity.onboarding import (
    OnboardingMark,
    asks_for_issue,
    is_tracking_issue,
    onboarding_mark_of,
    onboarding_reworded,
)
from bot.inventory.first import ask_for_survey
from bot.inventory.foreseen import NotForeseen
from bot.jobs import Done, Ignored, Lease, Outcome, require_held
from bot.migrate.saying import say_once
from bot.onboarding import record
from bot.onboarding import render as words
from bot.onboarding.open import NOT_LISTED, SOON, commit_of, refused
from bot.onboarding.plan import reason_against, says_the_same
from bot.onboarding.propose import previewed, propose
from bot.onboarding.wake import is_covered
from bot.repository import DefaultBranch, at_head, state_at


async def keep(bot: Bot, repo: RepoRef, number: int, lease: Lease) -> Outcome:
    """Bring the onboarding pull request ``number`` up to date, or end it."""
    if not await is_covered(bot, repo):
        return NOT_LISTED
    bot = bot.working_for(MIGRATION)
    pull = await reads.pull_request(bot.github, PullRequestRef(repo=repo, number=number))
    us = await reads.ourselves(bot.github, repo)
    if pull.author_id != us.bot_id or pull.from_fork:
        return Ignored(reason="the pull request is not the bot's own")
    if pull.state != "open":
        await record.forget(bot.storage, repo)
        if pull.merged:
            await ask_for_survey(bot, repo, lease.job)
        return Done(summary="it is merged" if pull.merged else "it is closed, and stays so")
    repository = await reads.repository(bot.github, repo)
    if (reason := reason_against(repository)) is not None:
        return Ignored(reason=reason)
    at = await at_head(bot, repository)
    try:
        return await _kept(bot, at, pull, lease)
    except HeadMoved as moved:
        raise RetryLater(at=bot.github.clock.now() + SOON, reason=str(moved)) from moved
    except (Refused, MissingPermission) as refusal:
        if isinstance(refusal, Refused) and closed_reason(refusal):
            raise
        return await refused(bot, at, refusal, number=number)


async def _kept(bot: Bot, at: DefaultBranch, pull: PullRequest, lease: Lease) -> Outcome:
    ahead = await reads.commits_ahead(bot.github, at.repo, at.head, pull.head_sha)
    if ahead == ():
        return Ignored(reason="the default branch has its commits already")
    ours = ahead is not None and all(commit.ours for commit in ahead)
    if not at.unrelated:
        return await _closed(bot, at, pull, lease, ours=ours)
    if pull.base_ref != at.branch:
        return Ignored(reason=f"it is for {pull.base_ref}, not for the default branch")
    text = (await reads.issue(bot.github, at.repo, pull.ref.number)).body
    mark = onboarding_mark_of(bot.keys, at.repo.id, text)
    if mark is None:
        return Ignored(reason="somebody has removed the bot's part of its text")
    asked = mark.issue is None and asks_for_issue(bot.keys, at.repo.id, text)
    if (mark.base, mark.head) == (at.head, pull.head_sha) and not asked:
        await record.note(bot.storage, at.repository, number=pull.ref.number)
        return Ignored(reason="it is up to date")
    issue = await _issue(bot, at, pull, lease) if asked else mark.issue
    head = await _rebuilt(bot, at, pull, issue, lease) if ours else pull.head_sha
    preview = await previewed(bot, at, head)
    now = OnboardingMark(base=None if preview.reason else at.head, head=head, issue=issue)
    body = onboarding_reworded(text, words.body(preview, now, at.repository, bot.keys, edited=not ours))
    if body is not None and body != text:
        require_held(lease, bot.github.clock.now())
        await bot.performer.perform(EditPullRequest(pull=pull.ref, body=body))
    await record.note(bot.storage, at.repository, number=pull.ref.number)
    return Done(summary="brought up to date")


# --- the branch ------------------------------------------------------------------------------------------------------


async def _rebuilt(bot: Bot, at: DefaultBranch, pull: PullRequest, issue: int | None, lease: Lease) -> Sha:
    """The head, with what would be proposed now: a configuration that says the same stays as it is.

    Where nothing would be proposed any more, or that is not known, the proposal stays too.
    """
    try:
        proposal = await propose(bot, at, issue=issue)
    except NotForeseen:
        return pull.head_sha
    if proposal is None:
        return pull.head_sha
    there = await state_at(bot, at.repo, pull.head_sha)
    if isinstance(there, Valid) and says_the_same(there.config, proposal.config):
        return pull.head_sha
    require_held(lease, bot.github.clock.now())
    commit = commit_of(at, proposal, before=pull.head_sha, parent=at.head, branch=pull.head_ref)
    return await bot.performer.perform(commit)


# --- the tracking issue ----------------------------------------------------------------------------------------------


async def _issue(bot: Bot, at: DefaultBranch, pull: PullRequest, lease: Lease) -> int:
    """The tracking issue that somebody asked for; one that was opened before is found again."""
    for issue in await reads.own_issues(bot.github, at.repo):
        if is_tracking_issue(bot.keys, at.repo.id, issue.body):
            return issue.number
    require_held(lease, bot.github.clock.now())
    body = words.issue_body(pull.ref.number, at.repo.id, bot.keys)
    return await bot.performer.perform(NewIssue(repo=at.repo, title=words.ISSUE_TITLE, body=body))


# --- the end ---------------------------------------------------------------------------------------------------------


async def _closed(bot: Bot, at: DefaultBranch, pull: PullRequest, lease: Lease, *, ours: bool) -> Outcome:
    """The configuration came in another way.  A branch with a person's commits stays."""
    require_held(lease, bot.github.clock.now())
    text = words.closing(at.branch, at.repo, pull.ref.number, bot.keys)
    await say_once(bot, at.repo, pull.ref.number, MarkerKind.ONBOARDING_CLOSED, ("1",), text)
    await bot.performer.perform(ClosePullRequest(pull=pull.ref))
    await record.forget(bot.storage, at.repo)
    if ours and pull.head_ref == branches.ONBOARDING:
        gone = MoveBranch(repo=at.repo, branch=pull.head_ref, before=pull.head_sha, after=None)
        await bot.performer.perform(gone)
    return Done(summary=f"closed: {at.branch} has {FILE} by now")
