"""The stored history of a tracked migration: its usages over time, and who added the last ones."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from msgspec import Struct

from bot.domain.references import RepoRef, RepositoryId, Sha
from bot.domain.tracked import Origin, Point, Snapshot, TrackedFacts, usages_of
from bot.storage import Storage, codec

NAMESPACE = "tracker"
_POINTS = 2_000
"""Points of the burn-down; when there are more, every other one of the older half goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerRecord:
    """Of one migration on one issue."""

    written: bool = False
    """The section was written into the issue once."""
    damaged: bool = False
    """People broke it since, and were told that they can delete what is left: then it is written again."""
    last: Snapshot | None = None
    """The state that was written last, and the one of another commit before it."""
    before: Snapshot | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()
    """Every path that ever had usages."""
    history: tuple[Point, ...] = ()
    page: str = ""
    """The address of the issue; empty before anything was recorded."""

    def compared_with(self, commit: Sha) -> Snapshot | None:
        """The last state of another commit."""
        return self.before if self.last is not None and self.last.commit == commit else self.last

    def after(self, facts: TrackedFacts, migration: str) -> "TrackerRecord":
        """The record once the section shows these facts."""
        counts = Counter(finding.path for finding in usages_of(facts, migration))
        now = Snapshot(commit=facts.commit, at=facts.committed_at, usages=dict(counts))
        point = Point(at=facts.committed_at, commit=facts.commit, usages=counts.total())
        same = self.last is not None and self.last.commit == facts.commit
        return replace(
            self,
            written=True,
            damaged=False,
            last=now,
            before=self.compared_with(facts.commit),
            origins={path: origin for path, origin in facts.origins.items() if path in counts},
            seen=self.seen | counts.keys(),
            history=self.history if same and self.history else thinned((*self.history, point)),
            page=f"{facts.repository_url}/issues/{facts.issue}",
        )


def thinned(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The points, fewer of the older ones when there are too many."""
    if len(points) <= _POINTS:
        return points
    half = len(points) // 2
    return (*points[:half:2], *points[half:])


async def load(storage: Storage, repo: RepoRef, issue: int, migration: str) -> TrackerRecord:
    found = await storage.get(NAMESPACE, _key(repo, issue, migration))
    return TrackerRecord() if found is None else _decode(found.value)


async def save(storage: Storage, repo: RepoRef, issue: int, migration: str, record: TrackerRecord) -> None:
    await storage.put(NAMESPACE, _key(repo, issue, migration), _encode(record))


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnDown:
    """The number of usages of a tracked migration over time."""

    page: str
    """The address of its tracking issue."""
    migration: str
    history: tuple[Point, ...]
    """Oldest first, never empty."""
    repository: RepositoryId | None = None


async def burn_downs(storage: Storage) -> Sequence[BurnDown]:
    """Of all tracked migrations, sorted.  Raises ``StorageUnavailable``."""
    entries = await storage.entries(NAMESPACE)
    found = await storage.get_many(NAMESPACE, (entry.key for entry in entries))
    read = ((key.split("/", 2), _decode(record.value)) for key, record in found.items())
    charts = (
        BurnDown(page=r.page, migration=name, history=r.history, repository=RepositoryId(int(repository)))
        for (repository, _, name), r in read
        if r.history
    )
    return sorted(charts, key=lambda chart: (chart.page, chart.migration))


def _key(repo: RepoRef, issue: int, migration: str) -> str:
    return f"{repo.id}/{issue}/{migration}"


class _Stored(Struct):
    """A record as its JSON: rows of every version hold these keys."""

    written: bool
    last: Snapshot | None
    before: Snapshot | None
    origins: dict[str, tuple[Sha, str, int | None]]
    """Path to commit, author and pull request."""
    seen: frozenset[str]
    page: str
    history: tuple[tuple[datetime, Sha, int], ...]
    """When, commit, number of usages."""
    damaged: bool = False
    """Rows of older versions do not have it."""


def _encode(record: TrackerRecord) -> bytes:
    return codec.dump(
        _Stored(
            written=record.written,
            damaged=record.damaged,
            last=record.last,
            before=record.before,
            origins={path: (o.commit, o.author, o.pull) for path, o in record.origins.items()},
            seen=record.seen,
            page=record.page,
            history=tuple((point.at, point.commit, point.usages) for point in record.history),
        )
    )


def _decode(value: bytes) -> TrackerRecord:
    """Raises ``ValueError``."""
    stored = codec.load(value, _Stored)
    return TrackerRecord(
        written=stored.written,
        damaged=stored.damaged,
        last=stored.last,
        before=stored.before,
        origins={
            path: Origin(commit=commit, author=author, pull=pull)
            for path, (commit, author, pull) in stored.origins.items()
        },
        seen=stored.seen,
        page=stored.page,
        history=tuple(Point(at=at, commit=commit, usages=usages) for at, commit, usages in stored.history),
    )
