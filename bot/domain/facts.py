"""What can be read from GitHub, reduced to what decisions need.

Standard library only.  ``bot.github.reads`` returns these; pure code decides on them.  The pull request
itself and its files are in ``bot.domain.references``.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.references import ChangedFile, DeliveryId, InstallationId, RepoRef, Sha

# --- the App and where it is installed --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AppIdentity:
    """The App itself, as ``GET /app`` describes it."""

    id: int
    slug: str
    name: str
    html_url: str
    permissions: tuple[tuple[str, str], ...]
    """What the App requests: ``("checks", "write")``, sorted."""
    events: tuple[str, ...]
    bot_id: int = 0
    """The account that the App writes as; 0 where nobody asked.  An App that is renamed keeps it."""

    @property
    def login(self) -> str:
        """The author of everything that the App writes, by the App's name of now."""
        return f"{self.slug}[bot]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """One account that installed the App, and what it granted."""

    id: InstallationId
    account: str
    account_id: int
    permissions: tuple[tuple[str, str], ...]
    events: tuple[str, ...]
    suspended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HookDelivery:
    """One attempt at a webhook delivery, as GitHub lists it for three days.

    https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook
    """

    id: int
    """Of this attempt; a redelivery has another one, and the same ``guid``."""
    guid: DeliveryId
    delivered_at: datetime
    status: str
    status_code: int
    event: str
    action: str | None
    redelivery: bool

    @property
    def failed(self) -> bool:
        return not 200 <= self.status_code < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class HookConfig:
    """Where the App's webhook goes.  GitHub shows no secret, only whether there is one."""

    url: str
    content_type: str
    insecure_ssl: bool
    has_secret: bool


# --- the repository -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """The repository as it is now; ``ref`` has its current name after a rename or transfer."""

    ref: RepoRef
    node_id: str
    default_branch: str
    private: bool
    archived: bool
    html_url: str
    """Its page, e.g. ``https://github.com/owner/name``: links are made from it."""
    fork: bool = False


class Role(StrEnum):
    """What somebody may do in a repository; ordered by :meth:`at_least`.

    https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
    """

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    def at_least(self, needed: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFiles:
    """The files of a pull request, as far as GitHub lists them."""

    files: tuple[ChangedFile, ...]
    not_listed: int = 0
    """Changed files beyond the 3,000 that GitHub lists."""

    @property
    def truncated(self) -> bool:
        return self.not_listed > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchCommit:
    """A commit of a pull request's branch; ``parent`` is its first one, ``None`` for a root."""

    sha: Sha
    parent: Sha | None
    message: str
    head_at: datetime | None = None
    """When it surely was the pull request's head, by GitHub's clock; ``None``: nothing says that it ever was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcePush:
    """A push that took commits away; ``before`` is the head that it replaced, ``None`` if GitHub has lost it."""

    at: datetime
    before: BranchCommit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PullBranch:
    """A pull request's branch: its last commits and force-pushes, up to 100 of each, oldest first."""

    commits: tuple[BranchCommit, ...]
    in_merge_queue: bool
    forced: tuple[ForcePush, ...] = ()
    all_forced: bool = True
    """Whether these are all force-pushes that there were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEntry:
    """One entry of a commit's tree; ``mode`` as git writes it: ``100644``, ``100755``, ``120000``, ``160000``."""

    path: str
    mode: str
    sha: Sha
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """All files of a commit.  ``truncated``: there are more than GitHub lists (100,000 entries or 7 MB)."""

    sha: Sha
    entries: tuple[TreeEntry, ...]
    truncated: bool


class NotAFile(StrEnum):
    """What is at a path instead of the requested file."""

    DIRECTORY = "directory"
    SYMLINK = "symbolic link"
    SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit, and whether the App made it."""

    sha: Sha
    ours: bool
    """Made by this very App through the API: neither written nor committed again by anybody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPullRequest:
    """A pull request that the App opened, open or not; its text may have been edited since."""

    number: int
    title: str
    body: str
    open: bool
    merged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnIssue:
    """An issue that the App opened, open or not; its text may have been edited since."""

    number: int
    body: str


# --- checks and conversations --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRunFact:
    """A check run of the App on a commit."""

    id: int
    name: str
    head_sha: Sha
    status: str
    conclusion: str | None
    external_id: str
    app_id: int | None
    title: str | None
    summary: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment on an issue, a pull request or a line of a diff; or the body of a review."""

    id: int
    node_id: str
    author: str
    """``""`` for a deleted account."""
    ours: bool
    """Written by this very App."""
    body: str
    author_id: int | None = None
    """``None`` for a deleted account; a login can pass to somebody else, an id cannot."""
    html_url: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    path: str | None = None
    line: int | None = None
    """Of the head side; ``None`` when the comment is outdated or belongs to no line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A finding that somebody skipped with ``/ssot skip``: it is listed and does not fail the check."""

    fingerprint: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadComment:
    """A comment of a review thread."""

    id: int | None
    author: str
    ours: bool
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewThread:
    """A conversation on a line.  ``complete``: all its comments are here (at most 100 are read)."""

    id: str
    path: str
    line: int | None
    resolved: bool
    resolved_by_us: bool
    """By this very App; what a person resolved stays resolved."""
    resolver_known: bool
    """Whether GitHub names who resolved it; of an App it may not."""
    outdated: bool
    comments: tuple[ThreadComment, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue, read at one moment."""

    repo: RepoRef
    number: int
    node_id: str
    title: str
    body: str
    state: str
    locked: bool
    author: str
    ours: bool
    is_pull_request: bool
    updated_at: datetime
    repository: str = ""
    """``owner/name`` of where it is: a transferred issue is not where it was requested."""
    author_id: int | None = None
    """``None`` for a deleted account."""
    closed_by: str | None = None
    """The login of whoever closed it last; ``None`` while it is open, and for a deleted account."""
    closed_by_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueEdit:
    """One version of an issue's body; ``body`` is ``None`` where somebody has deleted it from the history."""

    at: datetime
    ours: bool
    body: str | None
