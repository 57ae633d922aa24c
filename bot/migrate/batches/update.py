"""Opens, updates and closes migration pull requests: each step reads before it writes.

A crash between any two steps leaves nothing twice: a pull request is found by its branch, a branch moves only from
where it was seen, a comment carries a signed marker.
"""

from datetime import timedelta
from typing import assert_never

from bot.context import Bot
from bot.domain.effects import (
    ClosePullRequest,
    EditPullRequest,
    MoveBranch,
    NewPullRequest,
    TreeCommit,
    TreeFile,
)
from bot.domain.errors import RetryLater
from bot.domain.migration import Migration
from bot.domain.references import PullRequestRef, Sha
from bot.github import reads
from bot.github.errors import AlreadyExists, HeadMoved, MissingPermission, NotFound, Refused, closed_reason
from bot.identity import branches
from bot.identity.kinds import MarkerKind
from bot.identity.pull_requests import reworded
from bot.jobs import Lease, require_held
from bot.migrate.batches import render_pull as words
from bot.migrate.batches.models import (
    BatchAction,
    BatchPlan,
    Carried,
    CloseBatch,
    LeaveBatch,
    OpenBatch,
    OpenPull,
    PullRequestBatch,
    RefusedAction,
    UpdateBatch,
)
from bot.migrate.saying import reason_of, say_once
from bot.repository import DefaultBranch

_SOON = timedelta(seconds=2)
_NAMES = 9
"""Branches that are tried for one batch: a branch with commits by others is not touched."""


async def carry_out(
    bot: Bot, at: DefaultBranch, migration: Migration, plan: BatchPlan, lease: Lease, *, asked_by: int
) -> Carried:
    """Everything that was decided, in its order; what GitHub refuses keeps nothing else from being done.

    Raises ``RetryLater`` when somebody else moved the branch: then everything is read again.
    """
    numbers: dict[str, int] = {}
    refused: list[RefusedAction] = []
    for action in plan.actions:
        require_held(lease, bot.github.clock.now())
        try:
            if (number := await _act(bot, at, migration, action, asked_by)) is not None:
                numbers[action.branch] = number
        except HeadMoved as moved:
            raise RetryLater(at=bot.github.clock.now() + _SOON, reason=str(moved)) from moved
        except (Refused, MissingPermission) as refusal:
            if isinstance(refusal, Refused) and closed_reason(refusal):
                raise
            refused.append(RefusedAction(action=action, reason=reason_of(refusal)))
    return Carried(numbers=numbers, refused=tuple(refused))


async def _act(bot: Bot, at: DefaultBranch, migration: Migration, action: BatchAction, asked_by: int) -> int | None:
    """Returns the number of what was opened."""
    match action:
        case OpenBatch(batch=batch):
            return await _open(bot, at, migration, batch, asked_by)
        case UpdateBatch():
            await _update(bot, at, migration, action)
        case CloseBatch(pull=pull):
            await _close(bot, at, pull)
        case LeaveBatch(pull=pull):
            text = words.leaving(at.repository, pull, bot.keys)
            await say_once(bot, at.repo, pull.number, MarkerKind.BATCH_LEFT, ("1",), text)
        case _:
            assert_never(action)
    return None


# --- one pull request ------------------------------------------------------------------------------------------------


async def _open(bot: Bot, at: DefaultBranch, migration: Migration, batch: PullRequestBatch, asked_by: int) -> int:
    """Write a commit that nobody sees, the branch that shows it, and the pull request; returns its number."""
    branch, before = await _free_branch(bot, at, batch)
    if (number := await _number(bot, at, branch)) is not None:
        return number
    await bot.performer.perform(_commit(at, migration, batch, branch, before))
    try:
        opened = await bot.performer.perform(_words(bot, at, migration, batch, branch, asked_by))
    except AlreadyExists:
        if (number := await _number(bot, at, branch)) is None:
            raise
        return number
    return opened.number


def _commit(
    at: DefaultBranch, migration: Migration, batch: PullRequestBatch, branch: str, before: Sha | None
) -> TreeCommit:
    return TreeCommit(
        repo=at.repo,
        branch=branch,
        before=before,
        parent=at.head,
        message=words.commit_message(batch, migration),
        files=tuple(TreeFile(path=file.path, content=file.content, mode=file.mode) for file in batch.files),
    )


def _words(
    bot: Bot, at: DefaultBranch, migration: Migration, batch: PullRequestBatch, branch: str, asked_by: int
) -> NewPullRequest:
    return NewPullRequest(
        repo=at.repo,
        title=words.title(batch),
        head=branch,
        base=at.repository.default_branch,
        body=words.body(batch, migration, at.repository, bot.keys, branch=branch, asked_by=asked_by),
        draft=migration.pull_requests.draft,
    )


async def _number(bot: Bot, at: DefaultBranch, branch: str) -> int | None:
    """The open pull request of a branch."""
    found = await reads.open_pull_requests(bot.github, at.repo, head=branch)
    return found[0].number if found else None


async def _free_branch(bot: Bot, at: DefaultBranch, batch: PullRequestBatch) -> tuple[str, Sha | None]:
    """The branch to use, and where it is now: the batch's own, unless that one has commits by others."""
    for name in (batch.branch, *(branches.alternative(batch.branch, n) for n in range(2, _NAMES + 1))):
        try:
            tip = await reads.branch_head(bot.github, at.repo, name)
        except NotFound:
            return name, None
        commits = await reads.commits_ahead(bot.github, at.repo, at.head, tip)
        if commits is not None and all(commit.ours for commit in commits):
            return name, tip
    raise Refused(409, f"all branches {batch.branch}… have commits by others; delete one that is not needed")


async def _update(bot: Bot, at: DefaultBranch, migration: Migration, action: UpdateBatch) -> None:
    """Rebuild the commit on the current base, then the text; after a crash in between the next run writes the text."""
    pull, batch = action.pull, action.batch
    if action.commit:
        await bot.performer.perform(_commit(at, migration, batch, pull.branch, pull.head_sha))
    block = words.body(batch, migration, at.repository, bot.keys, branch=pull.branch, asked_by=pull.asked_by)
    body = reworded(pull.body, block)
    if body is not None and body != pull.body:
        await bot.performer.perform(EditPullRequest(pull=_ref(at, pull), body=body))


async def _close(bot: Bot, at: DefaultBranch, pull: OpenPull) -> None:
    text = words.closing(at.repository, pull, bot.keys)
    await say_once(bot, at.repo, pull.number, MarkerKind.BATCH_CLOSED, ("1",), text)
    await bot.performer.perform(ClosePullRequest(pull=_ref(at, pull)))
    gone = MoveBranch(repo=at.repo, branch=pull.branch, before=pull.head_sha, after=None)
    await bot.performer.perform(gone)


def _ref(at: DefaultBranch, pull: OpenPull) -> PullRequestRef:
    return PullRequestRef(repo=at.repo, number=pull.number)
