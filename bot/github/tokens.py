"""The App's own JWT and the installation tokens made with it.  Neither is ever stored or logged.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

import jwt
from cachetools import TLRUCache, TTLCache

from bot.domain.references import RepositoryId
from bot.github.clock import Clock, ServerClock
from bot.github.errors import MissingPermission
from bot.github.operations import Permissions

JWT_BACKDATED = 60
"""Seconds: against a clock that runs ahead of GitHub's."""
JWT_LIFETIME = 9 * 60
"""Seconds from its (back-dated) issue; GitHub allows ten minutes."""
_JWT_REUSED = 5 * 60
EARLY = 5 * 60.0
"""Seconds before its expiry at which a token is not used any more."""
_TOKEN_LIFETIME = 3_600.0
_DENIAL_REMEMBERED = 10 * 60.0


class AppKey:
    """Signs the App's JWTs (RS256) and uses each for five minutes of monotonic time."""

    def __init__(self, app_id: int, private_key: str, clock: Clock, server: ServerClock) -> None:
        self._app_id, self._key, self._clock, self._server = app_id, private_key, clock, server
        self._signed: str | None = None
        self._renew_at = 0.0

    def __repr__(self) -> str:
        return f"AppKey(app_id={self._app_id})"

    def jwt(self) -> str:
        if self._signed is None or self._clock.monotonic() >= self._renew_at:
            issued = int(self._server.now().timestamp()) - JWT_BACKDATED
            claims = {"iat": issued, "exp": issued + JWT_LIFETIME, "iss": str(self._app_id)}
            self._signed = jwt.encode(claims, self._key, algorithm="RS256")
            self._renew_at = self._clock.monotonic() + _JWT_REUSED
        return self._signed

    def refuse(self) -> None:
        """GitHub said 401: sign again, by GitHub's clock."""
        self._server.correct()
        self._signed = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    """An installation token and when it ends, by GitHub's clock."""

    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenScope:
    """What a token gives access to: one repository (``None``: all of the installation) and these permissions."""

    repository: RepositoryId | None
    permissions: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, repository: RepositoryId | None, needs: Permissions) -> "TokenScope":
        return cls(repository, frozenset(needs.items()))

    def request(self) -> dict[str, object]:
        """The body of the token request."""
        narrowed = {} if self.repository is None else {"repository_ids": [self.repository]}
        return {**narrowed, "permissions": dict(sorted(self.permissions))}


@dataclass(frozen=True, slots=True)
class _Held:
    token: str = field(repr=False)
    seconds: float


def _usable_until(_scope: TokenScope, held: _Held, now: float) -> float:
    return now + held.seconds


class Tokens:
    """The tokens of one installation, one for each scope, each made once however many ask for it."""

    def __init__(self, mint: Callable[[TokenScope], Awaitable[Minted]], clock: Clock, server: ServerClock) -> None:
        self._mint, self._clock, self._server = mint, clock, server
        self._held: TLRUCache[TokenScope, _Held] = TLRUCache(1_024, _usable_until, timer=clock.monotonic)
        self._denied: TTLCache[TokenScope, MissingPermission] = TTLCache(256, _DENIAL_REMEMBERED, timer=clock.monotonic)
        self._flights: dict[TokenScope, asyncio.Task[str]] = {}

    async def get(self, scope: TokenScope) -> str:
        """A token for ``scope``, good for five minutes at least.

        Raises :class:`MissingPermission`, at once for ten minutes after GitHub refused the scope: what an owner
        has not granted is not asked for in a loop.
        """
        if (denied := self._denied.get(scope)) is not None:
            raise MissingPermission(denied.permission, denied.operation)
        if (held := self._held.get(scope)) is not None:
            return held.token
        if (flight := self._flights.get(scope)) is None:
            flight = self._flights[scope] = asyncio.create_task(self._fetch(scope))
            flight.add_done_callback(lambda task: self._landed(scope, task))
        return await asyncio.shield(flight)  # one waiter's cancellation is not the others'

    def holds(self, scope: TokenScope) -> bool:
        """Whether there is a token that can be used now."""
        return scope in self._held

    def drop(self, scope: TokenScope, token: str) -> None:
        """GitHub does not take ``token`` any more.  A newer one stays."""
        if (held := self._held.get(scope)) is not None and held.token == token:
            del self._held[scope]

    def deny(self, scope: TokenScope, denial: MissingPermission) -> None:
        """GitHub refused what ``scope`` should allow."""
        self._denied[scope] = denial
        self._held.pop(scope, None)

    def forget_denials(self) -> None:
        """Ask GitHub again: the owner has changed what is granted."""
        self._denied.clear()

    async def _fetch(self, scope: TokenScope) -> str:
        try:
            minted = await self._mint(scope)
        except MissingPermission as denial:
            self.deny(scope, denial)
            raise
        left = (minted.expires_at - self._server.now()).total_seconds()
        self._held[scope] = _Held(minted.token, min(left, _TOKEN_LIFETIME) - EARLY)
        return minted.token

    def _landed(self, scope: TokenScope, task: asyncio.Task[str]) -> None:
        self._flights.pop(scope, None)
        if not task.cancelled():
            task.exception()  # seen, even if every waiter has gone
