"""The durable queue: every acknowledged delivery is a row, and every row ends in a final state with a reason.

``Inbox.put`` stores a delivery and returns once it is on disk; the ``Worker`` then runs it: one at a time for
each pull request or issue, oldest first, others in parallel.  ``Store`` and ``Worker`` are the interface.  They are
implemented for SQLite, which serves one process, and in ``bot.jobs.postgres`` for several servers that share the work.
"""

from bot.jobs.inbox import Inbox
from bot.jobs.late import look_again_at
from bot.jobs.model import (
    Accepted,
    Done,
    Duplicate,
    Handle,
    Ignored,
    Job,
    JobFilter,
    Lease,
    Outcome,
    PastRun,
    Route,
    Router,
    RunOutcome,
    State,
    Superseded,
    Unreadable,
    Work,
    require_held,
)
from bot.jobs.opening import store_of, worker_of
from bot.jobs.retry import Policy
from bot.jobs.sqlite import SqliteStore
from bot.jobs.store import Store, StoreCorrupt, StoreInUse, StoreUnavailable
from bot.jobs.worker import Worker, WorkerLimits

__all__ = [
    "Accepted",
    "Done",
    "Duplicate",
    "Handle",
    "Ignored",
    "Inbox",
    "Job",
    "JobFilter",
    "Lease",
    "Outcome",
    "PastRun",
    "Policy",
    "Route",
    "Router",
    "RunOutcome",
    "SqliteStore",
    "State",
    "Store",
    "StoreCorrupt",
    "StoreInUse",
    "StoreUnavailable",
    "Superseded",
    "Unreadable",
    "Work",
    "Worker",
    "WorkerLimits",
    "look_again_at",
    "require_held",
    "store_of",
    "worker_of",
]
