"""What runs the queue: the interface, which SQLite and PostgreSQL implement, and what both count."""

from collections.abc import Iterable, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from bot.jobs.clock import Clock, utc_now
from bot.jobs.model import Handle, Job, Router
from bot.jobs.observer import Observer, Quiet
from bot.jobs.retention import Retention
from bot.jobs.retry import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """``deadline``: how long one run may take; ``grace``: how long it may then take to end.  All in seconds."""

    concurrency: int = 40
    """Jobs at once.  They wait for GitHub most of the time, also for their turn to write: a second apart in each
    installation.  More than a burst brings: work that waits for a place is no further than work that waits for GitHub.
    No installation holds many of them, and rounds of all repositories a few: what would only wait is put off when it
    begins (``bot.github.admission``, ``bot.context.Background``)."""
    deadline: float = 300.0
    grace: float = 5.0
    tick: float = 5.0
    """Between two looks for what nobody told of: a job that a tool queued again, one that another server ended."""
    depth: int = 50_000
    """Waiting deliveries above which the inbox accepts no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """What a worker does with deliveries, whichever database they are in."""

    router: Router
    handle: Handle
    policy: Policy = field(default_factory=Policy)
    limits: WorkerLimits = field(default_factory=WorkerLimits)
    retention: Retention = field(default_factory=Retention)
    observer: Observer = field(default_factory=Quiet)
    clock: Clock = utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Counts of what this process received or runs."""

    waiting: int
    running: int
    delayed: int
    """Tasks that are not due yet; they do not count as waiting."""
    oldest: datetime | None
    """When the oldest unfinished delivery arrived."""


class Worker(Protocol):
    """Runs the deliveries of a store: one at a time in each partition, in order of arrival, others in parallel.

    ``start`` after the store is open, ``stop`` before it is closed; pass ``arrived`` and ``full`` to the inbox.
    """

    def arrived(self, job: Job, body: bytes | None) -> None:
        """A queued row exists; called in the event loop, in the order of ``seq``."""
        ...

    def full(self) -> bool: ...

    def stats(self) -> Stats: ...

    @property
    def alive(self) -> bool:
        """Started, not stopped, and not ended by a defect."""
        ...

    async def start(self) -> None:
        """Start, and run what was left by the last process.  Raises ``StoreUnavailable``."""
        ...

    async def stop(self, within: float = 7.0) -> None:
        """Start nothing new; give running jobs a quarter of ``within`` seconds to end, then queue them again."""
        ...

    async def run_now(self) -> None:
        """Make every waiting task due at once: for tests and the demo."""
        ...


class Backlog:
    """The unfinished deliveries that this process received or runs."""

    def __init__(self, depth: int, clock: Clock) -> None:
        self._depth, self._clock = depth, clock
        self.open: dict[int, Job] = {}

    def full(self) -> bool:
        return len(self.open) >= self._depth

    def age(self, job: Job) -> float:
        """Seconds since it arrived."""
        return (self._clock() - job.received_at).total_seconds()

    def all_due(self) -> None:
        self.open = {seq: replace(job, not_before=None) for seq, job in self.open.items()}

    def stats(self, running: Iterable[Job]) -> Stats:
        now, runs = self._clock(), list(running)
        held: Set[int] = {job.seq for job in runs}
        waiting = [job for seq, job in self.open.items() if seq not in held]
        due = [job for job in waiting if job.not_before is None or job.not_before <= now]
        return Stats(
            waiting=len(due),
            running=len(runs),
            delayed=len(waiting) - len(due),
            oldest=min((job.received_at for job in due + runs), default=None),
        )
