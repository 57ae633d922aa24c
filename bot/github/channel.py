"""One identity's requests: authentication, retries, limits and pages.  It knows no payloads."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog

from bot.domain.errors import Gone, RetryLater
from bot.domain.references import InstallationId
from bot.github import operations as ops
from bot.github.admission import WorkAdmission
from bot.github.api import Answer, Api, BadCredentials, Forbidden
from bot.github.clock import Clock, ServerClock
from bot.github.errors import (
    Misshapen,
    MissingPermission,
    NoAnswer,
    NotFound,
    Refused,
    Transient,
    Unauthorized,
    Uncertain,
    UnexpectedShape,
    Unprocessable,
)
from bot.github.limits import Pacer, RateLimit
from bot.github.operations import Operation, RequestKind
from bot.github.shape import key_of
from bot.github.throttle import resource_of
from bot.github.tokens import AppKey, Minted, Tokens, TokenScope

T = TypeVar("T")

PAUSES = (0.5, 2.0)
"""Seconds between the three tries of a read, before the work goes back to the queue."""
AGAIN = timedelta(seconds=30)
"""When work is worth another try after GitHub did not answer."""
RECONCILE = timedelta(seconds=5)
"""When to look whether a write without an answer took effect."""
NOT_ACCESSIBLE = "resource not accessible"
"""How GitHub's 403 for a missing permission begins."""
_SHAPE_ERRORS = (KeyError, TypeError, ValueError, IndexError, AttributeError)

log = structlog.get_logger("bot.github")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request.  ``url`` is relative to the API, or absolute within it; without ``scope`` it is the App's own.

    ``shared`` is a wider scope, whose token other requests of the same work use as well.
    """

    operation: Operation
    url: str
    scope: TokenScope | None
    shared: TokenScope | None = None
    body: object = b""


class Channel:
    """What all requests of one installation share; ``installation`` is ``None`` for the App's own."""

    def __init__(
        self,
        installation: InstallationId | None,
        api: Api,
        *,
        rate_limit: RateLimit,
        pacer: Pacer,
        clock: Clock,
        server: ServerClock,
        key: AppKey,
    ) -> None:
        self.installation, self.rate_limit, self.tokens = installation, rate_limit, Tokens(self._mint, clock, server)
        self._api, self._pacer, self._clock, self._key = api, pacer, clock, key
        self.admission = WorkAdmission(pacer, clock)

    async def perform(self, request: Request, read: Callable[[Answer], T]) -> T:
        """Send ``request`` and make a value of its answer.

        A read without a usable answer is tried three times, then ``RetryLater``.  A write is sent once: without a
        usable answer it is ``Uncertain``.  An answer that ``read`` cannot make sense of is :class:`UnexpectedShape`.
        """
        if request.operation.kind is RequestKind.READ:
            return await self._read(request, read)
        await self.rate_limit.check(_resource(request))
        await self._pacer.turn(content=request.operation.kind is RequestKind.CONTENT)
        try:
            return self._made(request, await self._authorised(request), read)
        except Misshapen as fault:
            raise UnexpectedShape(request.operation.name, str(fault)) from fault
        except Transient as fault:
            raise self._lost(request.operation, fault) from fault

    async def pages(self, request: Request, parse: Callable[[Any], T]) -> AsyncIterator[T]:
        """The items of this page and all that follow.  A ``Link`` that leads elsewhere raises ``ForeignHost``."""

        def read(answer: Answer) -> tuple[list[T], str | None]:
            return _page(request.operation, answer, parse)

        following: str | None = request.url
        while following:
            items, following = await self.perform(replace(request, url=following), read)
            for item in items:
                yield item

    async def location(self, request: Request) -> str:
        """Where the redirect that answers ``request`` points to; it is not followed."""
        return await self.perform(request, lambda answer: str(answer.data))

    # --- one request ------------------------------------------------------------------------------------------

    async def _read(self, request: Request, read: Callable[[Answer], T]) -> T:
        for pause in (*PAUSES, None):
            try:
                return self._made(request, await self._authorised(request), read)
            except Misshapen as fault:
                log.info("github.retry", operation=request.operation.name, reason=f"no {fault} in the answer")
                if pause is None:
                    raise UnexpectedShape(request.operation.name, str(fault)) from fault
                await self._clock.sleep(pause)
            except Transient as fault:
                log.info("github.retry", operation=request.operation.name, reason=str(fault))
                if pause is None:
                    reason = f"{request.operation.name}: {fault}"
                    raise NoAnswer(at=self._clock.now() + AGAIN, reason=reason) from fault
                await self._clock.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _made(self, request: Request, answer: Answer, read: Callable[[Answer], T]) -> T:
        try:
            return read(answer)
        except _SHAPE_ERRORS as fault:
            self._api.forget(request.url)
            if not isinstance(answer.data, dict | list):  # a page of somebody in between: GitHub is not there
                raise Transient(f"an answer that is no JSON: {type(fault).__name__}") from fault
            raise Misshapen(key_of(fault)) from fault

    def _lost(self, operation: Operation, fault: Transient) -> RetryLater:
        log.warning("github.write_unanswered", operation=operation.name, reason=str(fault), sent=fault.sent)
        reason = f"{operation.name}: {fault}"
        if not fault.sent:
            return RetryLater(at=self._clock.now() + AGAIN, reason=reason)
        return Uncertain(at=self._clock.now() + RECONCILE, reason=reason)

    async def _authorised(self, request: Request) -> Answer:
        """The answer, with one fresh token or JWT if the first one is refused."""
        if request.scope is None:
            return await self._as_app(request)
        if not self.tokens.holds(request.shared or request.scope):
            await self.rate_limit.check(_resource(request))  # no token is minted for what would not be sent
        scope, token = await self._token(request, request.scope)
        request = replace(request, scope=scope)
        try:
            return await self._once(request, token)
        except BadCredentials:
            self.tokens.drop(scope, token)
            return await self._at_last(request, await self.tokens.get(scope))

    async def _token(self, request: Request, own: TokenScope) -> tuple[TokenScope, str]:
        """The shared token, unless the installation has not granted all that it is for: then one of its own."""
        if request.shared is not None:
            try:
                return request.shared, await self.tokens.get(request.shared)
            except MissingPermission:
                log.info("github.own_token", installation=self.installation, operation=request.operation.name)
        return own, await self.tokens.get(own)

    async def _as_app(self, request: Request) -> Answer:
        try:
            return await self._once(request, None)
        except BadCredentials:
            self._key.refuse()
            return await self._at_last(request, None)

    async def _at_last(self, request: Request, token: str | None) -> Answer:
        try:
            return await self._once(request, token)
        except BadCredentials as refusal:
            log.warning("github.credentials_refused", installation=self.installation, operation=request.operation.name)
            raise Unauthorized(at=self._clock.now() + AGAIN, reason=f"401: {refusal}") from refusal

    async def _once(self, request: Request, token: str | None) -> Answer:
        operation = request.operation
        send = self._api.find if operation is ops.TARBALL else self._api.exchange
        jwt = self._key.jwt() if token is None else None
        try:
            return await send(operation.method, request.url, data=request.body, token=token, jwt=jwt)
        except Forbidden as refusal:
            if NOT_ACCESSIBLE not in refusal.message.lower():
                raise
            raise self.missing(request, refusal.accepted, token) from refusal

    def missing(self, request: Request, accepted: str | None, token: str | None = None) -> MissingPermission:
        """The error for a 403 of the integration; GitHub's ``accepted`` permissions take precedence over our table."""
        requested = accepted or _spell(request.operation)
        log.warning("github.permission_missing", installation=self.installation, permission=requested,
                  operation=request.operation.name)  # fmt: skip
        if request.scope is not None and token is not None:
            self.tokens.drop(request.scope, token)  # the next one shows what is granted now
        return MissingPermission(requested, request.operation.name)

    # --- tokens -----------------------------------------------------------------------------------------------

    async def _mint(self, scope: TokenScope) -> Minted:
        """A new installation token.  The request counts against this installation's rate limit."""
        url = ops.CREATE_TOKEN.url({"installation_id": self.installation or 0})
        request = Request(operation=ops.CREATE_TOKEN, url=url, scope=None, body=scope.request())
        try:
            return await self._read(request, _minted)  # asking twice for a token does no harm
        except NotFound as answer:
            raise Gone(f"installation {self.installation} no longer exists") from answer
        except Unprocessable as answer:
            if not answer.mentions("permissions requested"):
                raise Gone(f"the installation does not include the repository: {answer.message}") from answer
            requested = ", ".join(f"{name}: {access}" for name, access in sorted(scope.permissions))
            log.warning("github.permission_missing", installation=self.installation, permission=requested)
            raise MissingPermission(requested, "a token") from answer
        except Refused as answer:
            if answer.status == 403 and "suspended" in answer.message:
                raise Gone(f"installation {self.installation} is suspended") from answer
            raise


def _resource(request: Request) -> str:
    return resource_of(request.url, jwt=request.scope is None)


def _minted(answer: Answer) -> Minted:
    return Minted(token=answer.data["token"], expires_at=datetime.fromisoformat(answer.data["expires_at"]))


def _page(operation: Operation, answer: Answer, parse: Callable[[Any], T]) -> tuple[list[T], str | None]:
    items = answer.data if operation.items is None else answer.data[operation.items]
    if not isinstance(items, list):
        raise TypeError("a page is a list")
    return [parse(item) for item in items], answer.next


def _spell(operation: Operation) -> str:
    return ", ".join(f"{name}: {access}" for name, access in sorted(operation.needs.items()))
