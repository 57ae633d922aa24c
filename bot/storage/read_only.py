"""The storage for a dry run: what is there can be read, nothing is written."""

from datetime import timedelta
from typing import TypeVar

from bot.storage.storage import Change, Storage

T = TypeVar("T")


class ReadOnlyStorage(Storage):
    """Reads of an open storage, on its connections; each write is accepted and forgotten."""

    def __init__(self, storage: Storage) -> None:
        self._engine, self._pin, self._clock = storage._engine, storage._pin, storage._clock
        self._monotonic = storage._monotonic
        self._passing, self._offset = storage._passing, storage._offset
        self._reads, self._writes = storage._reads, storage._writes

    async def put(self, namespace: str, key: str, value: bytes) -> str:
        return ""

    async def delete(self, namespace: str, key: str) -> bool:
        return False

    async def prune(
        self,
        namespace: str,
        *,
        prefix: str = "",
        older_than: timedelta | None = None,
        keep: int | None = None,
        keep_bytes: int | None = None,
    ) -> int:
        return 0

    async def update(self, name: str, change: Change[T]) -> T:
        """The result that the change would have."""
        _, result = change(*await self.read(name))
        return result
