"""The tables and their version: made once by whoever is first, and never touched when they are newer than we know."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from bot.domain.errors import SettingsError
from bot.storage import Document, Storage, StorageUnavailable
from bot.storage.engine import storage_url
from bot.storage.schema import VERSION


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return storage_url(f"sqlite:///{tmp_path / 'data' / 'ssot.db'}")
    return storage_url(str(request.getfixturevalue("postgres_url")))


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def version_of(url: str) -> int:
    """As the database itself has it."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(file_of(url))) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
    with psycopg.connect(url) as connection:
        (row,) = connection.execute("SELECT version FROM storage_schema").fetchall()
        return int(row[0])


def set_version(url: str, version: int) -> None:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(file_of(url))) as connection:
            connection.execute(f"PRAGMA user_version={version}")
        return
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE storage_schema SET version = %s", (version,))


async def opened(url: str) -> Storage:
    storage = Storage(url)
    await storage.open()
    return storage


async def test_the_version_is_recorded(url: str) -> None:
    for _ in range(2):
        await (await opened(url)).close()
        assert version_of(url) == VERSION


async def test_a_newer_schema_is_refused_in_a_sentence(url: str) -> None:
    storage = await opened(url)
    await storage.put("n", "k", b"x")
    await storage.close()
    set_version(url, VERSION + 1)
    with pytest.raises(SettingsError, match=f"has schema version {VERSION + 1}, and this program knows up to"):
        await storage.open()
    await storage.close()
    assert version_of(url) == VERSION + 1


async def test_processes_that_start_together_all_start(url: str) -> None:
    storages = [Storage(url) for _ in range(6)]
    await asyncio.gather(*(storage.open() for storage in storages))
    await storages[0].put("n", "k", b"x")
    assert await storages[-1].get("n", "k") is not None
    for storage in storages:
        await storage.close()


async def test_a_change_that_fails_leaves_the_document_as_it_was_and_holds_no_lock(url: str) -> None:
    def fails(before: Document | None, now: float) -> tuple[Document, None]:
        raise KeyError("a defect")

    storage = await opened(url)
    for _ in range(20):  # more than there are connections
        with pytest.raises(KeyError):
            await storage.update("x", fails)
    assert (await storage.read("x"))[0] is None
    assert await storage.update("x", lambda before, _: ({"n": 1}, before)) is None
    assert (await storage.read("x"))[0] == {"n": 1}
    await storage.close()


async def test_reading_does_not_wait_for_a_writer(url: str) -> None:
    """Neither records nor documents: `check` of the gate comes before every request."""
    storage = await opened(url)
    await storage.update("x", lambda *_: ({"n": 1}, None))
    with closing(await asyncio.to_thread(_writer, url)):
        assert (await asyncio.wait_for(storage.read("x"), 2))[0] == {"n": 1}
        assert await asyncio.wait_for(storage.get("n", "k"), 2) is None
    await storage.close()


def _writer(url: str) -> "sqlite3.Connection | psycopg.Connection[tuple[object, ...]]":
    """A connection with an open transaction that changed the document."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(file_of(url), check_same_thread=False)
        connection.execute("UPDATE ledger SET document = '{}'")
        return connection
    server = psycopg.connect(url)
    server.execute("UPDATE ledger SET document = '{}'")
    return server


@pytest.mark.parametrize("wrong", ["mysql://somewhere/db", "records.db"])
def test_another_kind_of_database_is_refused(wrong: str) -> None:
    with pytest.raises(SettingsError, match="SSOT_DATABASE_URL"):
        Storage(wrong)


@pytest.mark.parametrize("name", ["", "x" * 201, "a\nb"], ids=["empty", "long", "newline"])
async def test_a_documents_name_that_cannot_be_stored_is_refused(tmp_path: Path, name: str) -> None:
    storage = await opened(f"sqlite:///{tmp_path / 'records.db'}")
    with pytest.raises(ValueError, match="not a document's name"):
        await storage.read(name)
    await storage.close()


async def test_a_directory_that_cannot_be_made_makes_the_work_wait(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageUnavailable, match="does not answer"):
        await Storage(f"sqlite:///{tmp_path / 'file' / 'records.db'}").open()
