"""What an onlooker of the sandbox is told: every exchange, GraphQL document and webhook, as values.

The sandbox calls the observer after the answer was made and before it is sent, in the event loop.  An observer may
raise: the exception is kept and leaves ``async with Sandbox(...)`` in an :class:`ExceptionGroup`, so that a
contract checker fails the test whose traffic broke the contract, and never changes the traffic itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

JSON = dict[str, "JSON"] | list["JSON"] | str | int | float | bool | None
"""A parsed JSON value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One REST request and its answer."""

    method: str
    path: str
    """Percent-decoded, without query: ``/repos/acme/app/contents/src/a b.py``."""
    template: str | None
    """GitHub's own path template (``/repos/{owner}/{repo}/contents/{path}``); ``None``: there is no such route."""
    query: Mapping[str, str]
    request_headers: Mapping[str, str]
    """Names in lower case; ``authorization`` is left out."""
    request: JSON
    """The parsed body; ``None`` when there was none or it was not JSON."""
    identity: str
    """Who asked: ``app``, ``installation:<id>``, ``user:<login>`` or ``anonymous``."""
    status: int
    headers: Mapping[str, str]
    """Of the answer; names in lower case."""
    response: JSON
    """The parsed body of the answer; ``None`` when it has none or is not JSON."""
    fault: str | None
    """The name of the fault that made or spoilt this answer: it is then no statement of GitHub's contract."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLExchange:
    """One ``POST /graphql``, also reported as an :class:`Exchange` with the template ``/graphql``."""

    document: str
    variables: Mapping[str, JSON]
    operation_name: str | None
    identity: str
    status: int
    response: JSON
    fault: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSent:
    """One delivery attempt of a webhook."""

    event: str
    action: str | None
    guid: str
    headers: Mapping[str, str]
    """Names in lower case, the signature included."""
    payload: JSON


class Observer(Protocol):
    """What ``Sandbox(observer=…)`` takes."""

    def exchange(self, exchange: Exchange) -> None:
        """Called once for each REST request, also for refused ones and for routes that do not exist."""

    def graphql(self, exchange: GraphQLExchange) -> None:
        """Called once for each GraphQL request whose body could be parsed."""

    def webhook(self, sent: WebhookSent) -> None:
        """Called once for each delivery attempt, redeliveries and injected duplicates included."""
