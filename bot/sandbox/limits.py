"""Rate limits: the headers of every answer, and the refusals.

https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from collections import defaultdict, deque
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
    writes_per_minute: int | None = None
    """Content-creating requests a minute and identity before the secondary limit; GitHub documents 80."""
    writes_per_hour: int | None = None
    """The same for an hour; GitHub documents 500."""
    graphql_status: int = 200
    """Of the answer once GraphQL's quota is used up: GitHub sends 200 or 403."""
    graphql_nodes: int | None = None
    """What one GraphQL query may ask for before GitHub finds it too large; it does not say how much that is."""
    _buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)
    _writes: defaultdict[str, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))

    def bucket(self, identity: str, resource: str) -> Bucket:
        now = self.clock()
        found = self._buckets.get((identity, resource))
        if found is None or now >= found.reset:
            found = self._buckets[identity, resource] = Bucket(now + WINDOWS[resource])
        return found

    def count(self, identity: str, resource: str) -> None:
        """Charge one request.  403 once the quota is used up."""
        bucket = self.bucket(identity, resource)
        if bucket.used >= self.quotas[resource]:
            if resource == "graphql":
                raise QueryRefused(
                    self.graphql_status, "RATE_LIMITED", f"API rate limit exceeded for {identity}.",
                    self.headers(identity, resource),
                )  # fmt: skip
            message = f"API rate limit exceeded for {identity}."
            raise ApiError(403, message, headers=self.headers(identity, resource))
        bucket.used += 1

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
        bucket, limit = self.bucket(identity, resource), self.quotas[resource]
        used = min(bucket.used, limit)
        return {"limit": limit, "remaining": limit - used, "reset": int(bucket.reset.timestamp()), "used": used}


def _secondary(wait: timedelta) -> ApiError:
    return ApiError(403, SECONDARY, headers={"retry-after": str(max(int(wait.total_seconds()), 1))})
