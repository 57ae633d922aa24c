"""Archives that nobody's git made: they are refused before they are believed."""

import asyncio
import gzip
import tarfile
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import pytest

from bot.github import sift as module
from bot.github.clock import SystemClock
from bot.github.errors import NoArchive
from bot.github.sift import HugeArchive, Sifted, sift


def member(path: str, content: bytes = b"x = 1\n", kind: bytes = tarfile.REGTYPE, size: int | None = None) -> bytes:
    info = tarfile.TarInfo(f"top/{path}")
    info.size, info.type = len(content) if size is None else size, kind
    return info.tobuf(tarfile.GNU_FORMAT) + content + b"\0" * (-len(content) % 512)


def further(content: bytes, kind: bytes = tarfile.XHDTYPE, size: int | None = None) -> bytes:
    return member("header", content, kind, size)


def record(key: str, value: str) -> bytes:
    """With its own length in front, which counts itself: here always three digits."""
    text = f" {key}={value}\n"
    return f"{len(text) + 3}{text}".encode()


async def sifted(*parts: bytes, files: list[str] | None = None) -> Sifted:
    packed = gzip.compress(b"".join(parts) + b"\0" * 1024, 1)

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(packed), 1000):
            yield packed[start : start + 1000]

    async def take(piece: Sequence[tuple[str, bytes]]) -> None:
        if files is not None:
            files.extend(path for path, _ in piece)

    return await sift(chunks(), SystemClock(), wants=lambda path: path.endswith(".py"), take=take)


async def test_files_are_handed_over_in_pieces() -> None:
    files: list[str] = []
    found = await sifted(*(member(f"f{n}.py") for n in range(200)), member("g.txt"), files=files)
    assert files == [f"f{n}.py" for n in range(200)]
    assert found.seen == set(files)


async def test_the_headers_that_git_writes_are_read() -> None:
    """A comment with the commit for all files, and a path that is longer than tar's own field."""
    files: list[str] = []
    comment = further(record("comment", "f" * 100), tarfile.XGLTYPE)
    await sifted(comment, further(record("path", "top/" + "d" * 150 + "/a.py")), member("short.py"), files=files)
    assert files == ["d" * 150 + "/a.py"]


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([further(b"", size=1 << 40)], id="a terabyte by its own account"),
        pytest.param([further(b"x" * 100_000)], id="100 KB of headers"),
        pytest.param([further(b"x" * 100_000, tarfile.GNUTYPE_LONGNAME)], id="a name of 100 KB"),
        pytest.param([further(record("comment", "x" * 100))] * 3_000, id="a header of a header"),
        pytest.param([further(b"", tarfile.GNUTYPE_SPARSE)], id="a sparse file"),
    ],
)
async def test_headers_without_bounds_are_refused(parts: list[bytes]) -> None:
    with pytest.raises(NoArchive):
        await sifted(*parts, member("a.py"))


async def test_an_archive_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_UNPACKED", 1 << 20)
    with pytest.raises(HugeArchive, match="GiB"):
        await sifted(*[member("a.bin", b"\0" * (1 << 20))] * 3)


async def test_an_archive_with_too_many_entries_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_MEMBERS", 10)
    with pytest.raises(HugeArchive, match="entries"):
        await sifted(*[member("a.txt")] * 11)


async def test_what_is_noted_for_all_files_is_not_gathered() -> None:
    """A thousand headers of 50 KB, each with a name of its own, between files."""
    import tracemalloc

    def headers(number: int) -> bytes:
        text = f" key{number}={'x' * 50_000}\n"
        return further(f"{len(text) + 5}{text}".encode(), tarfile.XGLTYPE) + member(f"f{number}.txt")

    packed = gzip.compress(b"".join(headers(number) for number in range(1_000)) + b"\0" * 1024, 1)

    async def chunks() -> AsyncIterator[bytes]:
        yield packed

    async def take(_: Sequence[tuple[str, bytes]]) -> None:
        return

    tracemalloc.start()
    try:
        await sift(chunks(), SystemClock(), wants=lambda path: path.endswith(".py"), take=take)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


async def test_what_taking_raises_is_passed_on() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield gzip.compress(member("a.py") + b"\0" * 1024)

    async def take(_: Sequence[tuple[str, bytes]]) -> None:
        raise KeyError("taken")

    with pytest.raises(KeyError, match="taken"):
        await sift(chunks(), SystemClock(), wants=lambda _: True, take=take)


SPARSE = record("GNU.sparse.major", "1" + "0" * 90), record("GNU.sparse.minor", "0" * 90)
CLAIMS = {
    "a size": [record("size", "9" * 90)],
    "a size below zero": [record("size", "-" + "9" * 89)],
    "holes": [record("GNU.sparse.map", "0,1,x" + "1" * 80)],
    "a number of holes": [record("GNU.sparse.size", "nan" * 30)],
    "holes in its content": list(SPARSE),
}


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE])
@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS.keys())
async def test_what_a_header_claims_ends_with_the_archive(claim: list[bytes], kind: bytes) -> None:
    """Whatever comes of it, it comes at once, and as what it is."""
    async with asyncio.timeout(60):
        with suppress(NoArchive, HugeArchive):
            await sifted(further(b"".join(claim), kind), member("a.py"), member("b.py"))
