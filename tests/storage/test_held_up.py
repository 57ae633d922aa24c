"""PostgreSQL that does not answer a statement: whoever waits is told so, and work goes on."""

import asyncio
import threading
from collections.abc import AsyncIterator

import psycopg
import pytest

from bot.postgres_session import CONNECTING, SESSION
from bot.storage import Storage, StorageUnavailable
from bot.storage import engine as module
from bot.storage.engine import PostgresStorageEngine, transaction
from bot.storage.model import Document

SOON = SESSION.replace("= 8000", "= 1000").replace("= 5000", "= 300")


@pytest.fixture
async def storage(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Storage]:
    monkeypatch.setattr(module, "SESSION", SOON, raising=False)
    made = Storage(postgres_url)
    await made.open()
    yield made
    await made.close()


def counted(document: Document | None, _: float) -> tuple[Document, None]:
    return {"count": int((document or {}).get("count", 0)) + 1}, None


async def test_a_process_that_was_stopped_in_a_transaction_holds_nobody_up(storage: Storage, postgres_url: str) -> None:
    await storage.update("limits", counted)
    holds, wakes = threading.Event(), threading.Event()

    def stopped() -> None:
        with transaction(PostgresStorageEngine(postgres_url)) as c:
            c.execute("SELECT document FROM ledger WHERE name = ? FOR UPDATE", ("limits",)).fetchone()
            holds.set()
            wakes.wait()

    other = asyncio.ensure_future(asyncio.to_thread(stopped))
    await asyncio.to_thread(holds.wait)
    try:
        async with asyncio.timeout(20):
            await storage.update("limits", counted)
    finally:
        wakes.set()
    with pytest.raises(psycopg.Error):
        await other
    assert (await storage.read("limits"))[0] == {"count": 2}


async def test_a_table_that_somebody_locked_is_unavailable(storage: Storage, postgres_url: str) -> None:
    await storage.put("names", "a", b"1")
    with psycopg.connect(postgres_url) as somebody:
        somebody.execute("LOCK TABLE records IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(20):
            with pytest.raises(StorageUnavailable):
                await storage.get("names", "a")
    found = await storage.get("names", "a")
    assert found is not None
    assert found.value == b"1"


def test_a_silent_network_is_noticed(postgres_url: str) -> None:
    engine = PostgresStorageEngine(postgres_url)
    with engine.connect() as connection:
        parameters = connection._raw.info.get_parameters()  # type: ignore[attr-defined]  # psycopg's
    engine.dispose()
    assert CONNECTING.items() <= parameters.items()
