"""What an answer says about rate limits.  Pure.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.github.clock import http_date

CORE, GRAPHQL, SEARCH, APP = "core", "graphql", "search", "app"
"""The resources with a primary limit of their own; ``app`` is our name for that of requests with a JWT."""
LONGEST_OBEYED = 86_400.0
"""A ``retry-after`` beyond a day is a fault of the server's, or of something in between."""
_GRACE = 1.0
"""Added to times that GitHub gives in whole seconds of its own clock."""
_SECONDARY = ("you have exceeded a secondary rate limit", "you have triggered an abuse detection mechanism")
"""How the messages begin; the second is the old name: https://github.com/google/go-github/pull/2229.

Words within a message say nothing: GitHub quotes paths and branches, which are a stranger's.
"""
_TOO_QUICKLY = ("was submitted too quickly", "validation failed: was submitted too quickly")
"""The whole message of an entry of ``errors``.  https://github.com/cli/cli/issues/4801"""
_LIMITED_KINDS = ("RATE_LIMIT", "RATE_LIMITED")
"""Types of GraphQL errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """A rate limit of GitHub.  ``seconds`` is ``None`` when GitHub does not say for how long."""

    seconds: float | None
    reason: str
    resource: str | None = None
    """What a primary limit is used up of; ``None``: a secondary limit, which concerns all requests."""
    refused: bool = True
    """Whether the request was refused because of it; otherwise it was the last that is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """The messages of an answer's body, in lower case, and the types of its GraphQL errors."""

    messages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def secondary(self) -> bool:
        return any(each.startswith(_SECONDARY) or each in _TOO_QUICKLY for each in self.messages)

    @property
    def limited(self) -> bool:
        """GraphQL's own primary limit."""
        return any(kind in _LIMITED_KINDS for kind in self.kinds)


def resource_of(url: str, *, jwt: bool) -> str:
    """Which resource a request counts against.  ``url`` is absolute."""
    path = url.partition("?")[0]
    if jwt:
        return APP
    if path.endswith("/graphql"):
        return GRAPHQL
    return SEARCH if "/search/" in path else CORE


def complaint(body: Mapping[str, object]) -> Complaint:
    """Of an error's body, or of a GraphQL answer."""
    errors = body.get("errors")
    entries = [entry for entry in errors if isinstance(entry, dict)] if isinstance(errors, list) else []
    words = (body.get("message"), *(entry.get("message") for entry in entries))
    return Complaint(
        messages=tuple(str(each).lower() for each in words if each),
        kinds=tuple(str(entry["type"]) for entry in entries if entry.get("type")),
    )


def throttle(
    status: int, headers: Mapping[str, str], said: Complaint, answered_at: datetime, resource: str
) -> Throttle | None:
    """The limit that an answer tells of.

    ``headers`` have lower-case names; ``said`` is of the body of a refusal; ``answered_at`` the server's time of the
    answer; ``resource`` what the request counted against.  GraphQL refuses with status 200 too, and a 422 refuses
    what was written too quickly.
    """
    secondary = said.secondary and (status < 300 or status in (403, 422, 429))
    refused = status in (403, 429) or secondary or said.limited
    used_up = headers.get("x-ratelimit-remaining") == "0" and not secondary
    asked = _retry_after(headers.get("retry-after"), answered_at) if refused else None
    reset = _reset(headers, answered_at) if used_up else None
    if asked is not None:
        of = resource if used_up or said.limited else None
        return Throttle(seconds=asked, reason=f"{status} with retry-after", resource=of)
    if reset is not None:
        return Throttle(seconds=reset, reason="the rate limit is used up", resource=resource, refused=refused)
    if said.limited:
        return Throttle(seconds=None, reason="the GraphQL rate limit is used up", resource=resource)
    words = any("rate limit" in message for message in said.messages)
    if secondary or status == 429 or (status == 403 and words):
        return Throttle(seconds=None, reason="secondary rate limit", resource=resource if used_up else None)
    return None


def _retry_after(value: str | None, answered_at: datetime) -> float | None:
    """``Retry-After`` in seconds: a number or a date (RFC 9110, 10.2.3).  ``None`` if absent or neither."""
    if value is None:
        return None
    if value.strip().isdecimal() and value.isascii():
        seconds = float(value[:12])
    elif (date := http_date(value)) is not None:
        seconds = (date - answered_at).total_seconds() + _GRACE
    else:
        return None
    return min(max(seconds, 1.0), LONGEST_OBEYED)


def _reset(headers: Mapping[str, str], answered_at: datetime) -> float | None:
    """Seconds until ``X-RateLimit-Reset`` (seconds since 1970, UTC); ``None`` if absent or unreadable."""
    try:
        seconds = float(headers["x-ratelimit-reset"]) - answered_at.timestamp() + _GRACE
    except (KeyError, ValueError):
        return None
    return min(max(seconds, 1.0), LONGEST_OBEYED) if math.isfinite(seconds) else None
