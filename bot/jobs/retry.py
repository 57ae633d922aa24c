"""What happens after a failed run.  Pure: a decision from values."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.errors import RetryLater


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The back-off schedule: ``first * factor ** n``, at most ``longest``, for ``tries`` runs in all."""

    tries: int = 5
    deaths: int = 25
    """Runs in which the process may die.  More than ``tries``: a crash also ends the jobs that ran beside its cause."""
    first: timedelta = timedelta(seconds=2)
    factor: float = 5.0
    longest: timedelta = timedelta(minutes=10)
    patience: timedelta = timedelta(days=2)
    """How long after its arrival a job may be postponed; GitHub's own redelivery reaches back 3 days."""

    redact: Callable[[str], str] = str
    """Removes secrets from a reason before it is stored: it may quote foreign error messages."""

    def pause(self, failures: int) -> timedelta:
        """The wait after the ``failures``-th failed run (from 1)."""
        seconds = self.first.total_seconds() * self.factor ** min(failures - 1, 32)
        return min(timedelta(seconds=min(seconds, self.longest.total_seconds())), self.longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Run it again, not before ``at``.  ``counts`` says whether this run counts as a failed try."""

    at: datetime
    reason: str
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """Make it a dead letter."""

    reason: str


def decide(
    error: BaseException, *, attempts: int, received_at: datetime, now: datetime, policy: Policy
) -> Again | GiveUp:
    """What to do with a job whose ``attempts``-th run (from 1, this one included) ended in ``error``."""
    reason = policy.redact(describe(error))
    match error:
        case RetryLater(at=at) if now - received_at > policy.patience:
            return GiveUp(reason=f"still waiting after {policy.patience}: {reason} ({at.isoformat()})")
        case RetryLater(at=at):
            return Again(at=max(at, now), reason=reason, counts=False)
        case _ if attempts >= policy.tries:
            return GiveUp(reason=f"failed {attempts} times: {reason}")
        case _:
            return Again(at=now + policy.pause(attempts), reason=reason, counts=True)


def describe(error: BaseException, limit: int = 500) -> str:
    """The error as one short line."""
    text = " ".join(str(error).split())
    name = type(error).__name__
    return (f"{name}: {text}" if text else name)[:limit]
