"""Where things happen, and what arrives: repositories, pull requests, deliveries.  Standard library only.

Paths are relative to the repository's root and ``/``-separated.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NewType, Self

Sha = NewType("Sha", str)
"""A full, lower-case hexadecimal git object id (40 characters, 64 in SHA-256 repositories)."""
InstallationId = NewType("InstallationId", int)
RepositoryId = NewType("RepositoryId", int)
DeliveryId = NewType("DeliveryId", str)
"""GitHub's ``X-GitHub-Delivery``: the same GUID on every redelivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A verified webhook delivery, as received."""

    id: DeliveryId
    event: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RepoRef:
    """A repository in an installation of the App.

    It *is* its id: ``owner`` and ``name`` are what it was called when this was written, for people and for addresses.
    """

    installation: InstallationId
    id: RepositoryId
    owner: str
    name: str
    owner_id: int | None = field(default=None, compare=False)
    """The id of the owner's account; ``None`` where nobody said."""

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def key(self) -> str:
        """What partitions and keys are made of: it outlives every name and owner."""
        return f"repo:{self.id}"

    def at(self, number: int | None) -> str:
        """The key of an issue or a pull request of it; ``None``: its own."""
        return self.key if number is None else f"{self.key}#{number}"

    def __str__(self) -> str:
        return self.full_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Work that the bot gives itself: stored, ordered, retried and listed like a delivery of GitHub's.

    Like an event it is a hint: it names a place, and its handler reads the state again.  The same ``event`` and ``id``
    again is the same task, for as long as it is stored (7 days after its end): it is not done twice.
    """

    event: str
    """``ssot.<name>``: the ``EVENT`` of the handler.  GitHub has no such names, and the hook takes none."""
    id: str
    """Up to 200 printable characters."""
    repo: RepoRef | None
    """``None``: for the App as a whole."""
    subject: int | None = None
    """The issue or pull request."""
    not_before: datetime | None = None
    """Aware.  Until then it waits without blocking the queue."""

    @classmethod
    def debounced(cls, event: str, repo: RepoRef, subject: int | None, *, now: datetime, window: timedelta) -> Self:
        """One task for all requests within a window of time; it runs at the window's end.

        So every request comes before the run that serves it.
        """
        length = window.total_seconds()
        end = (now.timestamp() // length + 1) * length
        return cls(
            event=event,
            id=f"{repo.at(subject)}@{end:.3f}",
            repo=repo,
            subject=subject,
            not_before=datetime.fromtimestamp(end, now.tzinfo),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestRef:
    """What an event says about a pull request; the rest is read from GitHub."""

    repo: RepoRef
    number: int

    def __str__(self) -> str:
        return f"{self.repo}#{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """The facts of one pull request, read at one moment."""

    ref: PullRequestRef
    node_id: str
    title: str
    state: str
    draft: bool
    merged: bool
    author: str
    author_id: int | None = None
    """``None`` for a deleted account."""
    base_ref: str
    base_sha: Sha
    head_ref: str
    head_sha: Sha
    head_repo: str | None
    """``owner/name`` of the head, ``None`` when the fork was deleted."""
    head_repo_id: RepositoryId | None = None
    maintainer_can_modify: bool
    changed_files: int
    html_url: str
    """The page of the pull request, e.g. ``https://github.com/owner/name/pull/7``: links are made from it."""
    locked: bool = False
    """Nobody but those with write access may comment, and Apps are not among them."""

    @property
    def from_fork(self) -> bool:
        if self.head_repo_id is not None:
            return self.head_repo_id != self.ref.repo.id
        return self.head_repo != self.ref.repo.full_name


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """One entry of the pull request's file list.  ``patch`` is ``None`` where GitHub leaves it out."""

    path: str
    previous_path: str | None
    status: str
    """added, removed, modified, renamed, copied, changed or unchanged."""
    blob_sha: Sha | None
    patch: str | None
