"""What happened, as a delivery reports it: references, no state.

An event is a hint that something may have changed: it names a place, and the state there is read again.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.references import InstallationId, PullRequestRef, RepoRef, Sha

TASK_PREFIX = "ssot."
"""How the names of the bot's own tasks begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who did it.  ``type`` is ``User``, ``Bot``, ``Organization`` or ``Mannequin``.

    The login is the one at that time and may belong to somebody else now; the id cannot.
    """

    id: int
    login: str
    type: str

    @property
    def is_bot(self) -> bool:
        return self.type == "Bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestEvent:
    """``pull_request``.  ``base_changed``: it was edited to another base branch; ``body_changed``: to another text.

    ``base_ref``: its base branch at that time, and ``changed_files``: how many files it changed; ``former_base``: the
    base branch before; ``before``: the head that a push replaced; ``head_ref``: the branch that it comes from.
    """

    action: str
    ref: PullRequestRef
    head_sha: Sha
    base_changed: bool = False
    body_changed: bool = False
    base_ref: str | None = None
    changed_files: int = 0
    former_base: str | None = None
    before: Sha | None = None
    head_ref: str | None = None

    @property
    def repo(self) -> RepoRef:
        return self.ref.repo


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCommentEvent:
    """``issue_comment``: a comment on an issue or on a pull request's conversation."""

    action: str
    repo: RepoRef
    number: int
    is_pull_request: bool
    comment_id: int
    created_at: datetime
    """When the comment was written, by GitHub's clock."""
    body: str
    author: Person | None
    """``None``: GitHub does not say."""
    sender: Person
    app_id: int | None = None
    """The App through which the comment was written."""
    previous_body: str | None = None
    """What it was before it was edited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewCommentEvent:
    """``pull_request_review_comment``: a comment on a line of a pull request's diff, or a reply to one."""

    action: str
    repo: RepoRef
    number: int
    comment_id: int
    in_reply_to: int | None
    """The first comment of the thread; ``None`` for that comment itself."""
    created_at: datetime
    body: str
    html_url: str
    author: Person | None
    """``None`` for a deleted account."""
    sender: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class PushEvent:
    """``push``.  ``branch`` is ``None`` for a tag; ``after`` is all zeros when the branch was deleted."""

    repo: RepoRef
    branch: str | None
    before: Sha
    after: Sha
    default_branch: str
    configures: bool = False
    """Whether it changes the configuration file, as far as the payload lists what it changes."""

    @property
    def to_default_branch(self) -> bool:
        return self.branch == self.default_branch


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuesEvent:
    """``issues``."""

    action: str
    repo: RepoRef
    number: int
    sender: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class SubIssuesEvent:
    """``sub_issues``: an issue of the repository got or lost a sub-issue, or a parent."""

    action: str
    repo: RepoRef


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRunEvent:
    """``check_run``.  ``pulls`` are open pull requests of the same repository with this head; a fork's are missing."""

    action: str
    repo: RepoRef
    check_run_id: int
    name: str
    app_id: int | None
    """``None``: of no App, so not the bot's."""
    head_sha: Sha
    external_id: str
    pulls: tuple[int, ...]
    sender: Person
    identifier: str | None = None
    """Of the button that was pressed (``requested_action``)."""
    on_default_branch: bool = True
    """Whether the commit may be on the default branch: false when the payload names only other branches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSuiteEvent:
    """``check_suite``: of one App, on one commit."""

    action: str
    repo: RepoRef
    app_id: int | None
    head_sha: Sha
    sender: Person | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEvent:
    """``status``: somebody set a commit status."""

    repo: RepoRef
    sha: Sha
    context: str
    on_default_branch: bool = True
    """Whether it is the default branch's head, as far as the payload says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentStatusEvent:
    """``deployment_status``: a deployment progressed, succeeded or failed."""

    action: str
    repo: RepoRef
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeGroupEvent:
    """``merge_group``: the merge queue asks for the checks of a commit that it made."""

    action: str
    repo: RepoRef
    head_sha: Sha
    base_sha: Sha
    head_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationEvent:
    """``installation``: the App was installed, removed, suspended, or given permissions."""

    action: str
    installation: InstallationId
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationRepositoriesEvent:
    """``installation_repositories``: repositories were added to the installation or taken from it."""

    action: str
    installation: InstallationId
    added: tuple[RepoRef, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationTargetEvent:
    """``installation_target``: an account that has the App was renamed."""

    action: str
    installation: InstallationId


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryEvent:
    """``repository``: it was renamed, transferred, or changed otherwise."""

    action: str
    repo: RepoRef
    default_branch_changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEvent:
    """``ssot.<name>``: the bot's own task for a repository, or for one issue or pull request of it."""

    event: str
    repo: RepoRef
    subject: int | None

    @property
    def partition(self) -> str:
        """``repo:<id>#<subject>``, the same partition as that of GitHub's events for it; or ``repo:<id>``."""
        return self.repo.at(self.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppTaskEvent:
    """``ssot.<name>``: the bot's own task for the App as a whole."""

    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """``ping``: GitHub checks that the hook answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """An event that the bot does not read."""

    event: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotInstalled:
    """The payload names no installation, or no repository where its event has one: nothing can be done."""

    event: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """The payload does not have the documented form.  ``reason`` may name a key, never a value."""

    reason: str


Event = (
    PullRequestEvent
    | IssueCommentEvent
    | ReviewCommentEvent
    | PushEvent
    | IssuesEvent
    | SubIssuesEvent
    | CheckRunEvent
    | CheckSuiteEvent
    | StatusEvent
    | DeploymentStatusEvent
    | MergeGroupEvent
    | InstallationEvent
    | InstallationRepositoriesEvent
    | InstallationTargetEvent
    | RepositoryEvent
    | TaskEvent
    | AppTaskEvent
    | Ping
    | Unknown
    | NotInstalled
    | Malformed
)
