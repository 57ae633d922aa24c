"""Writes to GitHub: an effect in, its result out.  A dry run has the same interface and sends nothing.

Workflows do not know which of the two they use: they continue with the result.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import assert_never, overload

from bot.domain.effects import (
    Change,
    CheckRun,
    ClosePullRequest,
    Commit,
    EditIssue,
    EditPullRequest,
    EditReview,
    Effect,
    FileCommit,
    MoveBranch,
    NewComment,
    NewIssue,
    NewPullRequest,
    NewReaction,
    Numbered,
    Redeliver,
    ResolveThread,
    Review,
    SetDraft,
    ThreadReply,
    TreeCommit,
    UnresolveThread,
)
from bot.domain.references import PullRequestRef, Sha
from bot.github.client import GitHub
from bot.github.operations import Permissions
from bot.github.perform.checks import create_check_run
from bot.github.perform.commits import commit_files, commit_tree, move_branch
from bot.github.perform.conversations import IssueEdited, comment, edit_issue, open_issue, react
from bot.github.perform.deliveries import redeliver
from bot.github.perform.pulls import close_pull_request, edit_pull_request, open_pull_request, set_draft
from bot.github.perform.reviews import (
    Submitted,
    edit_review,
    reply_in_thread,
    resolve_thread,
    submit_review,
    unresolve_thread,
)

Result = Sha | int | PullRequestRef | Submitted | IssueEdited | None


class BasePerformer(ABC):
    """Performs effects.  Errors: see ``bot.github.perform``."""

    def working_for(self, _purpose: Permissions) -> "BasePerformer":
        """As :meth:`bot.github.client.GitHub.working_for`."""
        return self

    @overload
    async def perform(self, effect: Commit) -> Sha: ...
    @overload
    async def perform(self, effect: Numbered) -> int: ...
    @overload
    async def perform(self, effect: NewPullRequest) -> PullRequestRef: ...
    @overload
    async def perform(self, effect: Review) -> Submitted: ...
    @overload
    async def perform(self, effect: EditIssue) -> IssueEdited: ...
    @overload
    async def perform(self, effect: Change) -> None: ...

    async def perform(self, effect: Effect) -> Result:
        """Do it, once.  A commit results in its id, a check run, a comment and an
        issue in the number that GitHub gives them."""
        match effect:
            case FileCommit() | TreeCommit():
                return await self._commit(effect)
            case CheckRun() | NewComment() | NewIssue():
                return await self._create(effect)
            case NewPullRequest():
                return await self._open(effect)
            case Review():
                return await self._submit(effect)
            case EditIssue():
                return await self._edit(effect)
            case _:
                await self._change(effect)
                return None

    @abstractmethod
    async def _commit(self, commit: Commit) -> Sha: ...

    @abstractmethod
    async def _create(self, new: Numbered) -> int: ...

    @abstractmethod
    async def _open(self, new: NewPullRequest) -> PullRequestRef: ...

    @abstractmethod
    async def _submit(self, review: Review) -> Submitted: ...

    @abstractmethod
    async def _edit(self, edit: EditIssue) -> IssueEdited: ...

    @abstractmethod
    async def _change(self, change: Change) -> None: ...


class Performer(BasePerformer):
    """Sends each effect to GitHub."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def working_for(self, purpose: Permissions) -> BasePerformer:
        return Performer(self._github.working_for(purpose))

    async def _commit(self, commit: Commit) -> Sha:
        match commit:
            case FileCommit():
                return await commit_files(self._github, commit)
            case TreeCommit():
                return await commit_tree(self._github, commit)
            case _:
                assert_never(commit)

    async def _create(self, new: Numbered) -> int:
        match new:
            case CheckRun():
                return await create_check_run(self._github, new)
            case NewComment():
                return await comment(self._github, new)
            case NewIssue():
                return await open_issue(self._github, new)
            case _:
                assert_never(new)

    async def _open(self, new: NewPullRequest) -> PullRequestRef:
        return await open_pull_request(self._github, new)

    async def _submit(self, review: Review) -> Submitted:
        return await submit_review(self._github, review)

    async def _edit(self, edit: EditIssue) -> IssueEdited:
        return await edit_issue(self._github, edit)

    async def _change(self, change: Change) -> None:
        match change:
            case MoveBranch():
                await move_branch(self._github, change)
            case EditPullRequest():
                await edit_pull_request(self._github, change)
            case EditReview():
                await edit_review(self._github, change)
            case ClosePullRequest():
                await close_pull_request(self._github, change)
            case SetDraft():
                await set_draft(self._github, change)
            case ResolveThread():
                await resolve_thread(self._github, change)
            case UnresolveThread():
                await unresolve_thread(self._github, change)
            case ThreadReply():
                await reply_in_thread(self._github, change)
            case NewReaction():
                await react(self._github, change)
            case Redeliver():
                await redeliver(self._github, change)
            case _:
                assert_never(change)


class DryRunPerformer(BasePerformer):
    """Reports each effect instead of sending it; it has no access to GitHub.

    The results are those of a GitHub that accepts everything.  Numbers and ids are 0, a commit's id is all zeros.
    """

    def __init__(self, tell: Callable[[Effect], None]) -> None:
        self._tell = tell

    async def _commit(self, commit: Commit) -> Sha:
        self._tell(commit)
        return Sha("0" * len(commit.expected_head if isinstance(commit, FileCommit) else commit.parent))

    async def _create(self, new: Numbered) -> int:
        self._tell(new)
        return 0

    async def _open(self, new: NewPullRequest) -> PullRequestRef:
        self._tell(new)
        return PullRequestRef(repo=new.repo, number=0)

    async def _submit(self, review: Review) -> Submitted:
        self._tell(review)
        return Submitted(review_id=0)

    async def _edit(self, edit: EditIssue) -> IssueEdited:
        self._tell(edit)
        return IssueEdited(body=edit.body)

    async def _change(self, change: Change) -> None:
        self._tell(change)
