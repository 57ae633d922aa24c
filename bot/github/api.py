"""gidgethub's client with rate limiting, an origin check, safe redirects and typed errors."""

import asyncio
import json
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
import gidgethub
import gidgethub.aiohttp
import structlog
from cachetools import LRUCache
from yarl import URL

from bot import memory
from bot.domain.errors import Gone, RetryLater, SsotError
from bot.github import operations as ops
from bot.github import wire
from bot.github.clock import ServerClock
from bot.github.errors import FieldError, NoCommonAncestor, NotFound, Refused, Transient, Unprocessable
from bot.github.limits import RateLimit
from bot.github.throttle import CORE, GRAPHQL, Complaint, complaint, resource_of, throttle
from bot.github.traffic import Onlooker, answered, nobody
from bot.github.versions import HEADER, ApiVersion

USER_AGENT = "ssot-bot"
MAX_ANSWER = 64 * 1024 * 1024
"""Bytes; GitHub allows blobs of up to 100 MB, but no source file is that large."""
_SMALL_ANSWER = 256 * 1024
_CACHED_ANSWERS = 256
_CACHED_BYTES = 64 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=60, connect=10, sock_read=30)
_SECONDS_FOR_VERSIONS = 10.0
_UNRELATED = "no common ancestor"
"""How GitHub's 404 begins that is about two commits which are there."""
_CONDITIONS = ("if-none-match", "if-modified-since")

log = structlog.get_logger("bot.github")

Cache = MutableMapping[str, tuple[str | None, str | None, Any, str | None]]


def response_cache() -> Cache:
    """ETags and their responses, of one installation: its data is never shown to another."""
    return LRUCache(maxsize=_CACHED_ANSWERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A successful answer: the parsed body, and the URL of the next page."""

    data: Any
    next: str | None = None


class Forbidden(Refused):
    """403 that is no rate limit.  ``accepted`` is GitHub's ``X-Accepted-GitHub-Permissions``, if it sent one."""

    def __init__(self, message: str, accepted: str | None) -> None:
        super().__init__(403, message)
        self.accepted = accepted


class BadCredentials(SsotError):
    """401, which callers see as ``Unauthorized``: the token or JWT is expired, revoked, or dated by a wrong clock."""


class Moved(Transient):
    """A redirect that is not followed: 302 and 303 change the request."""

    def __init__(self, status: int, location: str) -> None:
        super().__init__(f"{status}: a redirect")
        self.location = location


class Api(gidgethub.aiohttp.GitHubAPI):
    """One identity's requests.  ``base_url`` is checked by ``bot.settings``; no request goes to another origin."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: str,
        rate_limit: RateLimit,
        clock: ServerClock,
        cache: Cache | None,
        version: ApiVersion,
        onlooker: Onlooker = nobody,
    ) -> None:
        super().__init__(session, USER_AGENT, base_url=base_url, cache=cache)
        self._rate_limit, self._server, self._onlooker = rate_limit, clock, onlooker
        self._version, self._cached_at = version, version.current

    async def exchange(
        self, method: str, url: str, *, data: Any = b"", token: str | None = None, jwt: str | None = None
    ) -> Answer:
        """One request, one answer.

        Raises ``RetryLater`` when a limit is or comes into force, :class:`Transient` when there is no usable answer,
        and the errors of ``bot.github.errors`` for everything that GitHub declines.
        """
        try:
            with memory.passing():
                found, following, _ = await self._make_request(
                    method, url, None, data, gidgethub.sansio.accept_format(), jwt=jwt, oauth_token=token
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
            raise Transient(f"no connection: {type(fault).__name__}", sent=False) from fault
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise Transient(f"connection lost: {type(fault).__name__}") from fault
        except gidgethub.HTTPException as answer:
            raise _typed(answer) from answer
        except (ValueError, LookupError, RecursionError) as fault:
            raise Transient(f"unreadable answer: {type(fault).__name__}") from fault
        return Answer(data=found, next=following)

    async def find(
        self, method: str, url: str, *, data: Any = b"", token: str | None = None, jwt: str | None = None
    ) -> Answer:
        """Like :meth:`exchange` for a request that is answered by a redirect, whose target becomes the data."""
        try:
            await self.exchange(method, url, data=data, token=token, jwt=jwt)
        except Moved as moved:
            return Answer(data=moved.location)
        raise Transient("expected a redirect")

    def forget(self, url: str) -> None:
        """Drop the cached response of this URL: it was unusable."""
        if self._cache is not None:
            self._cache.pop(gidgethub.sansio.format_url(url, None, base_url=self.base_url), None)

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Gidgethub's way out: nothing leaves while a limit is in force, and a token only to the API itself."""
        wire.require_origin(url, self.base_url)
        jwt = headers.get("authorization", "").startswith("bearer ")
        for _ in range(wire.MAX_REDIRECTS + 1):
            resource = resource_of(url, jwt=jwt)
            await self._rate_limit.check(resource)
            if not jwt:
                await self._version.settle(partial(self._versions, headers))
            status, head, content = await self._versioned(method, url, headers, body, resource)
            if status not in wire.FOLLOWED:
                return status, head, content
            url = wire.redirect(url, head.get("location"), self.base_url)
        raise Transient("too many redirects")

    async def _versioned(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, resource: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        """The answer in the host's newest version; in the first one where the host takes the other no longer."""
        version = self._version.current
        if version != self._cached_at:
            self._cached_at = version
            if self._cache is not None:
                self._cache.clear()
            headers = {name: value for name, value in headers.items() if name not in _CONDITIONS}
        answer = await self._send(method, url, {**headers, HEADER: version}, body, resource)
        if not self._version.refused(version, answer[0], answer[2]):
            return answer
        return await self._versioned(method, url, headers, body, resource)

    async def _versions(self, headers: Mapping[str, str]) -> tuple[str, ...] | None:
        """What the host lists, to the token of ``headers``; nothing where there are no versions yet."""
        url = gidgethub.sansio.format_url(ops.VERSIONS.url({}), None, base_url=self.base_url)
        sent = {name: value for name, value in headers.items() if name in ("authorization", "user-agent", "accept")}
        try:
            async with asyncio.timeout(_SECONDS_FOR_VERSIONS):
                status, _, content = await self._send("GET", url, sent, b"", CORE)
            listed = json.loads(content) if status == 200 else None
        except (RetryLater, Refused, Transient, aiohttp.ClientError, OSError, ValueError, RecursionError) as fault:
            log.info("github.versions_unknown", reason=f"{type(fault).__name__}: {str(fault)[:200]}")
            return None
        if status == 404:
            return ()
        if not isinstance(listed, list):
            log.info("github.versions_unknown", reason=f"{status}: no list")
            return None
        return tuple(each for each in listed if isinstance(each, str))

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, resource: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request on the wire; its answer updates the rate limit first.  ``RetryLater`` if that refused it."""
        async with self._session.request(
            method,
            URL(url, encoded=True),
            headers=headers,
            data=body,
            allow_redirects=False,
            timeout=_TIMEOUT,
        ) as response:
            content = await _bounded(response)
            status, head, content = wire.readable(response.status, response.headers, content)
        self._onlooker(answered(self._rate_limit.name, status, head))
        self._server.observe(head.get("date"))
        await self._listen(status, head, content, resource)
        if status == 200 and not content:
            raise Transient("empty answer")
        if len(content) > _CACHED_BYTES:
            head = {name: value for name, value in head.items() if name not in ("etag", "last-modified")}
        return status, head, content

    async def _listen(self, status: int, headers: Mapping[str, str], body: bytes, resource: str) -> None:
        # In a text within the answer the quotation marks are escaped.
        refused = status >= 400 or (resource == GRAPHQL and b'"errors"' in body)
        said = complaint(wire.error_object(body)) if refused else Complaint()
        limit = throttle(status, headers, said, self._server.at_answer(headers.get("date")), resource)
        if limit is not None:
            await self._rate_limit.close(limit)
            if limit.refused:
                await self._rate_limit.check(resource)
        elif status < 500:
            await self._rate_limit.answered()

    async def manage_rate_limit(self, *, method: str, url: str) -> None:
        """Gidgethub's hook before each request; the check is made where a redirect is followed, too."""

    async def handle_rate_limit_error(
        self, *, method: str, url: str, exception: gidgethub.HTTPException, attempt: int
    ) -> bool:
        """Gidgethub's hook after each refusal: what a limit refused has ended before."""
        return False


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """The whole body, or an error: never more than we have room for.

    A small one is read at once: others may wait for what it says, a token for example.
    """
    chunks, size = [], 0
    async for chunk in response.content.iter_chunked(_SMALL_ANSWER):
        size += len(chunk)
        if size > MAX_ANSWER:
            raise Refused(response.status, f"the answer is larger than {MAX_ANSWER} bytes")
        chunks.append(chunk)
        if size > _SMALL_ANSWER:
            await memory.take(len(chunk))
    return b"".join(chunks)


def _typed(answer: gidgethub.HTTPException) -> SsotError | Transient:
    """Gidgethub's exception as one of ours."""
    status, message = int(answer.status_code), str(answer)
    match status:
        case 302 | 303 if location := answer.headers.get("location"):
            return Moved(status, location)
        case 401:
            return BadCredentials(message)
        case 403:
            return Forbidden(message, answer.headers.get("x-accepted-github-permissions"))
        case 404 if message.lower().startswith(_UNRELATED):
            return NoCommonAncestor(status, message)
        case 404:
            return NotFound(message)
        case 410 | 451:
            return Gone(f"{status}: {message}")
        case 422:
            return Unprocessable(message, _field_errors(getattr(answer, "errors", None)))
        case _ if 400 <= status < 500:
            return Refused(status, message)
        case _:
            return Transient(f"{status}: {message[:200]}")


def _field_errors(errors: Any) -> tuple[FieldError, ...]:
    """``wire.readable`` has made it a list of objects."""
    return tuple(
        FieldError(
            message=str(entry.get("message") or ""),
            resource=str(entry.get("resource") or ""),
            field=str(entry.get("field") or ""),
            code=str(entry.get("code") or ""),
        )
        for entry in errors or ()
    )


def open_session() -> aiohttp.ClientSession:
    """A session for :class:`Api`: no cookies, no proxies from the environment, at most 20 connections to a host.

    To be called in the running loop, and closed there.
    """
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit_per_host=20), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    )
    # aiohttp repeats a GET by itself when a kept connection turns out to be closed; tries are counted here alone.
    session._retry_connection = False
    return session
