"""Writes to GitHub, as values: complete, rendered, ready to be sent.

Standard library only.  ``bot.review.models`` holds decisions (findings, no texts); these hold what
``bot.github.performer`` sends, and where to.  What is created is named by a noun, what is changed by a verb.  What
GitHub would always reject raises ``ValueError`` here: it is a defect of the caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.reactions import Reaction
from bot.domain.references import DeliveryId, PullRequestRef, RepoRef, Sha

MAX_BODY = 65_536
"""Characters of a comment's, review's or issue's body."""
MAX_TITLE = 256
"""Characters of an issue's title."""
MAX_CHECK_TEXT = 65_535
"""Characters of a check run's summary and text."""


def _within(what: str, text: str | None, limit: int) -> None:
    if text is not None and len(text) > limit:
        raise ValueError(f"{what} has {len(text)} characters; the limit is {limit}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewComment:
    """An inline comment on lines ``start_line`` (default: only ``line``) to ``line`` of one side of the diff."""

    path: str
    line: int
    body: str
    side: str = "RIGHT"
    start_line: int | None = None
    on_file: str | None = None
    """What it says where only the whole file takes it, without a suggestion; ``None``: the same."""

    def __post_init__(self) -> None:
        _within("a review comment", self.body, MAX_BODY)
        _within("a review comment", self.on_file, MAX_BODY)
        if self.start_line is not None and self.start_line >= self.line:
            raise ValueError("a comment's start_line must come before its line")


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One review, always of the kind COMMENT: the check run is what blocks."""

    pull: PullRequestRef
    head_sha: Sha
    body: str
    comments: tuple[ReviewComment, ...] = ()

    def __post_init__(self) -> None:
        _within("a review", self.body, MAX_BODY)
        if not self.body and not self.comments:
            raise ValueError("a review needs a body or comments")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditReview:
    """Replace the body of a submitted review of the App; it cannot be empty."""

    pull: PullRequestRef
    review_id: int
    body: str

    def __post_init__(self) -> None:
        _within("a review", self.body, MAX_BODY)
        if not self.body:
            raise ValueError("a review's new body cannot be empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadReply:
    """A further comment in a review thread, whose first comment is ``comment_id``."""

    pull: PullRequestRef
    comment_id: int
    body: str

    def __post_init__(self) -> None:
        _within("a reply", self.body, MAX_BODY)


class Level(StrEnum):
    """How an annotation is shown."""

    NOTICE = "notice"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A remark of a check run on lines of the head commit.  Columns only where it is one line."""

    path: str
    start_line: int
    end_line: int
    level: Level
    message: str
    title: str | None = None
    start_column: int | None = None
    end_column: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAction:
    """A button of a check run: https://docs.github.com/en/rest/checks/runs#create-a-check-run."""

    label: str
    description: str
    identifier: str

    def __post_init__(self) -> None:
        _within("an action's label", self.label, 20)
        _within("an action's description", self.description, 40)
        _within("an action's identifier", self.identifier, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRun:
    """A check run, complete: any number of annotations, at most three actions.

    ``conclusion`` is set exactly when ``status`` is ``completed``.
    """

    repo: RepoRef
    name: str
    head_sha: Sha
    status: str
    title: str
    summary: str
    conclusion: str | None = None
    text: str | None = None
    annotations: tuple[Annotation, ...] = ()
    actions: tuple[CheckAction, ...] = ()
    external_id: str = ""
    former_id: str = ""
    """What an older version called the same result: a check run of it says the same."""
    details_url: str | None = None

    def __post_init__(self) -> None:
        _within("a check run's summary", self.summary, MAX_CHECK_TEXT)
        _within("a check run's text", self.text, MAX_CHECK_TEXT)
        if len(self.actions) > 3:
            raise ValueError("a check run has at most 3 actions")
        if (self.status == "completed") != (self.conclusion is not None):
            raise ValueError("a check run has a conclusion exactly when it is completed")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCommit:
    """Whole files written and deleted on top of ``expected_head``, as one signed commit.

    Only for ordinary files: GitHub drops the executable bit of what is written so, see :class:`TreeCommit`.
    """

    repo: RepoRef
    branch: str
    expected_head: Sha
    headline: str
    body: str = ""
    additions: Mapping[str, bytes] = field(default_factory=dict)
    deletions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFile:
    """A file of a :class:`TreeCommit`; ``content`` ``None`` deletes it."""

    path: str
    content: bytes | None
    mode: str = "100644"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeCommit:
    """A commit with file modes, made of git objects.  ``branch`` moves to it from ``before``, or nothing happens."""

    repo: RepoRef
    branch: str
    before: Sha | None
    """Where the branch is now: often at ``parent``; ``None``: there is none yet."""
    parent: Sha
    message: str
    files: tuple[TreeFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPullRequest:
    """A pull request of a branch of the same repository."""

    repo: RepoRef
    title: str
    head: str
    base: str
    body: str
    draft: bool = False

    def __post_init__(self) -> None:
        _within("a pull request's body", self.body, MAX_BODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveThread:
    """Mark a review thread as resolved, by its GraphQL id; nothing changes if it is already."""

    repo: RepoRef
    thread_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnresolveThread:
    """Open a resolved review thread again, by its GraphQL id; nothing changes if it is open."""

    repo: RepoRef
    thread_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewComment:
    """A comment in the conversation of an issue or pull request."""

    repo: RepoRef
    number: int
    body: str

    def __post_init__(self) -> None:
        _within("a comment", self.body, MAX_BODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIssue:
    """An issue.  It results in its number."""

    repo: RepoRef
    title: str
    body: str

    def __post_init__(self) -> None:
        _within("an issue's title", self.title, MAX_TITLE)
        _within("an issue's body", self.body, MAX_BODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReaction:
    """A reaction to a comment; GitHub keeps one of a kind by an author."""

    repo: RepoRef
    comment_id: int
    content: Reaction
    on_line: bool = False
    """Whether it is a comment on a line of a diff: those have ids of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditIssue:
    """Replace the body of an issue.

    GitHub compares nothing when it writes a body, so the result shows whether somebody else wrote in between.
    """

    repo: RepoRef
    number: int
    body: str
    replaces: str = field(repr=False)
    """The body as it was read."""
    updated_at: datetime = field(repr=False)
    """When the issue was last changed, as it was read.  Aware."""

    def __post_init__(self) -> None:
        _within("an issue's body", self.body, MAX_BODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPullRequest:
    """Replace the title or body of a pull request; ``None`` leaves it as it is."""

    pull: PullRequestRef
    title: str | None = None
    body: str | None = None

    def __post_init__(self) -> None:
        _within("a pull request's body", self.body, MAX_BODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePullRequest:
    """Close a pull request without merging it; nothing changes if it is closed."""

    pull: PullRequestRef


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDraft:
    """Make a pull request a draft, or ready for review, by its GraphQL id; nothing changes if it is already."""

    pull: PullRequestRef
    node_id: str
    draft: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveBranch:
    """Create, move (also backwards) or delete a branch if it is at ``before``; ``None``: there is no such branch."""

    repo: RepoRef
    branch: str
    before: Sha | None
    after: Sha | None

    def __post_init__(self) -> None:
        if self.before is None and self.after is None:
            raise ValueError("a branch moves from a commit, to a commit, or both")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeliver:
    """Send a webhook delivery again.  It arrives with its old GUID."""

    attempt: int
    """The id of one attempt to deliver it."""
    guid: DeliveryId


Commit = FileCommit | TreeCommit
"""Each results in the new commit's id."""
Numbered = CheckRun | NewComment | NewIssue
"""Each results in the id that GitHub gives it, an issue in its number."""
Change = (
    MoveBranch
    | EditPullRequest
    | EditReview
    | ClosePullRequest
    | SetDraft
    | ResolveThread
    | UnresolveThread
    | ThreadReply
    | NewReaction
    | Redeliver
)
"""These have no result."""
Effect = Commit | Numbered | Change | NewPullRequest | Review | EditIssue
"""Everything that the bot can write to GitHub."""
