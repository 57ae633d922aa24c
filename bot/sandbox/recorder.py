"""What was asked of the sandbox, for tests to look back on."""

from dataclasses import dataclass
from datetime import datetime

from bot.sandbox.observer import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One request, also refused, spoilt and unknown ones."""

    method: str
    path: str
    """Percent-decoded, without query."""
    template: str | None
    query: dict[str, str]
    identity: str
    """``app``, ``installation:<id>``, ``user:<login>`` or ``anonymous``."""
    status: int
    """0: the connection was dropped."""
    body: JSON
    """The parsed request body."""
    at: datetime
    """By the sandbox's clock, when the request had been read."""
    mutating: bool
    """Whether it could change what people see: neither a read, nor a token request, nor a GraphQL query."""
    operations: tuple[str, ...] = ()
    """The top-level fields of a GraphQL document."""
    fault: str | None = None
    version: str | None = None
    """Of the REST API, as the request asked for it."""
