"""What can be done to GitHub, as values: complete, rendered, ready to be sent.

Row 0: standard library only.  ``bot.actions`` holds decisions (findings, no words), these hold what
``bot.github.perform`` sends.  What GitHub would refuse whatever the state of the repository is refused here, with
``ValueError``: it is a defect of the caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.refs import Sha

MAX_BODY = 65_536
"""Characters of a comment's, review's or issue's body."""
MAX_CHECK_TEXT = 65_535
"""Characters of a check run's summary and text."""


def _within(what: str, text: str | None, limit: int) -> None:
    if text is not None and len(text) > limit:
        raise ValueError(f"{what} has {len(text)} characters, {limit} are allowed")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewComment:
    """An inline comment on lines ``start_line`` (default: only ``line``) to ``line`` of one side of the diff."""

    path: str
    line: int
    body: str
    side: str = "RIGHT"
    start_line: int | None = None

    def __post_init__(self) -> None:
        _within("a review comment", self.body, MAX_BODY)
        if self.start_line is not None and self.start_line >= self.line:
            raise ValueError("a comment's start_line comes before its line")


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One review, always of the kind COMMENT: the check run is what blocks."""

    head_sha: Sha
    body: str
    comments: tuple[ReviewComment, ...] = ()

    def __post_init__(self) -> None:
        _within("a review", self.body, MAX_BODY)
        if not self.body and not self.comments:
            raise ValueError("a review says something")


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
    """A commit with file modes, made of git objects.  ``branch`` moves from ``parent`` to it, or nothing happens."""

    branch: str
    parent: Sha
    message: str
    files: tuple[TreeFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPullRequest:
    """A pull request of a branch of the same repository."""

    title: str
    head: str
    base: str
    body: str
    draft: bool = False

    def __post_init__(self) -> None:
        _within("a pull request's body", self.body, MAX_BODY)


class Reaction(StrEnum):
    """https://docs.github.com/en/rest/reactions/reactions#about-reactions."""

    PLUS_ONE = "+1"
    MINUS_ONE = "-1"
    LAUGH = "laugh"
    CONFUSED = "confused"
    HEART = "heart"
    HOORAY = "hooray"
    ROCKET = "rocket"
    EYES = "eyes"


class Minimized(StrEnum):
    """Why a comment is folded away (GraphQL ``ReportedContentClassifiers``)."""

    OUTDATED = "OUTDATED"
    RESOLVED = "RESOLVED"
    DUPLICATE = "DUPLICATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedThread:
    """A review thread that is marked as resolved, by its GraphQL id."""

    thread_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnresolvedThread:
    """A review thread that is open again, by its GraphQL id."""

    thread_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewComment:
    """A comment in the conversation of an issue or pull request."""

    number: int
    body: str

    def __post_init__(self) -> None:
        _within("a comment", self.body, MAX_BODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReaction:
    """A reaction to a comment of a conversation."""

    comment_id: int
    content: Reaction


Effect = (
    Review
    | CheckRun
    | FileCommit
    | TreeCommit
    | NewPullRequest
    | ResolvedThread
    | UnresolvedThread
    | NewComment
    | NewReaction
)
"""What a workflow can want of GitHub, for those who only want to know."""
