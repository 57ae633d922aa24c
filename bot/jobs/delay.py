"""Jobs whose own time has not come: they are in no lane, so that nobody waits behind them.  No clock and no I/O."""

import heapq
from collections.abc import Iterator
from datetime import datetime

from bot.jobs.model import Job


class Delayed:
    """``add`` takes jobs with a ``not_before``."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Job]] = []
        self._seqs: set[int] = set()

    def __len__(self) -> int:
        return len(self._heap)

    def __contains__(self, seq: int) -> bool:
        return seq in self._seqs

    def add(self, job: Job) -> None:
        if job.not_before is None:
            raise ValueError(f"job {job.seq} has no time of its own")
        self._seqs.add(job.seq)
        heapq.heappush(self._heap, (job.not_before, job.seq, job))

    def due(self, now: datetime | None) -> Iterator[Job]:
        """Take out those whose time has come, the earliest first; all of them when ``now`` is ``None``."""
        while self._heap and (now is None or self._heap[0][0] <= now):
            _, seq, job = heapq.heappop(self._heap)
            self._seqs.discard(seq)
            yield job

    def wake_at(self) -> datetime | None:
        return self._heap[0][0] if self._heap else None
