"""What records are, and what can be done with them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.errors import RetryLater

LONGEST_NAME = 40
"""Characters of a namespace."""
LONGEST_KEY = 400
"""Characters of a key."""


class RecordsUnavailable(RetryLater):
    """The database does not answer: locked, full, restarting.  The work waits, like everything that waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record without its value."""

    key: str
    version: str
    """Another one after every write, also after the record was deleted and made again."""
    size: int
    """Bytes."""
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record as it was read."""

    key: str
    value: bytes
    version: str
    written_at: datetime


class Records(Protocol):
    """Values by namespace and key.  Every method raises :class:`RecordsUnavailable`.

    Several processes may share the records: each call is one atomic step, and what a call returned from is on disk.
    Keys are compared and sorted by code point.  Names that are too long or hold a NUL are a ``ValueError``.
    """

    async def get(self, namespace: str, key: str) -> Record | None:
        """The record, or ``None``."""
        ...

    async def get_many(self, namespace: str, keys: Iterable[str]) -> Mapping[str, Record]:
        """The records that exist, by key."""
        ...

    async def entries(self, namespace: str, prefix: str = "") -> tuple[Entry, ...]:
        """What there is below ``prefix``, by key."""
        ...

    async def put(self, namespace: str, key: str, value: bytes) -> str:
        """Write, whatever was there; returns the new version."""
        ...

    async def put_many(self, namespace: str, values: Mapping[str, bytes]) -> None:
        """Write several records; if it breaks off, some of them stand and others do not."""
        ...

    async def swap(self, namespace: str, key: str, value: bytes, *, expected: str | None) -> str | None:
        """Write if the version is still ``expected`` (``None``: there is no record).

        Returns the new version, or ``None`` if somebody else was faster: then nothing was written.
        """
        ...

    async def delete(self, namespace: str, key: str) -> bool:
        """Whether there was one."""
        ...

    async def prune(
        self,
        namespace: str,
        *,
        prefix: str = "",
        older_than: timedelta | None = None,
        keep: int | None = None,
        keep_bytes: int | None = None,
    ) -> int:
        """Delete what was written longer ago than ``older_than``, then the oldest beyond ``keep`` or ``keep_bytes``.

        Returns how many are gone.
        """
        ...
