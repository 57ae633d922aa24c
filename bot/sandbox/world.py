"""All that one sandbox knows: the registers, the clock, the ids, and the way out for events."""

import asyncio
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from bot.sandbox.model import Comment, Repository, ReviewComment
from bot.sandbox.people import App, Installation, User

if TYPE_CHECKING:
    from bot.sandbox.lagging import Replica

T = TypeVar("T")
Obj = dict[str, Any]
"""A JSON object."""
Clock = Callable[[], datetime]
"""Gives the present as an aware UTC time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened and that a webhook tells; ``fields`` is the payload without its common part."""

    name: str
    action: str | None
    sender: User
    fields: Obj
    repo: Repository | None = None
    installation: Installation | None = None


class Identified(Protocol):
    """A record with a number."""

    @property
    def id(self) -> int: ...


@dataclass(eq=False, kw_only=True)
class World:
    clock: Clock
    ids: Iterator[int]
    directory: Path
    """Where the bare repositories are."""
    emit: Callable[[Event], None]
    """Takes every event at the moment it happens."""
    seed: uuid.UUID = field(default_factory=uuid.uuid4)
    """What delivery GUIDs are derived from: another one for every sandbox, unless its ids are pinned."""
    url: str = ""
    """``http://127.0.0.1:PORT``: the API's root, and the site's."""
    app: App = field(init=False)
    actions: App | None = None
    """GitHub Actions, once it did something: another App, whose check runs are none of ours."""
    others: dict[str, App] = field(default_factory=dict)
    """Further Apps that reported checks, by their slugs."""
    users: dict[str, User] = field(default_factory=dict)
    repos: dict[int, Repository] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    """Full name in lower case → repository id; former names stay, and are answered by a redirect."""
    installations: dict[int, Installation] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    review_comments: dict[int, ReviewComment] = field(default_factory=dict)
    codes: dict[str, tuple[App, datetime]] = field(default_factory=dict)
    """Of Apps that are being registered from a manifest: the App, and until when the code is good."""
    manifests: list[Obj] = field(default_factory=list)
    """Those that were submitted."""
    nodes: dict[str, Any] = field(default_factory=dict)
    """GraphQL node id → record."""
    versions: tuple[str, ...] = ("2022-11-28", "2026-03-10")
    """Of the REST API, oldest first; none: a host that has no versions yet."""
    hides_app_resolver: bool = False
    """GraphQL has ``null`` for ``resolvedBy`` where an App resolved the thread: its type is ``User``."""
    tells_renamed_accounts: bool = True
    """Whether an App hears ``installation_target.renamed``."""
    fork_pushes: bool = False
    """Whether an App's token of the base repository may write to forks that let its maintainers in."""
    resolving_needs: tuple[str, ...] = ("pull_requests:write", "contents:write")
    """The permissions that it takes to resolve a review thread."""
    orphan_state: str | None = None
    """Of the review that a refused one leaves behind; ``None``: it leaves none."""
    shown_lines_only: bool = False
    """Whether a patch that is too large to be shown takes no comments on its lines."""
    old_diffs: bool = False
    """Whether a pull request's diff starts where its base branch was at the last push."""
    unlisted_after: int | None = None
    """Comments of the App itself with a greater id are in no list yet."""
    replica: "Replica | None" = None
    """What reads are answered from, while it lags behind."""
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whatever changes state: one change happens at a time."""

    def now(self) -> datetime:
        """The present, to the second, as GitHub's timestamps are."""
        return self.clock().replace(microsecond=0)

    def listed(self, records: Sequence[T]) -> Sequence[T]:
        """Without the comments that the App has just written, while lists lag behind: each can be read by itself."""
        after = self.unlisted_after
        if after is None:
            return records
        own = (Comment, ReviewComment)
        return [r for r in records if not (isinstance(r, own) and r.author is self.app.bot and r.id > after)]

    def next_id(self) -> int:
        return next(self.ids)

    def user(self, login: str) -> User | None:
        return self.users.get(login.lower())

    def add_user(self, login: str, *, kind: str = "User") -> User:
        number = self.next_id()
        user = User(id=number, login=login, type=kind, token=f"ghp_{number:036d}")
        self.users[login.lower()] = user
        return user

    def account(self, login: str) -> User:
        """The owner of repositories of that name: an organization unless the login is a user's."""
        return self.user(login) or self.add_user(login, kind="Organization")

    def repo(self, full_name: str) -> Repository | None:
        """By present or former name."""
        found = self.repos.get(self.names.get(full_name.lower(), 0))
        return None if found is None or found.deleted else found

    def installation_on(self, repo: Repository) -> Installation | None:
        """The living installation that covers the repository."""
        for installation in self.installations.values():
            if installation.account is repo.owner and not installation.deleted and covers(installation, repo):
                return installation
        return None

    def next_number(self, repo: Repository) -> int:
        return max(repo.issues, default=0) + 1

    def register(self, prefix: str, record: Identified) -> str:
        """Make a record reachable by its node id."""
        node_id = f"{prefix}_{record.id}"
        self.nodes[node_id] = record
        return node_id


def covers(installation: Installation, repo: Repository) -> bool:
    chosen = installation.repositories
    return installation.account is repo.owner and (chosen is None or repo.id in chosen)
