"""The stored values, and their names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.errors import RetryLater

Document = Mapping[str, Any]
"""A JSON object."""

LONGEST_NAMESPACE = 40
"""Characters."""
LONGEST_KEY = 400
"""Characters."""
LONGEST_NAME = 200
"""Characters of a document's name."""


class StorageUnavailable(RetryLater):
    """The database does not answer: locked, full, restarting.  The job is tried again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record without its value."""

    key: str
    version: str
    """Differs after every write, also after the record was deleted and created again."""
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


def check_keys(namespace: str, *keys: str) -> None:
    """Raises ``ValueError`` for names that a database cannot hold or a person cannot read."""
    if not namespace or len(namespace) > LONGEST_NAMESPACE:
        raise ValueError(f"a namespace has 1 to {LONGEST_NAMESPACE} characters: {namespace[:80]!r}")
    for key in keys:
        if len(key) > LONGEST_KEY or "\0" in key or not key.isprintable():
            raise ValueError(f"not a key: {key[:80]!r}")


def check_name(name: str) -> None:
    """The same for the name of a document."""
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"not a document's name: {name[:80]!r}")
