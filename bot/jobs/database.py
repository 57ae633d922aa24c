"""What the SQL statements need from a connection, so that they are the same for SQLite and PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from bot.jobs.store import StoreUnavailable


class ConnectionStale(StoreUnavailable):
    """The connection is to be made anew: what it sees is no longer what is stored."""


class Cursor(Protocol):
    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...  # noqa: ANN401  # a row, or None
    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """In autocommit mode: transactions begin and end by statements.  ``?`` is the placeholder of a value."""

    jobs: str
    """The table or view that shows the deliveries with their state."""
    time: str
    """The expression of a time to wait for, of what :meth:`until` gives."""

    def until(self, at: datetime | None, now: datetime) -> float | None:
        """A time to wait for, ``now`` by the clock that ``at`` is told by; a server's may be wrong, and may jump."""
        ...

    def begin(self, *, durable: bool) -> None:
        """Begin a transaction; unless it is ``durable``, a power cut may undo it (with all that followed it)."""
        ...

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Cursor: ...
    def commit(self) -> None:
        """End the transaction; what it wrote is stored once this returns."""
        ...

    def retry(self, seq: int) -> bool:
        """Queue a finished delivery again with no attempts; False when it is not finished."""
        ...

    def close(self) -> None: ...


class Database(Protocol):
    """A kind of database and its address."""

    remote: bool
    """An idle connection may have been lost."""
    unavailable: tuple[type[Exception], ...]
    """It accepts no writes now, or is gone."""
    conflicts: tuple[type[Exception], ...]
    """Two transactions conflicted: one by one the writes may succeed."""
    faults: tuple[type[Exception], ...]
    """Whatever else the driver raises."""

    def connect(self) -> Connection: ...
