"""What the worker reports to the metrics."""

from typing import Protocol

from bot.jobs.model import Job, State


class Observer(Protocol):
    """Called in the event loop; must not block or raise."""

    def started(self, job: Job, waited: float) -> None:
        """A run begins, ``waited`` seconds after the delivery arrived."""
        ...

    def failed(self, job: Job, reason: str) -> None:
        """A run failed, or was postponed, and will be tried again."""
        ...

    def ended(self, job: Job, state: State, seconds: float) -> None:
        """A delivery reached a final state, ``seconds`` after it arrived."""
        ...


class Quiet:
    """Ignores everything."""

    def started(self, job: Job, waited: float) -> None:
        return

    def failed(self, job: Job, reason: str) -> None:
        return

    def ended(self, job: Job, state: State, seconds: float) -> None:
        return
