"""The Prometheus metrics.  The registry is the app's own: a second app in the same process counts separately."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from bot.github.traffic import Answered
from bot.jobs import Job, State
from bot.jobs.worker import Stats

ACK_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
JOB_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)


class Metrics:
    """Also the worker's ``Observer``."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._deliveries = self._counter(
            "ssot_deliveries", "Signed deliveries by event and outcome", "event", "outcome"
        )
        self._refused = self._counter("ssot_webhook_refused", "Webhook requests refused, by status", "status")
        self._keys = self._counter("ssot_signature_key", "Deliveries by the secret that signed them", "index")
        self._ended = self._counter(
            "ssot_jobs_ended", "Deliveries that reached a final state, by event and state", "event", "state"
        )
        self._failures = self._counter("ssot_job_failures", "Runs that failed or were postponed", "event")
        self._attempts = self._counter("ssot_job_attempts", "Runs that were started", "event")
        self.ack_seconds = Histogram(
            "ssot_ack_seconds",
            "Seconds from the request's headers to the 202",
            buckets=ACK_BUCKETS,
            registry=self.registry,
        )
        self._start_delay = Histogram(
            "ssot_start_delay_seconds",
            "Seconds from arrival to the start of a run",
            buckets=ACK_BUCKETS,
            registry=self.registry,
        )
        self._job_seconds = Histogram(
            "ssot_job_seconds", "Seconds from arrival to the final state", buckets=JOB_BUCKETS, registry=self.registry
        )

        self._stored = Gauge("ssot_jobs", "Deliveries in the database by state", ["state"], registry=self.registry)
        self._requests = self._counter(
            "ssot_github_requests", "Responses of GitHub's API by identity and status", "identity", "status"
        )
        self._remaining = Gauge(
            "ssot_github_rate_remaining",
            "Requests left in GitHub's rate limit",
            ["identity", "resource"],
            registry=self.registry,
        )

    def watch(self, stats: Callable[[], Stats]) -> None:
        """Show the queue as it is at each scrape."""
        self._gauge("ssot_queue_depth", "Deliveries waiting to run", lambda: stats().waiting)
        self._gauge("ssot_queue_running", "Jobs running", lambda: stats().running)
        self._gauge(
            "ssot_queue_oldest_age_seconds", "Age of the oldest unfinished delivery", lambda: _age(stats().oldest)
        )

    def watch_scanner(self, exits: Callable[[], Mapping[str, int]]) -> None:
        """Show how the scanner's tasks ended: ``ok``, or what killed them."""
        self.registry.register(_Exits(exits))

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)

    def delivery(self, event: str, outcome: str) -> None:
        self._deliveries(event, outcome).inc()

    def refused(self, status: int) -> None:
        self._refused(str(status)).inc()

    def signed_by(self, index: int) -> None:
        self._keys(str(index)).inc()

    def stored(self, counts: Mapping[State, int]) -> None:
        """How many deliveries the database has in each state."""
        for state, count in counts.items():
            self._stored.labels(state.value).set(count)

    def github(self, answered: Answered) -> None:
        """An ``Onlooker`` of ``bot.github``."""
        self._requests(answered.identity, str(answered.status)).inc()
        if answered.remaining is not None:
            self._remaining.labels(answered.identity, answered.resource).set(answered.remaining)

    def started(self, job: Job, waited: float) -> None:
        self._attempts(job.event).inc()
        self._start_delay.observe(max(waited, 0.0))

    def failed(self, job: Job, reason: str) -> None:
        self._failures(job.event).inc()

    def ended(self, job: Job, state: State, seconds: float) -> None:
        self._ended(job.event, state.value).inc()
        self._job_seconds.observe(max(seconds, 0.0))

    def _counter(self, name: str, text: str, *labels: str) -> Callable[..., Counter]:
        """What gives the counter of some labels; the library looks for it under a lock, several times a delivery."""
        return cache(Counter(name, text, labels, registry=self.registry).labels)

    def _gauge(self, name: str, text: str, value: Callable[[], float]) -> None:
        Gauge(name, text, registry=self.registry).set_function(value)


class _Exits(Collector):
    """The scanner's own counts."""

    def __init__(self, exits: Callable[[], Mapping[str, int]]) -> None:
        self._exits = exits

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily("ssot_scanner_exits", "Scanner tasks by how they ended", labels=["cause"])
        for cause, count in self._exits().items():
            family.add_metric([cause], count)
        yield family


def _age(moment: datetime | None) -> float:
    return max((datetime.now(UTC) - moment).total_seconds(), 0.0) if moment else 0.0
