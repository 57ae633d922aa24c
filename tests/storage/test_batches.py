"""What is written and read at the same time is one transaction and one look.  Counted, not timed."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.storage import Storage
from bot.storage.engine import StorageConnection


class Counted:
    """The connections that a storage takes, and what is executed on them."""

    def __init__(self, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements: list[str] = []
        self.taken = 0
        connect = storage._engine.connect

        @contextmanager
        def counted() -> Iterator[StorageConnection]:
            self.taken += 1
            with connect() as connection:
                assert isinstance(connection, sqlite3.Connection)
                connection.set_trace_callback(lambda text: self.statements.append(text.split()[0]))
                yield connection

        monkeypatch.setattr(storage._engine, "connect", counted)


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = Storage(f"sqlite:///{tmp_path / 'records.db'}")
    await opened.open()
    yield opened
    await opened.close()


async def test_writes_that_wait_share_a_transaction(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(storage, monkeypatch)
    await asyncio.gather(*(storage.put("n", f"k{number}", b"x") for number in range(40)))
    assert counted.statements.count("COMMIT") <= 3
    assert len(await storage.entries("n")) == 40


async def test_reads_that_wait_share_a_connection(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(storage, monkeypatch)
    await asyncio.gather(*(storage.read("gate") for _ in range(40)))
    assert counted.taken <= 3


def add(before: Mapping[str, Any] | None, _: float) -> tuple[dict[str, Any], int]:
    number = (before or {}).get("number", 0) + 1
    return {"number": number}, number


async def test_changes_of_one_document_keep_their_order(storage: Storage) -> None:
    assert await asyncio.gather(*(storage.update("counter", add) for _ in range(50))) == list(range(1, 51))


async def test_what_fails_costs_its_neighbours_nothing(storage: Storage) -> None:
    def fail(*_: object) -> tuple[dict[str, Any], None]:
        raise LookupError("a defect of this one")

    work = [storage.update("counter", add if number != 7 else fail) for number in range(20)]
    found = await asyncio.gather(*work, return_exceptions=True)
    assert isinstance(found.pop(7), LookupError)
    assert found == list(range(1, 20))


async def test_who_gives_up_costs_its_neighbours_nothing(storage: Storage) -> None:
    work = [asyncio.create_task(storage.update("counter", add)) for _ in range(20)]
    await asyncio.sleep(0)
    work[0].cancel()
    work[7].cancel()
    found = await asyncio.gather(*work, return_exceptions=True)
    others = [each for each in found if isinstance(each, int)]
    assert len(others) == 18
    assert others == sorted(set(others))
    assert await storage.update("counter", add) == 21
