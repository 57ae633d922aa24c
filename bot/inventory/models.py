"""What is told about a branch: values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.finding import Failed, Finding, Skipped
from bot.domain.references import RepositoryId, Sha
from bot.domain.tracked import Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """The usages on a branch under two configurations, each by migration."""

    commit: Sha
    before: Mapping[str, tuple[Finding, ...]]
    after: Mapping[str, tuple[Finding, ...]]
    unread: tuple[Failed | Skipped, ...] = ()
    """Files that may hold more usages of the new one, and could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationProgress:
    """How far a repository is with one migration."""

    migration: str
    usages: int
    """Usages left on the default branch, without definitions and what a comment ignores."""
    files: int
    """The files that they are in."""
    tracking_issue: int | None
    history: tuple[Point, ...]
    """One point for each change of the number, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryProgress:
    """How far a repository is with its migrations, as its default branch was surveyed last."""

    repository: RepositoryId
    name: str
    """``owner/name``."""
    page: str
    """Its address."""
    branch: str
    surveyed: str
    """The key of the survey that is followed: see ``bot.inventory.store``."""
    at: datetime
    """When somebody looked last."""
    commit: Sha | None = None
    """``None``: under this configuration it was not surveyed yet, and the counts are older."""
    problem: str | None = None
    """Why it could not be surveyed the last time."""
    migrations: tuple[MigrationProgress, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationPulls:
    """The pull requests that the bot opened for one migration of a repository."""

    migration: str
    open: tuple[int, ...] = ()
    """Their numbers."""
    merged: int = 0
    closed: int = 0
    """Without a merge."""
