"""The things that the sandbox GitHub knows, as mutable records.  They hold state and no behaviour of the API."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.sandbox.gitrepo import GitRepo
from bot.sandbox.people import App, Role, User

if TYPE_CHECKING:
    from bot.sandbox.rules import Ruleset


@dataclass(eq=False, slots=True, kw_only=True)
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(eq=False, slots=True, kw_only=True)
class Reaction:
    id: int
    user: User
    content: str
    created_at: datetime


@dataclass(eq=False, slots=True, kw_only=True)
class Comment:
    """A comment of an issue's or pull request's conversation."""

    id: int
    issue: "Issue"
    author: User
    body: str
    via_app: App | None
    created_at: datetime
    updated_at: datetime
    reactions: list[Reaction] = field(default_factory=list)
    minimized: str | None = None
    deleted: bool = False


@dataclass(eq=False, slots=True, kw_only=True)
class Issue:
    """An issue, or the conversation half of a pull request."""

    id: int
    repo: "Repository"
    number: int
    title: str
    body: str | None
    author: User
    via_app: App | None
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: User | None = None
    locked: bool = False
    lock_reason: str | None = None
    edited_at: datetime | None = None
    edits: list["IssueEdit"] = field(default_factory=list)
    """Versions of the body, oldest first; none before the first edit."""
    labels: list[Label] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    pull: "PullRequest | None" = None
    parent: "Issue | None" = None
    sub_issues: list["Issue"] = field(default_factory=list)
    """Also those of other repositories."""
    gone: int | None = None
    """301 or 404 (transferred) or 410 (deleted): what the API answers for it."""
    moved_to: "Issue | None" = None
    """What it became in another repository, where the API tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueEdit:
    editor: User
    at: datetime
    body: str


@dataclass(eq=False, slots=True, kw_only=True)
class PullRequest:
    id: int
    issue: Issue
    base_ref: str
    base_sha: str
    head_repo: "Repository | None"
    head_owner: User
    head_ref: str
    head_sha: str
    draft: bool
    maintainer_can_modify: bool
    merged_at: datetime | None = None
    merged_by: User | None = None
    merge_commit_sha: str | None = None
    reviews: list["Review"] = field(default_factory=list)
    threads: list["ReviewThread"] = field(default_factory=list)
    queued: bool = False
    """In the merge queue; a push to its head takes it out."""
    forced: list["ForcePush"] = field(default_factory=list)
    past_heads: list[str] = field(default_factory=list)
    """Every head that the pull request ever had: a review may name any of their commits."""

    @property
    def repo(self) -> "Repository":
        return self.issue.repo

    @property
    def number(self) -> int:
        return self.issue.number

    @property
    def review_comments(self) -> list["ReviewComment"]:
        return sorted((c for thread in self.threads for c in thread.comments), key=lambda c: c.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcePush:
    """A push to a pull request's branch that took commits away."""

    at: datetime
    before: str
    after: str


@dataclass(eq=False, slots=True, kw_only=True)
class Review:
    id: int
    pull: PullRequest
    author: User
    body: str
    state: str
    """APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED or PENDING."""
    commit_id: str
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Where a review thread is attached.  ``line`` is ``None`` for a comment on the whole file."""

    line: int | None
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None
    position: int | None = None


@dataclass(eq=False, slots=True, kw_only=True)
class ReviewThread:
    id: int
    pull: PullRequest
    path: str
    original: Anchor
    original_commit: str
    diff_hunk: str
    current: Anchor | None
    """Where it stands on the present head; ``None``: outdated."""
    commit: str
    comments: list["ReviewComment"] = field(default_factory=list)
    resolved_by: User | None = None


@dataclass(eq=False, slots=True, kw_only=True)
class ReviewComment:
    id: int
    thread: ReviewThread
    review: Review | None
    author: User
    body: str
    in_reply_to: int | None
    created_at: datetime
    updated_at: datetime
    reactions: list[Reaction] = field(default_factory=list)
    minimized: str | None = None


@dataclass(eq=False, slots=True, kw_only=True)
class CheckSuite:
    id: int
    repo: "Repository"
    app: App
    head_sha: str
    head_branch: str | None
    created_at: datetime
    updated_at: datetime
    workflow: str | None = None
    """Of GitHub Actions: each run of a workflow is a suite."""
    before: str | None = None
    reset: bool = False
    """Somebody asked for all checks again, and none was started since."""


@dataclass(eq=False, slots=True, kw_only=True)
class CheckRun:
    id: int
    suite: CheckSuite
    name: str
    head_sha: str
    status: str
    conclusion: str | None
    external_id: str
    details_url: str | None
    started_at: datetime
    completed_at: datetime | None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, str]] = field(default_factory=list)

    @property
    def repo(self) -> "Repository":
        return self.suite.repo


@dataclass(eq=False, slots=True, kw_only=True)
class CommitStatus:
    id: int
    repo: "Repository"
    sha: str
    context: str
    state: str
    """error, failure, pending or success."""
    creator: User
    target_url: str | None
    created_at: datetime


@dataclass(eq=False, slots=True, kw_only=True)
class DeploymentStatus:
    id: int
    state: str
    creator: User
    target_url: str
    created_at: datetime


@dataclass(eq=False, slots=True, kw_only=True)
class Deployment:
    id: int
    repo: "Repository"
    sha: str
    environment: str
    creator: User
    created_at: datetime
    statuses: list[DeploymentStatus] = field(default_factory=list)
    """Oldest first."""

    @property
    def state(self) -> str | None:
        return self.statuses[-1].state if self.statuses else None


@dataclass(eq=False, slots=True, kw_only=True)
class Repository:
    id: int
    owner: User
    name: str
    private: bool
    default_branch: str
    git: GitRepo
    created_at: datetime
    pushed_at: datetime
    parent: "Repository | None" = None
    archived: bool = False
    deleted: bool = False
    roles: dict[int, Role] = field(default_factory=dict)
    """Id of the account → the role given in this repository."""
    labels: dict[str, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    suites: list[CheckSuite] = field(default_factory=list)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    statuses: list[CommitStatus] = field(default_factory=list)
    """Oldest first, as the deployments."""
    deployments: list[Deployment] = field(default_factory=list)
    verified: set[str] = field(default_factory=set)
    """Commits that GitHub signed itself."""
    drafts: bool = True
    """A private repository of a free account has none."""
    protected: set[str] = field(default_factory=set)
    """Branches that are changed by merging pull requests only."""
    required: dict[str, list[str]] = field(default_factory=dict)
    """The checks that a ruleset requires, by branch."""
    pinned: dict[str, int] = field(default_factory=dict)
    """The App that alone can satisfy a required check, by the check's name."""
    rulesets: list["Ruleset"] = field(default_factory=list)
    """What they ask of pushes (:mod:`bot.sandbox.rules`)."""
    queues: dict[str, str] = field(default_factory=dict)
    """The grouping strategy of a branch's merge queue: ``ALLGREEN`` or ``HEADGREEN``."""
    dismissing: set[str] = field(default_factory=set)
    """Branches whose ruleset takes approving reviews back on a push."""
    former_branches: dict[str, str] = field(default_factory=dict)
    """Former name of a branch → its present one; over once there is a branch of the former name again."""

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    @property
    def node_id(self) -> str:
        return f"R_{self.id}"

    @property
    def pulls(self) -> Iterator[PullRequest]:
        return (issue.pull for issue in self.issues.values() if issue.pull is not None)

    def role_of(self, user: User) -> Role:
        """The effective role; everyone may read a public repository.  A suspended user has none."""
        if user.suspended:
            return Role.NONE
        if user is self.owner:
            return Role.ADMIN
        least = Role.NONE if self.private else Role.READ
        given = self.roles.get(user.id, user.role or Role.NONE)
        return max(least, given, key=lambda role: role.level)
