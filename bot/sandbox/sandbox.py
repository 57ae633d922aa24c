"""The sandbox itself: starts and ends the server, and hands out the handles."""

import itertools
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import jwt
from aiohttp import web

from bot.sandbox import git, renaming
from bot.sandbox.auth import Authority, key_pair
from bot.sandbox.content import Content
from bot.sandbox.faults import Faults
from bot.sandbox.gitrepo import GitRepo
from bot.sandbox.installing import Installing
from bot.sandbox.lagging import Replica
from bot.sandbox.limits import Limits
from bot.sandbox.model import Repository
from bot.sandbox.observer import Observer
from bot.sandbox.people import App, Role, User
from bot.sandbox.pushing import commit_files
from bot.sandbox.recorder import Recorded
from bot.sandbox.repo_handle import Repo
from bot.sandbox.server import Front
from bot.sandbox.shapes import stamp
from bot.sandbox.switches import Switches
from bot.sandbox.webhooks import Delivery, Webhooks
from bot.sandbox.world import Clock, Event, Obj, World

PERMISSIONS = {
    "checks": "write",
    "contents": "write",
    "deployments": "read",
    "issues": "write",
    "merge_queues": "read",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}
EVENTS = (
    "check_run",
    "check_suite",
    "deployment_status",
    "issue_comment",
    "issues",
    "merge_group",
    "sub_issues",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "push",
    "repository",
    "status",
)
SECRET = "the webhook secret of the sandbox"  # noqa: S105 - of a server that lives for one test


def real_time() -> datetime:
    return datetime.now(UTC)


class Sandbox(Installing, Switches):
    """A GitHub on loopback: ``async with Sandbox() as github: …``.

    ``clock`` gives the time that tokens, JWTs, limits and timestamps go by; ``ids`` the numbers of everything, so
    that both pinned make every answer and commit id repeatable.  ``observer`` is told of every exchange; what it
    raises leaves the ``async with`` as an :class:`ExceptionGroup`.
    """

    def __init__(
        self,
        *,
        clock: Clock = real_time,
        ids: Iterator[int] | None = None,
        observer: Observer | None = None,
        slug: str = "ssot-bot",
        permissions: Mapping[str, str] = PERMISSIONS,
        events: Iterable[str] = EVENTS,
        webhook_secret: str = SECRET,
    ) -> None:
        directory = Path(tempfile.mkdtemp(prefix="sandbox-github-"))
        self.world = World(clock=clock, ids=ids or itertools.count(1001), directory=directory, emit=self._emit)
        if ids is not None:
            self.world.seed = uuid.NAMESPACE_URL
        self._authority = Authority(self.world)
        self._failures: list[Exception] = []
        self.webhooks = Webhooks(self.world, observer, self._failures)
        self._front = Front(self.world, self._authority, self.webhooks, observer, self._failures)
        self._runner: web.AppRunner | None = None
        self.world.app = self._register(slug, dict(permissions), list(events), webhook_secret)

    def _register(self, slug: str, permissions: dict[str, str], events: list[str], secret: str) -> App:
        world, (pem, public) = self.world, key_pair()
        return App(
            id=world.next_id(), slug=slug, name=slug, owner=world.account("sandbox-org"),
            bot=world.add_user(f"{slug}[bot]", kind="Bot"), private_key=pem, public_key=public,
            webhook_secret=secret, permissions=permissions, events=events, created_at=world.now(),
        )  # fmt: skip

    def _emit(self, event: Event) -> None:
        self.webhooks.emit(event)

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self._front.application(), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.world.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.webhooks.close()
        if self._runner is not None:
            await self._runner.cleanup()
        for store in {repo.git.store for repo in self.world.repos.values()}:
            await store.close()
        shutil.rmtree(self.world.directory)
        if self._failures and error is None:
            raise ExceptionGroup("the sandbox was spoken to, or spoke, out of contract", self._failures)

    # --- where it is and who may ask --------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The API's root, what ``GITHUB_API_URL`` takes; GraphQL at ``/graphql``, git at ``/owner/name.git``."""
        return self.world.url

    @property
    def app(self) -> App:
        """``id``, ``slug``, ``private_key`` (PEM), ``webhook_secret``, ``bot`` (the user it writes as)."""
        return self.world.app

    def jwt(self, *, issued: timedelta = timedelta(seconds=-60), expires: timedelta = timedelta(minutes=9)) -> str:
        """A JWT of the App; both times are counted from now."""
        now = self.world.clock()
        claims = {
            "iat": int((now + issued).timestamp()),
            "exp": int((now + expires).timestamp()),
            "iss": str(self.app.id),
        }
        return jwt.encode(claims, self.app.private_key, algorithm="RS256")

    def token(self, repo: Repo, **requested: object) -> str:
        """An installation token for the repository's installation, without asking over HTTP."""
        installation = self.world.installation_on(repo.record)
        if installation is None:
            raise KeyError(f"the App is not installed on {repo.full_name}")
        return self._authority.mint(installation, dict(requested))[0]

    @property
    def manifests(self) -> list[Obj]:
        """The manifests that Apps were registered from, oldest first."""
        return list(self.world.manifests)

    def revoke_tokens(self) -> None:
        """Every installation token handed out so far becomes a bad credential."""
        self._authority.revoke_all()

    @property
    def tokens(self) -> list[str]:
        """The installation tokens handed out so far."""
        return self._authority.tokens()

    # --- people and repositories ------------------------------------------------------------------------------

    def user(
        self,
        login: str = "octocat",
        role: Role | str | None = None,
        *,
        bot: bool = False,
        suspended: bool | None = None,
    ) -> User:
        """The user of that login, made on first mention.  ``role`` is the one in all repositories that give none."""
        user = self.world.user(login) or self.world.add_user(login, kind="Bot" if bot else "User")
        if role is not None:
            user.role = Role(role)
        if suspended is not None:
            user.suspended = suspended
        return user

    def rename_user(self, user: User, login: str) -> None:
        """Its repositories follow, and the former login is free.  :class:`ValueError` when the login is taken."""
        renaming.rename_account(self.world, user, login, self._person())

    def rename_owner(self, before: str, login: str) -> None:
        """The same of the account that has that login."""
        self.rename_user(self.world.account(before), login)

    def rename_app(self, slug: str) -> None:
        """The App and its bot have another name from now on."""
        renaming.rename_app(self.world, slug)

    async def repo(
        self,
        full_name: str,
        files: Mapping[str, Content] | None = None,
        *,
        private: bool = True,
        default_branch: str = "main",
        installed: bool = True,
        empty: bool = False,
        history: Path | None = None,
        at: str | None = None,
    ) -> Repo:
        """Create a repository with one commit of ``files``, or (``empty``) none; no events are sent for it.

        ``history`` borrows the objects of a git directory on this machine, and the default branch starts at its
        revision ``at`` (default ``HEAD``): a real history without copying it.
        """
        owner, _, name = full_name.partition("/")
        account = self.world.account(owner)
        path = self.world.directory / f"{self.world.next_id()}.git"
        repository = GitRepo.create(path, default_branch=default_branch, objects_of=history)
        now = self.world.now()
        record = Repository(
            id=self.world.next_id(), owner=account, name=name, private=private, default_branch=default_branch,
            git=repository, created_at=now, pushed_at=now,
        )  # fmt: skip
        self.world.repos[record.id] = record
        self.world.names[full_name.lower()] = record.id
        person = self.user("octocat", "admin")
        if history is not None:
            _, out = await git.run(history, "rev-parse", "--verify", f"{at or 'HEAD'}^{{commit}}")
            repository.set_ref(f"refs/heads/{default_branch}", out.decode().strip())
        elif not empty:
            message = "Initial commit"
            start = await commit_files(self.world, record, files or {}, parent=None, by=person, message=message)
            repository.set_ref(f"refs/heads/{default_branch}", start)
        if installed and self.world.installation_on(record) is None:
            self._install_quietly(account, None)
        return Repo(self.world, record, person)

    def repo_named(self, full_name: str) -> Repo:
        found = self.world.repo(full_name)
        if found is None:
            raise KeyError(full_name)
        return Repo(self.world, found, self.user("octocat"))

    # --- webhooks ---------------------------------------------------------------------------------------------

    @property
    def webhook_url(self) -> str | None:
        return self.webhooks.url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        """Where deliveries go.  Those that happened before are sent now."""
        self.webhooks.url = url

    @property
    def deliveries(self) -> list[Delivery]:
        """Every attempt, oldest first, unsent ones included."""
        return list(self.webhooks.log)

    def emit(self, name: str, action: str | None, repo: Repo, *, by: User | None = None, **fields: object) -> None:
        """Send any other event; the common part of the payload is added."""
        sender = by or repo.person
        self._emit(Event(name=name, action=action, sender=sender, repo=repo.record, fields=dict(fields)))

    async def ping(self) -> None:
        fields: Obj = {
            "zen": "Keep it logically awesome.",
            "hook_id": self.app.id,
            "hook": {
                "type": "App", "id": self.app.id, "name": "web", "active": True, "events": list(self.app.events),
                "config": {"content_type": "json", "insecure_ssl": "0", "url": self.webhook_url or self.url},
                "app_id": self.app.id, "updated_at": stamp(self.world.now()),
                "created_at": stamp(self.world.now()),
            },
        }  # fmt: skip
        self._emit(Event(name="ping", action=None, sender=self.user("octocat"), fields=fields))

    async def deliver(self) -> None:
        """Send what waits; return when all of it was answered.  :class:`ValueError` when there is nowhere to send."""
        if self.webhook_url is None:
            raise ValueError("webhook_url is not set")
        await self.webhooks.settled()

    async def settled(self) -> None:
        """Return when nothing waits to be delivered."""
        await self.webhooks.settled()

    # --- what happened, what shall go wrong -------------------------------------------------------------------

    @property
    def faults(self) -> Faults:
        return self._front.faults

    def lag(self) -> None:
        """From now on reads show what is there at this moment, until :meth:`catch_up`: replicas lag behind."""
        self.world.replica = Replica.of(self.world)

    def hide_own(self) -> None:
        """The comments that the App writes from now on are in no list until :meth:`show_own`."""
        self.world.unlisted_after = self.world.next_id()

    def show_own(self) -> None:
        self.world.unlisted_after = None

    def catch_up(self) -> None:
        self.world.replica = None

    @property
    def limits(self) -> Limits:
        return self._front.limits

    @property
    def answering(self) -> int:
        """How many requests are being answered now."""
        return self._front.answering

    @property
    def requests(self) -> list[Recorded]:
        """Every request so far, oldest first."""
        return self._front.requests

    @property
    def mutations(self) -> list[Recorded]:
        """Those that could change what people see: "no effect" is an empty list."""
        return [request for request in self._front.requests if request.mutating]
