"""The App's access to GitHub, which workflows pass to ``bot.github.reads``; ``Performer`` writes through it.

It knows operations, not meanings; each installation has a channel of its own (limits, caches, tokens).
"""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp

from bot.domain.facts import AppIdentity
from bot.domain.references import InstallationId, RepoRef
from bot.github import wire
from bot.github.api import Answer, Api, response_cache
from bot.github.archive import download
from bot.github.begun import Begun
from bot.github.channel import NOT_ACCESSIBLE, Channel, Request
from bot.github.clock import Clock, ServerClock, SystemClock
from bot.github.errors import GraphQLError, NameTaken, NotFound
from bot.github.graphql import outcome
from bot.github.limits import LimitStore, MemoryLimitStore, Pace, Pacer, RateLimit
from bot.github.operations import Operation, Permissions
from bot.github.purposes import covers
from bot.github.throttle import CORE
from bot.github.tokens import AppKey, TokenScope
from bot.github.traffic import Onlooker, nobody
from bot.github.versions import ApiVersion
from bot.github.written import WrittenComments

T = TypeVar("T")
Query = Mapping[str, str | int]

PAGE_SIZE = 100


@dataclass(slots=True)
class Known:
    """What was asked once and does not change."""

    identity: AppIdentity | None = None
    """Who the App is, once ``reads.identity`` has asked."""
    bot_id: int | None = None
    """The account that it writes as, once ``reads.ourselves`` has asked."""
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class GitHub:
    """All requests of one App.  Belongs to one event loop."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        app_id: int,
        private_key: str,
        api_url: str,
        clock: Clock | None = None,
        pace: Pace | None = None,
        limit_store: LimitStore | None = None,
        onlooker: Onlooker = nobody,
        asks_version: bool = False,
    ) -> None:
        """``private_key`` is PEM; ``api_url`` as ``bot.settings`` checked it; the clock defaults to the machine's.

        Without a ``limit_store`` the limits are known to this object alone.  ``onlooker`` is called with each answer.
        ``asks_version``: ask which versions of the API the host has, before the first request with a token.
        """
        self.app_id, self.api_url = app_id, api_url
        self.clock: Clock = clock or SystemClock()
        self.server = ServerClock(self.clock)
        self.version = ApiVersion(self.clock, asks=asks_version)
        self._session, self._pace = session, pace
        self.store: LimitStore = limit_store or MemoryLimitStore(self.clock)
        self._onlooker = onlooker
        self._key = AppKey(app_id, private_key, self.clock, self.server)
        self.known = Known()
        self.begun = Begun()
        self.written = WrittenComments(self.clock)
        self._purpose: Permissions = {}
        self._channels: dict[InstallationId | None, Channel] = {}

    def working_for(self, purpose: Permissions) -> "GitHub":
        """The same, with one token for all requests that ``purpose`` covers (:mod:`bot.github.purposes`)."""
        narrowed = copy.copy(self)
        narrowed._purpose = purpose
        return narrowed

    def having_begun(self, begun: Begun) -> "GitHub":
        """The same, for work that has ``begun`` some of its reads."""
        ahead = copy.copy(self)
        ahead.begun = begun
        return ahead

    def channel(self, installation: InstallationId | None) -> Channel:
        """The channel of an installation, or of the App itself."""
        found = self._channels.get(installation)
        if found is None:
            name = str(installation or "app")
            rate_limit = RateLimit(self.clock, self.store, name)
            cache = None if installation is None else response_cache()
            found = self._channels[installation] = Channel(
                installation,
                Api(
                    self._session,
                    base_url=self.api_url,
                    rate_limit=rate_limit,
                    clock=self.server,
                    cache=cache,
                    version=self.version,
                    onlooker=self._onlooker,
                ),
                rate_limit=rate_limit,
                pacer=Pacer(self.clock, self._pace, self.store, name),
                clock=self.clock,
                server=self.server,
                key=self._key,
            )
        return found

    def grants_changed(self, installation: InstallationId) -> None:
        """An owner has accepted permissions: what was refused for want of them is asked for again."""
        self.channel(installation).tokens.forget_denials()

    async def call(
        self,
        operation: Operation,
        repo: RepoRef,
        parse: Callable[[Any], T],
        /,
        *,
        body: object = b"",
        query: Query | None = None,
        **path: str | int,
    ) -> T:
        """One REST request about ``repo``; ``parse`` makes a value of the answer.  See :meth:`Channel.perform`."""
        request = self._request(operation, repo, path, query, body)
        return await self.channel(repo.installation).perform(request, lambda answer: parse(answer.data))

    def pages(
        self,
        operation: Operation,
        repo: RepoRef,
        parse: Callable[[Any], T],
        /,
        *,
        query: Query | None = None,
        **path: str | int,
    ) -> AsyncIterator[T]:
        """The items of all pages, each made a value by ``parse``; every page is tried like a single read."""
        request = self._request(operation, repo, path, {**(query or {}), "per_page": PAGE_SIZE})
        return self.channel(repo.installation).pages(request, parse)

    async def graphql(
        self, operation: Operation, repo: RepoRef, parse: Callable[[Any], T], /, *, document: str = "", **variables: Any
    ) -> T:
        """One GraphQL request; ``parse`` gets its ``data``.  ``document`` takes the place of the operation's own."""
        channel = self.channel(repo.installation)
        request = Request(
            operation=operation,
            url=wire.graphql_url(self.api_url),
            scope=TokenScope.of(repo.id, operation.needs),
            shared=self._shared(operation, repo),
            body={"query": document or operation.document, "variables": variables},
        )

        def read(answer: Answer) -> T:
            data = outcome(answer.data)
            _require(repo, data)
            return parse(data)

        try:
            return await channel.perform(request, read)
        except GraphQLError as error:
            if error.kind == "FORBIDDEN" and NOT_ACCESSIBLE in error.message.lower():
                raise channel.missing(request, None) from error
            if error.kind == "NOT_FOUND":
                raise NotFound(error.message) from error
            raise

    async def call_as_app(
        self,
        operation: Operation,
        parse: Callable[[Any], T],
        /,
        *,
        query: Query | None = None,
        **path: str | int,
    ) -> T:
        """One request as the App itself, with a JWT."""
        request = Request(operation=operation, url=operation.url(path, query), scope=None)
        return await self.channel(None).perform(request, lambda answer: parse(answer.data))

    def pages_as_app(
        self, operation: Operation, parse: Callable[[Any], T], /, *, query: Query | None = None
    ) -> AsyncIterator[T]:
        """The items of all pages, as the App itself."""
        url = operation.url({}, {**(query or {}), "per_page": PAGE_SIZE})
        return self.channel(None).pages(Request(operation=operation, url=url, scope=None), parse)

    def pages_of_installation(
        self, operation: Operation, installation: InstallationId, parse: Callable[[Any], T], /
    ) -> AsyncIterator[T]:
        """The items of all pages, with a token for all repositories of the installation."""
        url = operation.url({}, {"per_page": PAGE_SIZE})
        scope = TokenScope.of(None, operation.needs)
        return self.channel(installation).pages(Request(operation=operation, url=url, scope=scope), parse)

    async def archive(
        self, operation: Operation, repo: RepoRef, **path: str
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a download that the API redirects to; no token is sent there."""
        request = self._request(operation, repo, path)
        location = await self.channel(repo.installation).location(request)
        target = wire.archive_location(f"{self.api_url}/", location, self.api_url)
        return download(self._session, target, self.clock)

    def _request(
        self,
        operation: Operation,
        repo: RepoRef,
        path: Mapping[str, str | int],
        query: Query | None = None,
        body: object = b"",
    ) -> Request:
        """A request about one repository, with a token for it alone."""
        url = operation.url({"owner": repo.owner, "repo": repo.name, **path}, query)
        scope = TokenScope.of(repo.id, operation.needs)
        return Request(operation=operation, url=url, scope=scope, shared=self._shared(operation, repo), body=body)

    def _shared(self, operation: Operation, repo: RepoRef) -> TokenScope | None:
        return TokenScope.of(repo.id, self._purpose) if covers(self._purpose, operation.needs) else None

    async def require_open(self, repo: RepoRef) -> None:
        """Raise ``RetryLater`` while a limit of the REST API is in force: for work that cannot do without it."""
        await self.channel(repo.installation).rate_limit.check(CORE)


def _require(repo: RepoRef, data: Any) -> None:
    """Raise ``NameTaken`` where a query by name found another repository."""
    found = data.get("repository") if isinstance(data, dict) else None
    if isinstance(found, dict) and found.get("databaseId") not in (None, repo.id):
        raise NameTaken(repo.full_name)
