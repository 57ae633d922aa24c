"""Rate limits: the headers of every answer, and the refusals.

https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.sandbox.errors import ApiError, QueryRefused
from bot.sandbox.world import Clock, Obj

WINDOW = timedelta(hours=1)
LIMITS = {"core": 5_000, "search": 30, "graphql": 5_000}
WINDOWS = {"core": timedelta(hours=1), "search": timedelta(minutes=1), "graphql": timedelta(hours=1)}
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID."
)


@dataclass(slots=True)
class Bucket:
    """What one identity has used of one resource in the running window."""

    reset: datetime
    used: int = 0


@dataclass(slots=True)
class Limits:
    """The accounts of all identities.  The fields may be changed while the sandbox runs."""

    clock: Clock
    quotas: dict[str, int] = field(default_factory=lambda: dict(LIMITS))
    """Resource → requests in its window."""
    own_quotas: dict[tuple[str, str], int] = field(default_factory=dict)
    """The same of one identity, where it has another: GitHub gives larger installations more."""
    writes_per_minute: int | None = None
    """Content-creating requests a minute and identity before the secondary limit; GitHub documents 80."""
    writes_per_hour: int | None = None
    """The same for an hour; GitHub documents 500."""
    concurrent: int | None = None
    """Requests at the same time and identity before the secondary limit; GitHub documents 100."""
    graphql_status: int = 200
    """Of the answer once GraphQL's quota is used up: GitHub sends 200 or 403."""
    graphql_nodes: int | None = None
    """What one GraphQL query may ask for before GitHub finds it too large; it does not say how much that is."""
    _buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)
    _writes: defaultdict[str, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))
    _open: Counter[str] = field(default_factory=Counter)
    most_at_once: Counter[str] = field(default_factory=Counter)
    """The most requests that each identity had open at the same time."""

    def quota(self, identity: str, resource: str) -> int:
        return self.own_quotas.get((identity, resource), self.quotas[resource])

    @contextmanager
    def opened(self, identity: str) -> Iterator[None]:
        """A request is open, from its arrival to its answer."""
        self._open[identity] += 1
        self.most_at_once[identity] = max(self.most_at_once[identity], self._open[identity])
        try:
            yield
        finally:
            self._open[identity] -= 1

    def refuse_too_many(self, identity: str) -> None:
        """403 where more requests are open than GitHub allows."""
        if self.concurrent is not None and self._open[identity] > self.concurrent:
            raise _secondary(timedelta(minutes=1))

    def bucket(self, identity: str, resource: str) -> Bucket:
        now = self.clock()
        found = self._buckets.get((identity, resource))
        if found is None or now >= found.reset:
            found = self._buckets[identity, resource] = Bucket(now + WINDOWS[resource])
        return found

    def count(self, identity: str, resource: str) -> None:
        """Charge one request.  403 once the quota is used up."""
        bucket = self.bucket(identity, resource)
        if bucket.used >= self.quota(identity, resource):
            if resource == "graphql":
                raise QueryRefused(
                    self.graphql_status, "RATE_LIMITED", f"API rate limit exceeded for {identity}.",
                    self.headers(identity, resource),
                )  # fmt: skip
            message = f"API rate limit exceeded for {identity}."
            raise ApiError(403, message, headers=self.headers(identity, resource))
        bucket.used += 1

    def use_up(self, identity: str, resource: str) -> None:
        """A window begins in which nothing is left."""
        self._buckets[identity, resource] = Bucket(self.clock() + WINDOWS[resource], self.quota(identity, resource))

    def refund(self, identity: str, resource: str) -> None:
        """Take a charge back: a 304 costs nothing."""
        self.bucket(identity, resource).used -= 1

    def count_write(self, identity: str) -> None:
        """Charge a content-creating request.  403 with ``retry-after`` past the secondary limit."""
        now, times = self.clock(), self._writes[identity]
        while times and times[0] <= now - WINDOW:
            times.popleft()
        recent = [at for at in times if at > now - timedelta(minutes=1)]
        if self.writes_per_minute is not None and len(recent) >= self.writes_per_minute:
            raise _secondary(recent[0] + timedelta(minutes=1) - now)
        if self.writes_per_hour is not None and len(times) >= self.writes_per_hour:
            raise _secondary(times[0] + WINDOW - now)
        times.append(now)

    def headers(self, identity: str, resource: str) -> dict[str, str]:
        figures = self.figures(identity, resource)
        return {
            **{f"x-ratelimit-{name}": str(value) for name, value in figures.items()},
            "x-ratelimit-resource": resource,
        }

    def figures(self, identity: str, resource: str) -> Obj:
        bucket, limit = self.bucket(identity, resource), self.quota(identity, resource)
        used = min(bucket.used, limit)
        return {"limit": limit, "remaining": limit - used, "reset": int(bucket.reset.timestamp()), "used": used}


def quota_of(repositories: int) -> int:
    """What GitHub gives an installation on an organization's ``repositories`` in an hour; its users are left out.

    https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#primary-rate-limit-for-github-app-installations
    """
    return min(5_000 + 50 * max(repositories - 20, 0), 12_500)


def _secondary(wait: timedelta) -> ApiError:
    return ApiError(403, SECONDARY, headers={"retry-after": str(max(int(wait.total_seconds()), 1))})
