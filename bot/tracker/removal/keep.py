"""Keeps an open removal true: a draft while something uses what it removes, rebuilt when what it changes has moved."""

import hashlib

import structlog

from bot.context import Bot
from bot.domain.effects import EditPullRequest, NewComment, SetDraft
from bot.domain.migration import Migration
from bot.domain.references import PullRequest, Sha, Task
from bot.domain.tracked import NotKnown, Origin, TrackedFacts, usages_of
from bot.engine.program.standing import PASSED_ON, StandingUse
from bot.engine.removed import Removal
from bot.github import reads
from bot.github.errors import MissingPermission, Refused
from bot.identity.branches import of_removal
from bot.identity.kinds import MarkerKind
from bot.identity.places import conversation
from bot.inventory.commit_sources import CommitSources
from bot.repository import DefaultBranch
from bot.review.siblings import REVIEW
from bot.tracker.removal import render as words
from bot.tracker.removal.open import body_of, commit_of, planned_removal, sources_at_head

log = structlog.get_logger(__name__)

FREE = "free"


async def keep_removal(bot: Bot, at: DefaultBranch, migration: Migration, issue: int, facts: TrackedFacts) -> bool:
    """Bring the open removal up to date with the default branch.  Whether there is one."""
    found = await reads.open_pull_requests(bot.github, at.repo, head=of_removal(migration.name))
    if not found:
        return False
    pull = await reads.pull_request(bot.github, found[0])
    us = await reads.ourselves(bot.github, at.repo)
    if pull.author_id == us.bot_id and pull.base_ref == at.branch and not isinstance(facts.definitions, NotKnown):
        await _keep(bot, at, migration, issue, facts, pull)
    return True


async def _keep(
    bot: Bot, at: DefaultBranch, migration: Migration, issue: int, facts: TrackedFacts, pull: PullRequest
) -> None:
    sources = await sources_at_head(bot, at)
    kept = _used(migration, facts) or await planned_removal(bot, at, migration, facts, sources)
    if isinstance(kept, Removal):
        head = await _rebuilt(bot, at, migration, issue, facts, pull, kept, sources)
        await _free(bot, migration, pull, at.head)
    else:
        head = pull.head_sha
        await _hold(bot, at, migration, facts, pull, kept)
    again = f"{pull.ref.repo.id}#{pull.ref.number}@{head} {at.head}"
    await bot.send(Task(event=REVIEW, id=again, repo=at.repo, subject=pull.ref.number))


def _used(migration: Migration, facts: TrackedFacts) -> StandingUse | None:
    """The first usage that a removal does not take with it."""
    used = next((usage for usage in usages_of(facts, migration.name) if usage.kind not in PASSED_ON), None)
    if used is None:
        return None
    return StandingUse(path=used.path, reason=f"`{used.path}:{used.range.line}` uses `{used.symbol}`")


# --- it is up to date ------------------------------------------------------------------------------------------------


async def _rebuilt(
    bot: Bot, at: DefaultBranch, migration: Migration, issue: int, facts: TrackedFacts, pull: PullRequest,
    planned: Removal, sources: CommitSources,
) -> Sha:  # fmt: skip
    """The head that says what would be proposed now; a branch with a person's commits stays as it is.

    What moved elsewhere on the default branch changes nothing of it: reviews and checks keep their worth.
    """
    if isinstance(facts.definitions, NotKnown) or await _proposes(bot, pull, planned):
        return pull.head_sha
    ahead = await reads.commits_ahead(bot.github, at.repo, at.head, pull.head_sha)
    if ahead is None or not all(commit.ours for commit in ahead):
        log.info("removal_left", repository=at.repo.full_name, pull=pull.ref.number)
        return pull.head_sha
    defined = facts.definitions
    commit = commit_of(at, migration, issue, defined, planned, sources, before=pull.head_sha)
    head = await bot.performer.perform(commit)
    text = (await reads.issue(bot.github, at.repo, pull.ref.number)).body
    told = words.reworded(text, await body_of(bot, at, migration, issue, defined, planned, sources))
    await bot.performer.perform(EditPullRequest(pull=pull.ref, title=words.title(defined), body=told))
    return head


async def _proposes(bot: Bot, pull: PullRequest, planned: Removal) -> bool:
    """Whether the pull request makes these files, and changes no other."""
    changed = {file.path for file in await reads.changed_files(bot.github, pull)}
    if changed != planned.files.keys():
        return False
    there = await reads.files_at(bot.github, pull.ref.repo, planned.files, pull.head_sha)
    return all(there[path] == content for path, content in planned.files.items())


async def _free(bot: Bot, migration: Migration, pull: PullRequest, commit: Sha) -> None:
    """Ready again, if it was the bot that made it a draft."""
    if await _last_state(bot, migration, pull) in (None, FREE):
        return
    if not migration.pull_requests.draft:
        await _set_draft(bot, pull, draft=False)
    await _say(bot, migration, pull, FREE, words.free(commit))


# --- something uses it -----------------------------------------------------------------------------------------------


async def _hold(
    bot: Bot, at: DefaultBranch, migration: Migration, facts: TrackedFacts, pull: PullRequest, used: StandingUse
) -> None:
    """A draft, with a comment that names the usage and who added it: one for each file that uses it."""
    refused = None if pull.draft else await _set_draft(bot, pull, draft=True)
    state = hashlib.blake2b((used.path or used.reason).encode(), digest_size=8).hexdigest()
    if await _last_state(bot, migration, pull) == state:
        return
    origin = await _origin(bot, at, facts, used)
    await _say(bot, migration, pull, state, words.held(used.reason, origin, refused))


async def _origin(bot: Bot, at: DefaultBranch, facts: TrackedFacts, used: StandingUse) -> Origin | None:
    if not used.path:
        return None
    return facts.origins.get(used.path) or await reads.last_change(bot.github, at.repo, used.path, at.head)


async def _set_draft(bot: Bot, pull: PullRequest, *, draft: bool) -> str | None:
    """Why GitHub did not do it: a repository of a free account has no drafts."""
    try:
        await bot.performer.perform(SetDraft(pull=pull.ref, node_id=pull.node_id, draft=draft))
    except (Refused, MissingPermission) as refusal:
        log.warning("draft_refused", repository=pull.ref.repo.full_name, pull=pull.ref.number, reason=str(refusal))
        return str(refusal)
    return None


# --- what was said ---------------------------------------------------------------------------------------------------


async def _last_state(bot: Bot, migration: Migration, pull: PullRequest) -> str | None:
    place = conversation(pull.ref.repo, pull.ref.number)
    comments = await reads.issue_comments(bot.github, pull.ref.repo, pull.ref.number)
    told = [MarkerKind.REMOVAL_STATE.read(bot.keys, place, comment.body) for comment in comments if comment.ours]
    states = [state[1] for state in told if len(state) == 2 and state[0] == migration.name]
    return states[-1] if states else None


async def _say(bot: Bot, migration: Migration, pull: PullRequest, state: str, text: str) -> None:
    repo, number = pull.ref.repo, pull.ref.number
    marker = MarkerKind.REMOVAL_STATE.write(bot.keys, conversation(repo, number), (migration.name, state))
    try:
        await bot.performer.perform(NewComment(repo=repo, number=number, body=f"{text}\n\n{marker}"))
    except Refused as refusal:
        log.warning("comment_refused", repository=repo.full_name, pull=number, reason=refusal.message)
