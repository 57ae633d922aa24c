"""SQLite's file is removed, replaced, cut or damaged while the server runs: what is acknowledged is found again."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.references import DeliveryId
from bot.jobs import SqliteStore, StoreCorrupt, StoreInUse, StoreUnavailable
from bot.jobs.model import State
from tests.jobs.conftest import delivery

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """With 300 deliveries, so that there is something to lose in each part of the file."""
    store = SqliteStore(path, busy_timeout=0.2)
    await store.open()
    await asyncio.gather(*(store.put(delivery(number), NOW) for number in range(300)))
    await store.recent(1)  # the reader has a connection
    yield store
    await store.close()


def part(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def is_file(path: Path) -> bool:
    return path.is_file()


def move(path: Path, to: Path) -> None:
    path.rename(to)


def remove(path: Path) -> None:
    path.unlink()


def remove_all(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        part(path, suffix).unlink()


def remove_log(path: Path) -> None:
    part(path, "-wal").unlink()


def remove_index(path: Path) -> None:
    part(path, "-shm").unlink()


def move_directory(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


def replace_by_empty(path: Path) -> None:
    path.unlink()
    path.touch()


def replace_by_copy(path: Path) -> None:
    shutil.copy(path, part(path, ".copy"))
    part(path, ".copy").replace(path)


def replace_by_link(path: Path) -> None:
    shutil.copy(path, part(path, ".copy"))
    path.unlink()
    path.symlink_to(part(path, ".copy"))


def truncate(path: Path) -> None:
    os.truncate(path, 0)


def truncate_half(path: Path) -> None:
    checkpoint(path)
    os.truncate(path, path.stat().st_size // 2)


def truncate_log(path: Path) -> None:
    os.truncate(part(path, "-wal"), 0)


def cut_log(path: Path) -> None:
    os.truncate(part(path, "-wal"), part(path, "-wal").stat().st_size // 2)


def overwrite(path: Path, at: int, size: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * size)


def overwrite_header(path: Path) -> None:
    checkpoint(path)
    overwrite(path, 0, 100)


def overwrite_middle(path: Path) -> None:
    checkpoint(path)
    overwrite(path, 4096, path.stat().st_size - 8192)


def overwrite_log(path: Path) -> None:
    overwrite(part(path, "-wal"), 0, part(path, "-wal").stat().st_size)


def restore_older(path: Path) -> None:
    """``cp backup.db ssot.db`` while the server runs: the same file, with what was in it before."""
    with closing(sqlite3.connect(part(path, ".old"))) as old, closing(sqlite3.connect(path)) as now:
        now.backup(old)
        old.execute("DELETE FROM deliveries WHERE seq > 100")
        old.execute("UPDATE sqlite_sequence SET seq = 100")
        old.commit()
    checkpoint(path)
    path.write_bytes(part(path, ".old").read_bytes())


def checkpoint(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


DAMAGE = [
    remove,
    remove_all,
    remove_log,
    remove_index,
    move_directory,
    replace_by_empty,
    replace_by_copy,
    replace_by_link,
    truncate,
    truncate_half,
    truncate_log,
    cut_log,
    overwrite_header,
    overwrite_middle,
    overwrite_log,
    restore_older,
]


async def acknowledged(store: SqliteStore) -> tuple[set[DeliveryId], list[StoreUnavailable]]:
    """Of twenty deliveries, those that were stored by their word; and why others were not."""
    kept, refused = set(), []
    for number in range(1000, 1020):
        try:
            await store.put(delivery(number), NOW)
            kept.add(delivery(number).id)
        except StoreUnavailable as error:
            refused.append(error)
    return kept, refused


def ids_in(path: Path) -> set[DeliveryId]:
    """As another process finds them that starts after this one was killed."""
    if not path.exists():
        return set()
    clone = path.with_name("clone.db")
    for suffix in ("", "-wal"):  # without the index of the process that is no more
        if part(path, suffix).exists():
            shutil.copy(part(path, suffix), part(clone, suffix))
    try:
        with closing(sqlite3.connect(clone)) as connection:
            rows = connection.execute("SELECT guid FROM deliveries").fetchall()
            assert connection.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
            return {DeliveryId(guid) for (guid,) in rows}
    except sqlite3.DatabaseError:
        return set()


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
async def test_what_is_acknowledged_is_there_after_a_restart(
    store: SqliteStore, path: Path, damage: Callable[[Path], None]
) -> None:
    damage(path)
    kept, refused = await acknowledged(store)
    assert kept <= ids_in(path)
    if refused:
        assert str(path) in str(refused[-1])


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (remove, "is gone: put it back, or restart"),
        (replace_by_copy, "is not the file that was opened: put that one back, or restart"),
        (truncate, "is damaged"),
        (overwrite_middle, "restore a backup or move the file away"),
        (restore_older, "older than what the server wrote"),
    ],
)
async def test_it_says_what_is_wrong_and_how_to_go_on(
    store: SqliteStore, path: Path, damage: Callable[[Path], None], text: str
) -> None:
    damage(path)
    for _ in range(3):
        with pytest.raises(StoreUnavailable, match=text):
            await store.put(delivery(2000), NOW)
        with pytest.raises(StoreUnavailable):
            await store.probe()
    assert is_file(path) == (damage is not remove), "no new file in its place"


@pytest.mark.parametrize("damage", [remove_log, remove_index])
async def test_without_its_log_it_goes_on_by_itself_and_loses_nothing(
    store: SqliteStore, path: Path, damage: Callable[[Path], None]
) -> None:
    damage(path)
    kept, refused = await acknowledged(store)
    assert (len(kept), refused) == (20, [])
    assert len(await store.recent(1000)) == 320
    assert len(ids_in(path)) == 320
    damage(path)
    assert len((await acknowledged(store))[0]) == 20  # duplicates
    assert len(ids_in(path)) == 320


async def test_a_file_that_comes_back_is_used_again(store: SqliteStore, path: Path) -> None:
    move(path, part(path, ".away"))
    with pytest.raises(StoreUnavailable):
        await store.put(delivery(1000), NOW)
    move(part(path, ".away"), path)
    await store.put(delivery(1000), NOW)
    assert delivery(1000).id in ids_in(path)


async def test_what_another_program_writes_is_taken(store: SqliteStore, path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE deliveries SET state = 'dead' WHERE seq <= 10")
        other.commit()
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    kept, refused = await acknowledged(store)
    assert (len(kept), refused) == (20, [])
    assert len(await store.recent(1000, State.DEAD)) == 10
    assert len(ids_in(path)) == 320


async def test_between_check_and_commit(store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file goes while the group is written: it is not acknowledged."""
    from bot.jobs import sql

    def put(*arguments: object) -> object:
        result = real(*arguments)  # type: ignore[arg-type]
        path.rename(part(path, ".away"))
        return result

    real = sql.put
    monkeypatch.setattr(sql, "put", put)
    with pytest.raises(StoreUnavailable, match="is gone"):
        await store.put(delivery(1000), NOW)


# --- two servers ------------------------------------------------------------------------------------------------


async def test_a_second_server_by_a_symbolic_link_is_refused(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "name.db"
    other.parent.mkdir()
    other.symlink_to(path)
    with pytest.raises(StoreInUse, match="locked by process"):
        await SqliteStore(other).open()


async def test_a_second_server_by_a_link_to_the_directory_is_refused(
    store: SqliteStore, path: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").symlink_to(path.parent)
    with pytest.raises(StoreInUse, match="locked by process"):
        await SqliteStore(tmp_path / "other" / path.name).open()


async def test_a_second_server_by_a_hard_link_is_refused(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "ssot.db"
    other.parent.mkdir()
    other.hardlink_to(path)
    with pytest.raises(StoreInUse, match="2 names"):
        await SqliteStore(other).open()
    await store.put(delivery(1000), NOW)


async def test_a_damaged_file_is_not_opened_again(store: SqliteStore, path: Path) -> None:
    overwrite_middle(path)
    with pytest.raises(StoreUnavailable):
        await store.put(delivery(1000), NOW)
    await store.close()
    with pytest.raises(StoreCorrupt, match="restore a backup or move the file away"):
        await SqliteStore(path).open()
