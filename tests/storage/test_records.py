"""The records, on both databases."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.storage import Storage, StorageUnavailable
from bot.storage.engine import storage_url
from bot.storage.read_only import ReadOnlyStorage

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return storage_url(f"sqlite:///{tmp_path / 'data' / 'ssot.db'}")
    return storage_url(str(request.getfixturevalue("postgres_url")))


@pytest.fixture
async def records(url: str, clock: Clock) -> AsyncIterator[Storage]:
    opened = Storage(url, clock=clock)
    await opened.open()
    yield opened
    await opened.close()


async def test_what_was_put_is_read_again_by_another_process(records: Storage, url: str, clock: Clock) -> None:
    version = await records.put("cache", "a/b", b"\x00\xff")
    other = Storage(url, clock=clock)
    await other.open()
    found = await other.get("cache", "a/b")
    await other.close()
    assert found is not None
    assert (found.key, found.value, found.version, found.written_at) == ("a/b", b"\x00\xff", version, START)


async def test_namespaces_and_unknown_keys(records: Storage) -> None:
    await records.put("one", "k", b"1")
    assert await records.get("two", "k") is None
    assert await records.get("one", "K") is None
    assert dict(await records.get_many("one", [])) == {}


async def test_many_are_written_and_read_at_once(records: Storage) -> None:
    values = {f"{n:04d}": str(n).encode() for n in range(600)}
    await records.put("many", "0007", b"old")
    for key, value in values.items():
        await records.put("many", key, value)
    found = await records.get_many("many", [*values, "none", "0000"])
    assert {key: record.value for key, record in found.items()} == values
    assert [entry.key for entry in await records.entries("many")] == sorted(values)


@pytest.mark.parametrize(
    ("prefix", "keys"),
    [
        ("", ["A", "a", "a%", "a/1", "a_", "b", "é"]),
        ("a", ["a", "a%", "a/1", "a_"]),
        ("a/", ["a/1"]),
        ("a%", ["a%"]),
        ("a_", ["a_"]),
        ("é", ["é"]),
        ("z", []),
    ],
)
async def test_a_prefix_is_text_and_not_a_pattern(records: Storage, prefix: str, keys: list[str]) -> None:
    for key in ["b", "a/1", "a", "A", "a%", "a_", "é"]:
        await records.put("n", key, b"x")
    assert [entry.key for entry in await records.entries("n", prefix)] == keys


async def test_a_record_that_was_made_again_is_another_one(records: Storage) -> None:
    first = await records.put("n", "k", b"1")
    assert await records.delete("n", "k")
    assert not await records.delete("n", "k")
    assert await records.put("n", "k", b"1") != first


async def _aged(records: Storage, clock: Clock) -> None:
    """``k0`` to ``k4``, an hour apart, of 1 to 5 bytes; ``k4`` is the newest."""
    for n in range(5):
        clock.now = START + timedelta(hours=n)
        await records.put("n", f"k{n}", b"x" * (n + 1))
    await records.put("other", "k", b"x")


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({"older_than": timedelta(hours=2)}, ["k2", "k3", "k4"]),
        ({"older_than": timedelta(days=1)}, ["k0", "k1", "k2", "k3", "k4"]),
        ({"keep": 2}, ["k3", "k4"]),
        ({"keep": 0}, []),
        ({"keep_bytes": 9}, ["k3", "k4"]),
        ({"keep_bytes": 8}, ["k4"]),
        ({"keep": 3, "keep_bytes": 9}, ["k3", "k4"]),
        ({"keep": 0, "prefix": "k1"}, ["k0", "k2", "k3", "k4"]),
    ],
)
async def test_pruning_takes_the_oldest(
    records: Storage, clock: Clock, asked: dict[str, object], left: list[str]
) -> None:
    await _aged(records, clock)
    gone = await records.prune("n", **asked)  # type: ignore[arg-type]  # a table of keyword arguments
    assert ([entry.key for entry in await records.entries("n")], gone) == (left, 5 - len(left))
    assert len(await records.entries("other")) == 1


async def test_pruning_everything_has_to_be_said(records: Storage) -> None:
    with pytest.raises(ValueError, match="give an age or a limit"):
        await records.prune("n")


@pytest.mark.parametrize("key", ["a\0b", "a\nb", "k" * 401, "\ud800"], ids=["nul", "newline", "long", "surrogate"])
async def test_a_key_that_cannot_be_stored_is_refused(records: Storage, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        await records.put("n", key, b"x")


async def test_a_database_that_is_no_database_makes_the_work_wait(tmp_path: Path) -> None:
    (tmp_path / "records.db").write_bytes(b"not a database, and longer than a header of one hundred bytes" * 20)
    records = Storage(storage_url(f"sqlite:///{tmp_path / 'ssot.db'}"))
    with pytest.raises(StorageUnavailable, match="does not answer"):
        await records.open()
    await records.close()


async def test_an_address_with_a_password_is_never_shown() -> None:
    records = Storage("postgresql://ssot:hunter2@127.0.0.1:1/ssot?connect_timeout=1")
    with pytest.raises(StorageUnavailable) as error:
        await records.open()
    await records.close()
    assert "hunter2" not in f"{error.value} {error.value.__cause__}"


async def test_records_that_are_only_read_stay_as_they_are(records: Storage) -> None:
    await records.put("space", "a", b"1")
    shown = ReadOnlyStorage(records)
    await shown.put("space", "a", b"2")
    await shown.put("space", "b", b"2")
    await shown.delete("space", "a")
    await shown.prune("space", keep=0)
    found = await shown.get("space", "a")
    assert (found and found.value, await shown.get_many("space", ["b"])) == (b"1", {})
    assert await shown.entries("space") == await records.entries("space")
