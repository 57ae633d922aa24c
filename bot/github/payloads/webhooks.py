"""The payload of each event that has a reader, and the event that it becomes.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, Protocol

from msgspec import Meta, field

from bot.domain.events import (
    DeploymentStatusEvent,
    Event,
    InstallationEvent,
    InstallationRepositoriesEvent,
    InstallationTargetEvent,
    IssueCommentEvent,
    IssuesEvent,
    MergeGroupEvent,
    PullRequestEvent,
    RepositoryEvent,
    ReviewCommentEvent,
    StatusEvent,
    SubIssuesEvent,
)
from bot.domain.references import InstallationId, PullRequestRef
from bot.github.payloads.checks import CheckRunPayload, CheckSuitePayload
from bot.github.payloads.parts import (
    Account,
    BranchedRepository,
    Id,
    InRepository,
    ObjectId,
    PayloadPart,
    RepositoryPart,
    Text,
    WithId,
    WithNumber,
)
from bot.github.payloads.pushes import PushPayload


class Readable(Protocol):
    """A payload that becomes an event."""

    def event(self) -> Event: ...


class _Head(PayloadPart):
    sha: ObjectId
    ref: Text | None = None


class _Base(PayloadPart):
    ref: Text


class _PullRequest(WithNumber):
    head: _Head
    base: _Base | None = None
    changed_files: int = 0


class _Before(PayloadPart):
    text: Text = field(name="from")


class _BaseEdit(PayloadPart):
    ref: _Before | None = None


class _Edit(PayloadPart):
    base: _BaseEdit | None = None
    body: Any = None


class PullRequestPayload(InRepository):
    """``pull_request``."""

    action: Text
    pull_request: _PullRequest
    changes: _Edit | None = None
    before: ObjectId | None = None

    def event(self) -> PullRequestEvent:
        return PullRequestEvent(
            action=self.action,
            ref=PullRequestRef(repo=self.repo, number=self.pull_request.number),
            head_sha=self.pull_request.head.sha,
            base_changed=self.changes is not None and self.changes.base is not None,
            body_changed=self.changes is not None and self.changes.body is not None,
            base_ref=self.pull_request.base.ref if self.pull_request.base else None,
            changed_files=self.pull_request.changed_files,
            former_base=_former_base(self.changes),
            before=self.before,
            head_ref=self.pull_request.head.ref,
        )


def _former_base(changes: _Edit | None) -> str | None:
    ref = changes and changes.base and changes.base.ref
    return ref.text if ref else None


class _Issue(WithNumber):
    pull_request: Any = None


class _Comment(PayloadPart):
    id: Id
    created_at: Annotated[datetime, Meta(tz=True)]
    body: Text
    user: Account | None
    performed_via_github_app: WithId | None = None


class _CommentEdit(PayloadPart):
    body: _Before | None = None


class IssueCommentPayload(InRepository):
    """``issue_comment``."""

    action: Text
    issue: _Issue
    comment: _Comment
    sender: Account
    changes: _CommentEdit | None = None

    def event(self) -> IssueCommentEvent:
        app, before = self.comment.performed_via_github_app, self.changes and self.changes.body
        return IssueCommentEvent(
            action=self.action,
            repo=self.repo,
            number=self.issue.number,
            is_pull_request=self.issue.pull_request is not None,
            comment_id=self.comment.id,
            created_at=self.comment.created_at,
            body=self.comment.body,
            author=None if self.comment.user is None else self.comment.user.person(),
            sender=self.sender.person(),
            app_id=app.id if app else None,
            previous_body=before.text if before else None,
        )


class _LineComment(PayloadPart):
    id: Id
    created_at: Annotated[datetime, Meta(tz=True)]
    body: Text
    html_url: Text
    user: Account | None
    in_reply_to_id: Id | None = None


class ReviewCommentPayload(InRepository):
    """``pull_request_review_comment``."""

    action: Text
    pull_request: WithNumber
    comment: _LineComment
    sender: Account

    def event(self) -> ReviewCommentEvent:
        comment = self.comment
        return ReviewCommentEvent(
            action=self.action,
            repo=self.repo,
            number=self.pull_request.number,
            comment_id=comment.id,
            in_reply_to=comment.in_reply_to_id,
            created_at=comment.created_at,
            body=comment.body,
            html_url=comment.html_url,
            author=comment.user.person() if comment.user else None,
            sender=self.sender.person(),
        )


class IssuesPayload(InRepository):
    """``issues``."""

    action: Text
    issue: WithNumber
    sender: Account

    def event(self) -> IssuesEvent:
        return IssuesEvent(action=self.action, repo=self.repo, number=self.issue.number, sender=self.sender.person())


class SubIssuesPayload(InRepository):
    """``sub_issues``."""

    action: Text

    def event(self) -> SubIssuesEvent:
        return SubIssuesEvent(action=self.action, repo=self.repo)


class _Branch(PayloadPart):
    name: Text


class StatusPayload(InRepository):
    """``status``."""

    sha: ObjectId
    context: Text
    branches: tuple[_Branch, ...]
    repository: BranchedRepository

    def event(self) -> StatusEvent:
        return StatusEvent(
            repo=self.repo,
            sha=self.sha,
            context=self.context,
            on_default_branch=self.repository.may_have_as_default({branch.name for branch in self.branches}),
        )


class _Deployment(PayloadPart):
    environment: Text


class DeploymentStatusPayload(InRepository):
    """``deployment_status``."""

    deployment: _Deployment
    action: Text = "created"
    """An older GitHub Enterprise Server does not say it, and there is no other."""

    def event(self) -> DeploymentStatusEvent:
        return DeploymentStatusEvent(action=self.action, repo=self.repo, environment=self.deployment.environment)


class _MergeGroup(PayloadPart):
    head_sha: ObjectId
    base_sha: ObjectId
    head_ref: Text


class MergeGroupPayload(InRepository):
    """``merge_group``."""

    action: Text
    merge_group: _MergeGroup

    def event(self) -> MergeGroupEvent:
        group = self.merge_group
        return MergeGroupEvent(
            action=self.action,
            repo=self.repo,
            head_sha=group.head_sha,
            base_sha=group.base_sha,
            head_ref=group.head_ref,
        )


class _Login(PayloadPart):
    login: Text = ""
    """An enterprise has none."""


class _Installation(WithId):
    account: _Login | None


class InstallationPayload(PayloadPart):
    """``installation``."""

    action: Text
    installation: _Installation

    def event(self) -> InstallationEvent:
        installation = self.installation
        return InstallationEvent(
            action=self.action,
            installation=InstallationId(installation.id),
            account=installation.account.login if installation.account else "",
        )


class InstallationRepositoriesPayload(PayloadPart):
    """``installation_repositories``."""

    action: Text
    installation: WithId
    repositories_added: tuple[RepositoryPart, ...]

    def event(self) -> InstallationRepositoriesEvent:
        return InstallationRepositoriesEvent(
            action=self.action,
            installation=InstallationId(self.installation.id),
            added=tuple(each.ref(self.installation) for each in self.repositories_added),
        )


class InstallationTargetPayload(PayloadPart):
    """``installation_target``."""

    action: Text
    installation: WithId

    def event(self) -> InstallationTargetEvent:
        return InstallationTargetEvent(action=self.action, installation=InstallationId(self.installation.id))


class _RepositoryEdit(PayloadPart):
    default_branch: Any = None


class RepositoryPayload(InRepository):
    """``repository``."""

    action: Text
    changes: _RepositoryEdit | None = None

    def event(self) -> RepositoryEvent:
        changed = self.changes is not None and self.changes.default_branch is not None
        return RepositoryEvent(action=self.action, repo=self.repo, default_branch_changed=changed)


PAYLOADS: Mapping[str, type[Readable]] = MappingProxyType(
    {
        "check_run": CheckRunPayload,
        "check_suite": CheckSuitePayload,
        "deployment_status": DeploymentStatusPayload,
        "installation": InstallationPayload,
        "installation_repositories": InstallationRepositoriesPayload,
        "installation_target": InstallationTargetPayload,
        "issue_comment": IssueCommentPayload,
        "issues": IssuesPayload,
        "merge_group": MergeGroupPayload,
        "pull_request": PullRequestPayload,
        "pull_request_review_comment": ReviewCommentPayload,
        "push": PushPayload,
        "repository": RepositoryPayload,
        "status": StatusPayload,
        "sub_issues": SubIssuesPayload,
    }
)
"""By the name in ``X-GitHub-Event``."""
