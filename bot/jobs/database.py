"""What the statements need of a connection, so that they are the same for SQLite and PostgreSQL."""

from collections.abc import Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...  # noqa: ANN401  # a row, or None
    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """In autocommit mode: transactions begin and end by statements.  Values stand for ``?``."""

    skip_locked: str
    """What a SELECT ends in, to take rows that another process does not work on at the moment."""

    def begin(self, *, durable: bool) -> None:
        """Begin a transaction; unless it is ``durable``, a power cut may undo it (with all that followed it)."""
        ...

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Cursor: ...
    def notify(self, message: str) -> None:
        """Tell the other processes, once the transaction is committed."""
        ...

    def close(self) -> None: ...


class Database(Protocol):
    """A kind of database at a place."""

    remote: bool
    """A connection may have been lost while nobody looked."""
    unavailable: tuple[type[Exception], ...]
    """It takes no writes now, or has gone away."""
    conflicts: tuple[type[Exception], ...]
    """Two transactions were in each other's way: done one by one the writes may well succeed."""
    faults: tuple[type[Exception], ...]
    """Whatever else the driver raises."""

    def connect(self) -> Connection: ...
