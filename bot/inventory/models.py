"""What is told about a branch: values."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.finding import Failed, Finding, Skipped
from bot.domain.references import Sha


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """The usages on a branch under two configurations, each by migration."""

    commit: Sha
    before: Mapping[str, tuple[Finding, ...]]
    after: Mapping[str, tuple[Finding, ...]]
    unread: tuple[Failed | Skipped, ...] = ()
    """Files that may hold more usages of the new one, and could not be read."""
