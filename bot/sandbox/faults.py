"""Switches for what goes wrong at GitHub: each fault names the requests it meets, and how often.

A fault either takes effect instead of the request (``effect=False``: nothing was changed) or spoils the answer after
GitHub did what was asked (``effect=True``).
"""

import asyncio
import fnmatch
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from bot.sandbox.limits import SECONDARY

HTML = (
    b"<!DOCTYPE html>\n<html><head><title>Unicorn! &middot; GitHub</title></head>"
    b"<body><p>We had issues producing the response to your request.</p></body></html>\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Answer so, whatever the true answer."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HalfBody:
    """Send the first half of the true body, well-formed as HTTP."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection without an answer."""


@dataclass(frozen=True, slots=True)
class Slow:
    """Answer after so many seconds of real time."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ExtraHeaders:
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NullObjects:
    """A GraphQL answer of a replica that lags: each git object of the repository is ``null``."""


@dataclass(slots=True)
class Hold:
    """The answer waits until the test lets it pass; what was asked has been done by then (or not: ``effect``)."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    _open: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        self._open.set()

    async def wait(self) -> None:
        self.reached.set()
        await self._open.wait()


Deed = Reply | HalfBody | Drop | Slow | ExtraHeaders | NullObjects | Hold


@dataclass(slots=True, kw_only=True)
class Fault:
    """A deed for the requests that match.

    ``method`` and ``path`` are shell patterns, where ``*`` also matches slashes; ``operation`` is the top-level field
    of a GraphQL document; ``identity`` as :class:`~bot.sandbox.recorder.Recorded` has it.
    """

    name: str
    deed: Deed
    effect: bool
    method: str = "*"
    path: str = "*"
    operation: str | None = None
    identity: str = "*"
    times: int | None = 1
    """How many requests it meets; ``None``: all until it is removed."""
    met: int = 0

    def matches(self, method: str, path: str, operations: tuple[str, ...], identity: str) -> bool:
        return (
            (self.times is None or self.met < self.times)
            and fnmatch.fnmatchcase(method, self.method)
            and fnmatch.fnmatchcase(path, self.path)
            and fnmatch.fnmatchcase(identity, self.identity)
            and (self.operation is None or self.operation in operations)
        )


class Faults:
    """The faults that are set.  Each method adds one and returns it; ``where`` are :class:`Fault`'s criteria."""

    def __init__(self) -> None:
        self.active: list[Fault] = []
        self.distance = 0.0
        """Seconds of real time that every request takes before it is looked at: how far away GitHub is."""

    def add(self, name: str, deed: Deed, *, effect: bool, **where: object) -> Fault:
        fault = Fault(name=name, deed=deed, effect=effect, **where)  # type: ignore[arg-type]  # criteria by name
        self.active.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        self.active.remove(fault)

    def clear(self) -> None:
        self.active.clear()

    def take(self, method: str, path: str, operations: tuple[str, ...], identity: str) -> Fault | None:
        """The first fault that meets this request."""
        for fault in self.active:
            if fault.matches(method, path, operations, identity):
                fault.met += 1
                return fault
        return None

    def error(self, status: int = 502, *, effect: bool = False, **where: object) -> Fault:
        """A 5xx with GitHub's JSON body."""
        return self.add(f"status {status}", _json(status, "Server Error"), effect=effect, **where)

    def limited(
        self,
        *,
        status: int = 403,
        retry_after: int | datetime | None = None,
        reset: datetime | None = None,
        **where: object,
    ) -> Fault:
        """A rate limit: ``retry_after`` in seconds or as a date; ``reset`` makes it a primary one (remaining 0).

        With neither it is a secondary limit without any header.
        """
        headers: dict[str, str] = {}
        if isinstance(retry_after, datetime):
            headers["retry-after"] = format_datetime(retry_after, usegmt=True)
        elif retry_after is not None:
            headers["retry-after"] = str(retry_after)
        if reset is not None:
            headers |= {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(reset.timestamp()))}
        message = "API rate limit exceeded for installation." if reset is not None else SECONDARY
        return self.add("rate limit", _json(status, message, headers), effect=False, **where)

    def graphql_limited(
        self, kind: str | None = "RATE_LIMITED", *, status: int = 200, retry_after: int | None = None, **where: object
    ) -> Fault:
        """A limit in GraphQL's words: a primary one by its ``kind``, a secondary one (``None``) by its message."""
        error = {"message": SECONDARY} if kind is None else {"type": kind, "message": "API rate limit exceeded"}
        headers = {} if retry_after is None else {"retry-after": str(retry_after)}
        reply = Reply(status=status, body=json.dumps({"errors": [error]}).encode(), headers=headers)
        return self.add("GraphQL limit", reply, effect=False, **{"path": "/graphql", **where})

    def graphql_timeout(self, **where: object) -> Fault:
        """Status 200, no data, and an error without a type: the query took longer than 10 seconds.

        https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#timeouts
        """
        error = {
            "message": "Something went wrong while executing your query. This may be the result of a timeout, or it "
            "could be a GitHub bug. Please include `SANDBOX` when reporting this issue."
        }
        reply = Reply(status=200, body=json.dumps({"data": None, "errors": [error]}).encode())
        return self.add("GraphQL timeout", reply, effect=False, **{"path": "/graphql", **where})

    def diff_too_long(self, **where: object) -> Fault:
        """List-files' 422 for a diff that GitHub gives up on.  https://github.com/googleapis/repo-automation-bots/issues/4475"""
        error = {"resource": "PullRequest", "field": "diff", "code": "not_available"}
        message = "Server Error: Sorry, this diff is taking too long to generate."
        reply = Reply(status=422, body=json.dumps({"message": message, "errors": [error]}).encode())
        return self.add("diff too long", reply, effect=False, **{"path": "*/files", **where})

    def too_quickly(self, **where: object) -> Fault:
        """422 to content that came too fast.  https://github.com/cli/cli/issues/4801"""
        error = {"resource": "Issue", "code": "custom", "field": "base", "message": "was submitted too quickly"}
        reply = Reply(status=422, body=json.dumps({"message": "Validation Failed", "errors": [error]}).encode())
        return self.add("too quickly", reply, effect=False, **{"method": "POST", **where})

    def status(self, status: int, message: str = "Not Found", **where: object) -> Fault:
        """Any other refusal: 404 of a lagging replica, 410, 451, 403 of a lost permission."""
        return self.add(f"status {status}", _json(status, message), effect=False, **where)

    def slow(self, seconds: float, *, effect: bool = True, **where: object) -> Fault:
        return self.add("slow", Slow(seconds), effect=effect, **where)

    def drop(self, *, effect: bool, **where: object) -> Fault:
        """The connection ends without an answer, before (``effect=False``) or after the change was made."""
        return self.add("dropped connection", Drop(), effect=effect, **where)

    def hold(self, *, effect: bool = True, **where: object) -> Hold:
        """Hold the answer back: ``await hold.reached.wait()``, look around, ``hold.release()``."""
        hold = Hold()
        self.add("gate", hold, effect=effect, **where)
        return hold

    def half_json(self, **where: object) -> Fault:
        return self.add("half JSON", HalfBody(), effect=True, **where)

    def html(self, status: int = 200, **where: object) -> Fault:
        reply = Reply(status=status, body=HTML, content_type="text/html; charset=utf-8")
        return self.add("HTML page", reply, effect=False, **where)

    def empty(self, *, effect: bool = False, **where: object) -> Fault:
        return self.add("empty 200", Reply(status=200, body=b""), effect=effect, **where)

    def redirect(self, location: str, status: int = 301, **where: object) -> Fault:
        deed = _json(status, "Moved Permanently", {"location": location})
        return self.add("redirect", deed, effect=False, **where)

    def null_objects(self, **where: object) -> Fault:
        """What was just pushed is not there yet, as GraphQL says it."""
        return self.add("null objects", NullObjects(), effect=True, **{"operation": "repository", **where})

    def foreign_next(self, url: str, **where: object) -> Fault:
        """A page whose ``Link: …; rel="next"`` leads to another host."""
        return self.add("foreign next", ExtraHeaders({"link": f'<{url}>; rel="next"'}), effect=True, **where)


def _json(status: int, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    body = f'{{"message": "{message}", "documentation_url": "https://docs.github.com/rest", "status": "{status}"}}'
    return Reply(status=status, body=body.encode(), headers=headers or {})
