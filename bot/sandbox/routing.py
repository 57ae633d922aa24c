"""Routes by GitHub's own path templates, and the request as handlers see it."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode

from bot.sandbox.addresses import issue_elsewhere, permanent
from bot.sandbox.auth import AppIdentity, Authority, Identity, InstallationIdentity, UserIdentity, authorize
from bot.sandbox.errors import ApiError, forbidden, malformed, not_found
from bot.sandbox.lagging import Replica
from bot.sandbox.limits import Limits
from bot.sandbox.model import Issue, PullRequest, Repository
from bot.sandbox.pushing import Actor
from bot.sandbox.webhooks import Webhooks
from bot.sandbox.world import Obj, World

T = TypeVar("T")
WIDE = ("path", "ref", "basehead", "branch")
"""Parameters that span several path segments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back.  ``body`` is a JSON value, bytes as they are, or a stream of bytes."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"


NO_CONTENT = Answer(status=204)
Stream = AsyncIterator[bytes]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, matched to its route and authorised."""

    world: World
    authority: Authority
    webhooks: Webhooks
    limits: Limits
    identity: Identity
    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Obj
    replica: Replica | None = None
    """What a read is answered from; ``None``: the present."""
    media: str = ""
    """The parameter of the media type that is asked for; nothing: JSON."""

    def there(self, record: object) -> bool:
        """Whether it is there already, for whoever is asked."""
        return self.replica is None or self.replica.has(record)

    @property
    def url(self) -> str:
        return self.world.url

    @property
    def repo(self) -> Repository:
        found = self.world.repo(f"{self.params['owner']}/{self.params['repo']}")
        if found is None:
            raise not_found()
        return found

    @property
    def actor(self) -> Actor:
        match self.identity:
            case UserIdentity(user=user):
                return Actor(user=user)
            case InstallationIdentity():
                return Actor(user=self.world.app.bot, app=self.world.app)
            case _:
                raise ApiError(401, "Requires authentication")

    def require(self, needs: str) -> None:
        """A permission that only shows to be needed once the request was understood."""
        authorize(self.identity, self.repo, needs)

    def may_read(self, repo: Repository, permission: str) -> bool:
        """Whether the caller may read that of a repository, which may be another one."""
        try:
            authorize(self.identity, repo, f"{permission}:read")
        except ApiError:
            return False
        return True

    def number(self, name: str) -> int:
        text = self.params[name]
        if not text.isascii() or not text.isdigit():
            raise not_found()
        return int(text)

    def issue(self, name: str = "issue_number") -> Issue:
        issue = self.repo.issues.get(self.number(name))
        if issue is None or not self.there(issue):
            raise not_found()
        if issue.moved_to is not None and self.may_read(issue.moved_to.repo, "issues"):
            raise issue_elsewhere(self.world, self.method, issue, issue.moved_to, self.path)
        if issue.gone is not None:
            raise ApiError(410, "This issue was deleted") if issue.gone == 410 else not_found()
        return issue

    def pull(self) -> PullRequest:
        pull = self.issue("pull_number").pull
        if pull is None:
            raise not_found()
        return pull

    def unlocked(self, issue: Issue) -> None:
        """A locked conversation takes comments only from who can write."""
        writer = isinstance(self.identity, UserIdentity) and self.repo.role_of(self.identity.user).level >= 3
        if issue.locked and not writer:
            raise forbidden("Unable to create comment because issue is locked.")

    def take(self, name: str, kind: type[T], default: T | None = None) -> T:
        """A field of the body, which must be there unless there is a default.  422 when missing or of another type."""
        value = self.body.get(name)
        if value is None:
            if default is None:
                raise malformed(f'"{name}" wasn\'t supplied.')
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise malformed(f"For 'properties/{name}', {value!r} is not of type {kind.__name__}.")
        return value

    def maybe(self, name: str, kind: type[T]) -> T | None:
        """A field of the body that may be missing or null."""
        return None if self.body.get(name) is None else self.take(name, kind)

    def page(self, items: Sequence[T], show: Callable[[T], object], wrap: str | None = None) -> Answer:
        """One page of a list, with ``Link``; ``wrap`` names the list in an object with ``total_count``.

        https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api : 30, at most 100 a page.
        """
        items = self.world.listed(items if self.replica is None else self.replica.among(items))
        size, number = min(max(self._count("per_page", 30), 1), 100), max(self._count("page", 1), 1)
        last = max((len(items) + size - 1) // size, 1)
        shown = [show(item) for item in items[(number - 1) * size : number * size]]
        body = shown if wrap is None else {"total_count": len(items), wrap: shown}
        links: dict[str, int] = {}
        if number > 1:
            links |= {"prev": min(number - 1, last), "first": 1}
        if number < last:
            links |= {"next": number + 1, "last": last}
        header = ", ".join(f'<{self._at(page)}>; rel="{rel}"' for rel, page in links.items())
        return Answer(body=body, headers={"link": header} if header else {})

    def _count(self, name: str, default: int) -> int:
        text = self.query.get(name, "")
        return int(text) if text.isascii() and text.isdigit() else default

    def _at(self, page: int) -> str:
        """As GitHub has it, by the repository's permanent id."""
        path = permanent(self.world, self.repo, self.path) if "owner" in self.params else f"{self.url}{self.path}"
        return f"{path}?{urlencode({**self.query, 'page': page})}"


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    method: str
    template: str
    needs: str
    """``permission:level`` as :func:`bot.sandbox.auth.authorize` takes it, or ``app``, ``installation``, ``anyone``."""
    handler: Handler
    pattern: re.Pattern[str]
    media: tuple[str, ...]
    """Parameters of the media types that it knows besides JSON."""


class Router:
    """The routes of one area of the API."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def route(self, method: str, template: str, needs: str, *media: str) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            pattern = re.compile(_pattern(template))
            self.routes.append(
                Route(method=method, template=template, needs=needs, handler=handler, pattern=pattern, media=media)
            )
            return handler

        return add


def _pattern(template: str) -> str:
    def group(match: re.Match[str]) -> str:
        name = match[1]
        return f"(?P<{name}>.*)" if name == "path" else f"(?P<{name}>{'.+' if name in WIDE else '[^/]+'})"

    return re.sub(r"\{(\w+)\}", group, template).replace("/(?P<path>.*)", "(?:/(?P<path>.*))?") + "$"


def find(routes: Sequence[Route], method: str, raw_path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a path that is still percent-encoded, and its parameters, decoded."""
    for route in routes:
        if route.method == method and (match := route.pattern.match(raw_path)):
            return route, {name: unquote(value or "") for name, value in match.groupdict().items()}
    return None


def admit(route: Route, call: Call) -> None:
    """Raise unless the caller may use the route at all."""
    match route.needs:
        case "anyone":
            return
        case "app":
            if not isinstance(call.identity, AppIdentity):
                raise ApiError(401, "A JSON web token could not be decoded")
        case "installation":
            if not isinstance(call.identity, InstallationIdentity):
                raise forbidden(
                    "You must authenticate with an installation access token in order to list repositories."
                )
        case needs:
            authorize(call.identity, call.repo, needs)


def refuse_empty(route: Route, repo: Repository) -> None:
    """What GitHub answers about the git data of a repository without a commit.

    https://docs.github.com/rest/git/commits, https://docs.github.com/rest/commits/commits : 409.
    """
    if repo.git.refs:
        return
    if "{repo}/git/" in route.template or route.template.endswith(("{repo}/commits", "{repo}/commits/{ref}")):
        raise ApiError(409, "Git Repository is empty.")
    if "{repo}/contents/" in route.template:
        raise ApiError(404, "This repository is empty.")
