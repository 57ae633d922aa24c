"""Picks files out of a ``.tar.gz`` stream while it comes: no temporary file, and in memory only what is on its way."""

import asyncio
import tarfile
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, BinaryIO, Self, cast

from bot.domain.errors import SsotError
from bot.github.clock import Clock
from bot.github.errors import NoArchive

LARGEST_FILE = 8 << 20
"""Bytes; larger files are skipped: nobody wrote them by hand."""
PIECE_FILES, PIECE_BYTES = 64, 1 << 20
"""How much is handed over at once."""
MOST_UNPACKED = 4 << 30
"""Bytes of an archive, unpacked."""
MOST_MEMBERS = 1_000_000
LONGEST_NAME = 64 << 10
"""Bytes of a member's own headers: a path, and what tar notes beside it."""
MOST_EMPTY = 4
"""How often the end of the stream is told: a header may claim any size, and the standard library reads on and on."""
_DRAINED = 1 << 20
_AGAIN = timedelta(seconds=30)
_FURTHER = frozenset({
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.GNUTYPE_SPARSE,
})  # fmt: skip
"""Kinds of headers that say something about the next one; sparse files, which git does not write, have some too."""


class HugeArchive(SsotError):
    """The archive is larger than what is read of one."""


@dataclass(slots=True, kw_only=True)
class Sifted:
    """What was seen in an archive; paths are relative to its one directory."""

    seen: set[str] = field(default_factory=set)
    """All files that were handed over."""
    passed_over: dict[str, str] = field(default_factory=dict)
    """Skipped files, with the reason."""


Take = Callable[[Sequence[tuple[str, bytes]]], Awaitable[None]]


async def sift(chunks: AsyncIterator[bytes], clock: Clock, *, wants: Callable[[str], bool], take: Take) -> Sifted:
    """Hands the regular files whose path is wanted to ``take`` (path, content), some at once, while they come.

    Unpacking runs in a thread of its own, which asks for a chunk when it needs one, and waits for ``take``, which runs
    in the event loop.  ``wants`` is called in the thread.  Raises ``NoArchive``, ``HugeArchive``, and what ``take``
    raises.
    """
    loop = asyncio.get_running_loop()
    pull = _Pull(chunks, loop)

    def hand_over(piece: Sequence[tuple[str, bytes]]) -> None:
        asyncio.run_coroutine_threadsafe(_awaited(take(piece)), loop).result()

    try:
        return await asyncio.to_thread(_sift, pull, wants, hand_over)
    except (tarfile.TarError, zlib.error, EOFError, RecursionError) as fault:  # a header of a header of a header
        raise NoArchive(at=clock.now() + _AGAIN, reason=f"the archive is broken: {fault}"[:200]) from fault
    finally:
        pull.ended = True


async def _awaited(result: Awaitable[None]) -> None:
    await result


class _Pull:
    """The stream unpacked, as a file that can only be read forwards, from another thread."""

    def __init__(self, chunks: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop) -> None:
        self._chunks, self._loop = chunks, loop
        self._gzip = zlib.decompressobj(wbits=31)
        self._unpacked = self._empty = 0
        self.ended = False

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; fewer only at the end.  ``EOFError``: it was told of the end before."""
        found = bytearray()
        while len(found) < size and not self._gzip.eof and not self.ended:
            packed = self._gzip.unconsumed_tail or self._chunk()
            found += self._gzip.decompress(packed, size - len(found))
        self._unpacked += len(found)
        if self._unpacked > MOST_UNPACKED:
            raise HugeArchive(f"the archive has more than {MOST_UNPACKED >> 30} GiB")
        self._empty += not found
        if self._empty > MOST_EMPTY:
            raise EOFError("a file is longer than the archive")
        return bytes(found)

    def finish(self) -> None:
        """Read what comes after the last file.  ``EOFError``: the stream was cut short."""
        while self.read(_DRAINED):
            pass
        if not self._gzip.eof:
            raise EOFError("the stream was cut short")
        while not self.ended:  # so that the connection can be used again
            self._chunk()

    def _chunk(self) -> bytes:
        following = asyncio.run_coroutine_threadsafe(_next(self._chunks), self._loop).result()
        self.ended = self.ended or following is None
        return following or b""


def _next(chunks: AsyncIterator[bytes]) -> Coroutine[Any, Any, bytes | None]:
    async def pull() -> bytes | None:
        async for chunk in chunks:
            if chunk:
                return chunk
        return None

    return pull()


class _Member(tarfile.TarInfo):
    """A header whose further headers are bounded: the standard library would read whatever size they claim."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        found = super().frombuf(buf, encoding, errors)
        if found.type in _FURTHER and (found.size > LONGEST_NAME or found.type == tarfile.GNUTYPE_SPARSE):
            raise tarfile.ReadError("a header is too long")
        return found


@contextmanager
def _reading() -> Iterator[None]:
    """The standard library takes the numbers in further headers for numbers, whatever they are."""
    try:
        yield
    except (ValueError, LookupError, OverflowError) as fault:
        raise tarfile.ReadError(f"invalid header: {type(fault).__name__}") from fault


def _next_of(archive: tarfile.TarFile) -> tarfile.TarInfo | None:
    with _reading():
        return archive.next()


def _content_of(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    with _reading():
        stream = archive.extractfile(member)
        return b"" if stream is None else stream.read()


def _opened(pull: _Pull) -> tarfile.TarFile:
    with _reading():
        # A tar stream's reader asks for nothing but read().
        return tarfile.open(fileobj=cast("BinaryIO", pull), mode="r|", tarinfo=_Member)


def _sift(
    pull: _Pull, wants: Callable[[str], bool], hand_over: Callable[[Sequence[tuple[str, bytes]]], None]
) -> Sifted:
    found, piece, held, members = Sifted(), list[tuple[str, bytes]](), 0, 0
    with _opened(pull) as archive:
        while (member := _next_of(archive)) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # it would remember them all
            archive.pax_headers = {}  # and what is noted for all, of which git writes nothing that is asked here
            members += 1
            if members > MOST_MEMBERS:
                raise HugeArchive(f"the archive has more than {MOST_MEMBERS:,} entries")
            path = member.name.partition("/")[2]
            if not member.isreg() or not path or not wants(path):
                continue
            if member.size > LARGEST_FILE:
                found.passed_over[path] = "too big"
                continue
            content = _content_of(archive, member)
            found.seen.add(path)
            piece.append((path, content))
            held += len(content)
            if held >= PIECE_BYTES or len(piece) >= PIECE_FILES:
                hand_over(piece)
                piece, held = [], 0
    if piece:
        hand_over(piece)
    pull.finish()
    return found
