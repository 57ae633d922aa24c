"""The first page: what is stuck, what is being done, what is left, and the newest deliveries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from aiohttp import web

from bot import __version__
from bot.inventory.models import RepositoryProgress
from bot.inventory.progress import KnownProgress
from bot.jobs.model import Job, State
from bot.onboarding.models import OnboardingNote
from bot.tracker.record import BurnDown
from bot.web.rendering import as_json, iso, page
from bot.web.status.jobs import FOLDED, JobView, is_slow, views_of
from bot.web.status.migrations import MigrationView, migrations

SHOWN_JOBS = 50
SHOWN_RECENT = 20
"""Of those, without what had nothing to do."""
SHOWN_DEAD = 20
SHOWN_WAITING = 20
SHOWN_MIGRATIONS = 50
SHOWN_CHARTS = 6
SHOWN_PROBLEMS = 50
LOOKED_AT = 500
"""Unfinished jobs, the oldest, among which the stuck ones are looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the page is made of."""

    fault: str | None
    """Why no delivery can be accepted now; ``None`` when all is well."""
    counts: Mapping[State, int]
    dead: Sequence[Job]
    """The newest dead letters."""
    recent: Sequence[Job]
    """The newest deliveries."""
    unfinished: Sequence[Job] = ()
    """Those that wait or run, oldest first."""
    now: datetime
    burn_downs: Sequence[BurnDown] = ()
    progress: Sequence[KnownProgress] = ()
    lacking: Sequence[str] = ()
    """A sentence for each installation that has not granted all that the bot needs."""
    onboardings: Sequence[OnboardingNote] = ()
    """The onboarding pull requests that are open, or that GitHub refuses."""
    site: str = "https://github.com"
    """Where people see the same GitHub."""

    @property
    def problems(self) -> Sequence[RepositoryProgress]:
        """The repositories that could not be surveyed, as many as are shown."""
        found = (each.repository for each in self.progress if each.repository.problem is not None)
        return list(islice(found, SHOWN_PROBLEMS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """The unfinished jobs by what an operator wants to know of them; each is in one of the lists."""

    running: list[JobView]
    waiting: list[JobView]
    """By when they may run."""
    retrying: list[JobView]
    slow: list[JobView]
    oldest: datetime | None
    """Arrival of the oldest one that has nothing to wait for."""


def sort_out(jobs: Sequence[Job], now: datetime, site: str) -> Sorted:
    slow = [job for job in jobs if is_slow(job, now)]
    others = [job for job in jobs if not is_slow(job, now)]
    queued = [job for job in others if job.state is State.QUEUED]
    retrying = [job for job in queued if _is_put_off(job)]
    waiting = [job for job in queued if not _is_put_off(job)]
    due = [job.received_at for job in jobs if job.due is None or job.due <= now or job.state is State.RUNNING]
    return Sorted(
        running=views_of([job for job in others if job.state is State.RUNNING], site),
        waiting=views_of(sorted(waiting, key=lambda job: (job.due or job.received_at, job.seq)), site),
        retrying=views_of(retrying, site),
        slow=views_of(slow, site),
        oldest=min(due, default=None),
    )


def _is_put_off(job: Job) -> bool:
    """Whether a queued job waits for another try."""
    return job.next_at is not None and bool(job.reason)


def status_page(status: Status) -> web.Response:
    """The page as HTML."""
    found, left, now = _of(status), migrations(status.progress, status.burn_downs), status.now
    recent = views_of(status.recent, status.site)
    return page(
        "status.html",
        fault=status.fault,
        version=__version__,
        now=now,
        oldest=found.oldest,
        counts={state.value: status.counts.get(state, 0) for state in State},
        dead=views_of(status.dead, status.site),
        running=found.running[:SHOWN_WAITING],
        waiting=found.waiting[:SHOWN_WAITING],
        retrying=found.retrying[:SHOWN_WAITING],
        slow=found.slow[:SHOWN_WAITING],
        problems=status.problems,
        lacking=status.lacking[:SHOWN_PROBLEMS],
        onboardings=status.onboardings[:SHOWN_PROBLEMS],
        migrations=left[:SHOWN_MIGRATIONS],
        more_migrations=max(0, len(left) - SHOWN_MIGRATIONS),
        charted=list(islice((each for each in left if each.history), SHOWN_CHARTS)),
        recent=[job for job in recent if job.state not in FOLDED][:SHOWN_RECENT],
        folded=[job for job in recent if job.state in FOLDED],
    )


def status_json(status: Status) -> web.Response:
    """The same for programs."""
    found, left = _of(status), migrations(status.progress, status.burn_downs)
    return as_json(
        {
            "version": 1,
            "program": __version__,
            "now": iso(status.now),
            "accepting": status.fault is None,
            "fault": status.fault,
            "counts": {state.value: status.counts.get(state, 0) for state in State},
            "oldest_unfinished_at": iso(found.oldest) if found.oldest else None,
            "dead": _documents(views_of(status.dead, status.site)),
            "retrying": _documents(found.retrying[:SHOWN_WAITING]),
            "slow": _documents(found.slow[:SHOWN_WAITING]),
            "running": _documents(found.running[:SHOWN_WAITING]),
            "waiting": _documents(found.waiting[:SHOWN_WAITING]),
            "recent": _documents(views_of(status.recent, status.site)),
            "problems": [
                {"repository": each.name, "url": each.page, "reason": each.problem} for each in status.problems
            ],
            "not_granted": list(status.lacking[:SHOWN_PROBLEMS]),
            "onboarding": [
                {"repository": each.repository, "url": each.page, "pull_request": each.number, "refused": each.refused}
                for each in status.onboardings[:SHOWN_PROBLEMS]
            ],
            "migrations": [each.document() for each in left[:SHOWN_MIGRATIONS]],
        }
    )


def _of(status: Status) -> Sorted:
    return sort_out(status.unfinished, status.now, status.site)


def _documents(views: Sequence[JobView]) -> list[dict[str, Any]]:
    return [view.document() for view in views]


def migration_named(status: Sequence[KnownProgress], tracked: Sequence[BurnDown], name: str) -> MigrationView | None:
    """One of them."""
    return next((each for each in migrations(status, tracked) if each.name == name), None)
