"""The queue's values.  Times are aware and in UTC; ``seq`` numbers the deliveries in their order of arrival."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.domain.errors import RetryLater
from bot.domain.references import Delivery, DeliveryId


class State(StrEnum):
    """The state of a delivery."""

    QUEUED = "queued"
    """Waits for its turn, or for ``next_at``."""
    RUNNING = "running"
    """Claimed by a worker; after a crash it is queued again."""
    DONE = "done"
    SUPERSEDED = "superseded"
    """A newer delivery for the same thing replaced it before it began."""
    DEAD = "dead"
    """Given up, with the reason; ``ssot jobs retry`` queues it again."""
    IGNORED = "ignored"
    """Nothing to do: the bot does not handle its action, installation or repository."""

    @property
    def finished(self) -> bool:
        return self not in (State.QUEUED, State.RUNNING)


# --- the result of a put ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The delivery is on disk under this number."""

    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A delivery with this GUID was stored before; nothing changed."""

    seq: int


# --- what a delivery is for (decided after the acknowledgement) --------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """``key`` is the partition, e.g. ``repo:77#12``: its jobs run one after the other, in order of arrival.

    It names a repository by its id, for ids last and names do not.
    """

    key: str
    action: str = ""
    """The payload's ``action``, for people and for ``newest_wins``."""
    repository: tuple[int, str] | None = field(default=None, compare=False)
    """The id in ``key``, and what the repository was called when the delivery was written: shown to people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Nothing to do, and why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """The payload does not have the form of its event: kept as a dead letter, with the reason.

    Its routing says so, or its run: routing reads no more than it needs.
    """

    reason: str


Route = Work | Ignored | Unreadable
Router = Callable[[str, bytes], Route]
"""Pure: ``(event, body)`` to a route.  It reads untrusted JSON, so it answers ``Unreadable`` and does not raise."""


# --- a job and its run ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row without its body."""

    seq: int
    id: DeliveryId
    event: str
    received_at: datetime
    state: State = State.QUEUED
    key: str | None = None
    """``None`` until it is routed."""
    place: str | None = None
    """``key`` with the name that the repository has now, as far as deliveries told: for people."""
    action: str = ""
    attempts: int = 0
    """Runs that began and neither finished nor were postponed."""
    next_at: datetime | None = None
    """When it runs again after a run that failed or was postponed; until then it holds its partition."""
    not_before: datetime | None = None
    """When a task may run first: until then it is in no partition."""
    started_at: datetime | None = None
    """When its last run began; ``None`` while it waits, and for what ended without a run."""
    finished_at: datetime | None = None
    reason: str | None = None

    @property
    def due(self) -> datetime | None:
        """It does not run before this time; ``None``: at once."""
        return max((time for time in (self.next_at, self.not_before) if time is not None), default=None)


class RunOutcome(StrEnum):
    """What became of a run after which the job was queued again."""

    FAILED = "failed"
    POSTPONED = "postponed"
    """It has to wait, or the server stopped: the run does not count."""
    INTERRUPTED = "interrupted"
    """The process ended during it."""
    DONE = "done"
    SUPERSEDED = "superseded"
    DEAD = "dead"
    IGNORED = "ignored"
    """These four: the job had ended, and somebody queued it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """A run of a job that was queued again afterwards."""

    began: datetime | None
    """``None``: it ended without a run, or an older version ran it."""
    ended: datetime
    outcome: RunOutcome
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs are asked for: those that fit all that is given."""

    states: frozenset[State] = frozenset(State)
    event: str | None = None
    key: str | None = None
    """Of this partition."""
    repositories: frozenset[int] | None = None
    """Of one of these, by id; ``None``: of any, or of none."""
    before: int | None = None
    """Only lower numbers than this."""
    oldest_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The work is done; ``summary`` is a few words for the job list."""

    summary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """The work was not finished: a newer delivery does it."""

    reason: str


Outcome = Done | Ignored | Superseded | Unreadable


class Lease(Protocol):
    """A running job's right to act; checked before each effect."""

    @property
    def job(self) -> Job: ...

    def held(self) -> bool:
        """False once the deadline has passed, or another process may soon take over the job: write nothing more.

        Then return ``Superseded``: the next run does the work.
        """
        ...

    def newer_waits(self) -> bool:
        """True when a newer delivery that supersedes this one is queued."""
        ...


def require_held(lease: Lease, now: datetime) -> None:
    """Before a write.  Raises ``RetryLater``: the next run, which may begin at once, does the work."""
    if not lease.held():
        raise RetryLater(at=now, reason="the deadline of this run has passed")


Handle = Callable[[Delivery, Lease], Awaitable[Outcome]]
"""Runs one delivery.  ``RetryLater`` waits durably, ``Gone`` is done, any other exception counts as a failed try."""
