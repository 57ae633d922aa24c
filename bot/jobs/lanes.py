"""The order of the waiting jobs, in memory: one lane for each partition key, first in first out.

No clock and no I/O: times are arguments.  A lane's head blocks its lane, so that a job that waits for a rate
limit is not overtaken by a later one for the same pull request.
"""

import heapq
from bisect import insort
from collections.abc import Iterator
from datetime import datetime

from bot.jobs.model import Job


class Lanes:
    """Which job may start next.  A key between ``take`` and ``free`` is busy: none of its jobs can be taken."""

    def __init__(self) -> None:
        self._lanes: dict[str, list[Job]] = {}
        self._busy: set[str] = set()
        self._seqs: set[int] = set()
        # Both heaps may hold entries that are no longer true; they are checked when they come to the top.
        self._ready: list[tuple[int, str]] = []
        self._asleep: list[tuple[datetime, int, str]] = []

    def __len__(self) -> int:
        return len(self._seqs)

    def __contains__(self, seq: int) -> bool:
        return seq in self._seqs

    def __iter__(self) -> Iterator[Job]:
        for lane in self._lanes.values():
            yield from lane

    def add(self, job: Job) -> None:
        """Put a routed job in its place: by ``seq``, whatever order they are added in."""
        lane = self._lanes.setdefault(_key(job), [])
        insort(lane, job, key=lambda other: other.seq)
        self._seqs.add(job.seq)
        if lane[0] is job:
            self._offer(_key(job))

    def take(self, now: datetime) -> Job | None:
        """The oldest job that is due and whose key is free; its key is busy from now on."""
        while self._asleep and self._asleep[0][0] <= now:
            _, seq, key = heapq.heappop(self._asleep)
            heapq.heappush(self._ready, (seq, key))
        while self._ready:
            seq, key = heapq.heappop(self._ready)
            head = self._head(key)
            if head is not None and head.seq == seq and (head.next_at is None or head.next_at <= now):
                self._busy.add(key)
                self._seqs.discard(seq)
                return self._lanes[key].pop(0)
        return None

    def free(self, key: str) -> None:
        """The key's running job has ended (and was added again, if it has to run again)."""
        self._busy.discard(key)
        self._offer(key)

    def waiting(self, key: str) -> tuple[Job, ...]:
        return tuple(self._lanes.get(key, ()))

    def drop(self, job: Job) -> None:
        """Forget a waiting job."""
        self._lanes[_key(job)].remove(job)
        self._seqs.discard(job.seq)
        self._offer(_key(job))

    def wake_at(self) -> datetime | None:
        """When the next sleeping job is due; ``None`` when no job sleeps."""
        while self._asleep:
            at, seq, key = self._asleep[0]
            head = self._head(key)
            if head is not None and (head.seq, head.next_at) == (seq, at):
                return at
            heapq.heappop(self._asleep)
        return None

    def _head(self, key: str) -> Job | None:
        """The first job of a lane that is not busy."""
        lane = self._lanes.get(key)
        return lane[0] if lane and key not in self._busy else None

    def _offer(self, key: str) -> None:
        head = self._head(key)
        if head is None:
            if not self._lanes.get(key):
                self._lanes.pop(key, None)
        elif head.next_at is None:
            heapq.heappush(self._ready, (head.seq, key))
        else:
            heapq.heappush(self._asleep, (head.next_at, head.seq, key))


def _key(job: Job) -> str:
    if job.key is None:
        raise ValueError(f"job {job.seq} is not routed")
    return job.key
