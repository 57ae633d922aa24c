"""Records for a dry run: what is there can be read, nothing is written."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from bot.records.model import Entry, Record, Records


class ReadOnlyRecords:
    """Reads of other records; each write is accepted and forgotten.  See :class:`Records` for the contract."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def get(self, namespace: str, key: str) -> Record | None:
        return await self._records.get(namespace, key)

    async def get_many(self, namespace: str, keys: Iterable[str]) -> Mapping[str, Record]:
        return await self._records.get_many(namespace, keys)

    async def entries(self, namespace: str, prefix: str = "") -> tuple[Entry, ...]:
        return await self._records.entries(namespace, prefix)

    async def put(self, namespace: str, key: str, value: bytes) -> str:
        return ""

    async def put_many(self, namespace: str, values: Mapping[str, bytes]) -> None:
        pass

    async def swap(self, namespace: str, key: str, value: bytes, *, expected: str | None) -> str | None:
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
