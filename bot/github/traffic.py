"""A report of each answer, for metrics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer of GitHub's.  https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"""

    identity: str
    """The installation's id, or ``app``."""
    status: int
    resource: str
    """Which quota it counted against, e.g. ``core``; empty when GitHub did not say."""
    remaining: int | None
    """What is left of that quota."""


Onlooker = Callable[[Answered], None]
"""Called in the event loop; must not block or raise."""


def answered(identity: str, status: int, headers: Mapping[str, str]) -> Answered:
    """``headers`` have lower-case names and were cleaned by ``bot.github.wire``."""
    remaining = headers.get("x-ratelimit-remaining", "")
    return Answered(
        identity=identity,
        status=status,
        resource=headers.get("x-ratelimit-resource", "")[:40],
        remaining=int(remaining) if remaining.isascii() and remaining.isdigit() else None,
    )


def nobody(_: Answered) -> None:
    """Counts nothing."""
