"""`records.db` is removed, replaced or damaged, before the start and while the server runs."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from bot.storage import Storage, StorageUnavailable
from bot.storage.schema import LEDGER_FILE
from tests.jobs.test_file_lost import (
    move,
    overwrite_middle,
    part,
    remove,
    remove_index,
    remove_log,
    replace_by_copy,
    replace_by_empty,
    truncate,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "records.db"


@pytest.fixture
async def storage(path: Path) -> AsyncIterator[Storage]:
    storage = Storage(f"sqlite:///{path}")
    await storage.open()
    for number in range(50):
        await storage.put("n", f"k{number}", b"x" * 2000)
    yield storage
    await storage.close()


def stored(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM records").fetchone()[0])


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (remove, "is gone: put it back"),
        (replace_by_copy, "is not the file that was opened"),
        (replace_by_empty, "is not the file that was opened"),
    ],
)
async def test_nothing_is_written_beside_the_file(
    storage: Storage, path: Path, damage: Callable[[Path], None], text: str
) -> None:
    damage(path)
    for _ in range(8):  # more than there are connections
        with pytest.raises(StorageUnavailable, match=text):
            await storage.put("n", "k", b"y")
        with pytest.raises(StorageUnavailable, match=text):
            await storage.update("x", lambda *_: ({"n": 1}, None))
        with pytest.raises(StorageUnavailable, match=text):
            await storage.check()


async def test_a_file_that_comes_back_is_used_again(storage: Storage, path: Path) -> None:
    move(path, part(path, ".away"))
    with pytest.raises(StorageUnavailable):
        await storage.check()
    move(part(path, ".away"), path)
    await storage.check()
    await storage.put("n", "k", b"y")


@pytest.mark.parametrize("damage", [remove_log, remove_index])
async def test_without_its_log_nothing_is_lost(storage: Storage, path: Path, damage: Callable[[Path], None]) -> None:
    damage(path)
    for number in range(50, 60):
        await storage.put("n", f"k{number}", b"y")
    await storage.close()
    assert stored(path) == 60


@pytest.mark.parametrize("damage", [truncate, overwrite_middle])
async def test_damage_says_so_and_how_to_go_on(storage: Storage, path: Path, damage: Callable[[Path], None]) -> None:
    await storage.close()
    damage(path)
    if damage is truncate:
        part(path, "").write_bytes(b"no database" * 500)
    with pytest.raises(StorageUnavailable, match=r"records\.db is damaged .* restore a backup or move the file away"):
        await storage.open()


async def test_a_second_name_is_refused(storage: Storage, path: Path, tmp_path: Path) -> None:
    await storage.close()
    (tmp_path / "records.db").hardlink_to(path)
    with pytest.raises(SettingsError, match="2 names"):
        await Storage(f"sqlite:///{tmp_path / 'records.db'}").open()


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (
            lambda path: path.write_bytes(b"no database" * 500),
            r"ledger\.db is damaged .* restore a backup, or delete it",
        ),
        (lambda path: versioned(path, 99), r"ledger\.db has schema version 99"),
    ],
    ids=["damaged", "newer"],
)
async def test_what_an_older_version_left_is_damaged_or_newer(
    path: Path, made: Callable[[Path], None], text: str
) -> None:
    path.parent.mkdir()
    made(path.with_name(LEDGER_FILE))
    storage = Storage(f"sqlite:///{path}")
    with pytest.raises((SettingsError, StorageUnavailable), match=text):
        await storage.open()
    await storage.close()
    move(path.with_name(LEDGER_FILE), path.with_name("ledger.away"))
    await storage.open()
    await storage.close()


def versioned(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={version}")
