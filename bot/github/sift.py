"""Picks files out of a ``.tar.gz`` stream while it comes: no temporary file, and in memory only what is kept."""

import asyncio
import tarfile
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, BinaryIO, cast

from bot.domain.errors import RetryLater
from bot.github.clock import Clock

LARGEST_FILE = 8 << 20
"""Bytes; larger files are skipped: nobody wrote them by hand."""
MOST_KEPT = 128 << 20
"""Bytes of all kept files together; further files are skipped."""
_DRAINED = 1 << 20
_AGAIN = timedelta(seconds=30)


@dataclass(slots=True, kw_only=True)
class Sifted:
    """What was found in an archive; paths are relative to its one directory."""

    files: dict[str, bytes] = field(default_factory=dict)
    """The files that were kept."""
    seen: set[str] = field(default_factory=set)
    """All that were read, kept or not."""
    passed_over: dict[str, str] = field(default_factory=dict)
    """Skipped files (too big, or over the limit for all files together), with the reason."""


async def sift(
    chunks: AsyncIterator[bytes], clock: Clock, *, wants: Callable[[str], bool], keeps: Callable[[str, bytes], bool]
) -> Sifted:
    """The regular files whose path is wanted and whose content is kept.

    Unpacking runs in a thread of its own, which asks for a chunk when it needs one.  Both functions are called there.
    Raises ``RetryLater`` when the stream is no such archive or ends too early.
    """
    pull = _Pull(chunks, asyncio.get_running_loop())
    try:
        return await asyncio.to_thread(_sift, pull, wants, keeps)
    except (tarfile.TarError, zlib.error, EOFError) as fault:
        raise RetryLater(at=clock.now() + _AGAIN, reason=f"the archive is broken: {fault}"[:200]) from fault
    finally:
        pull.ended = True


class _Pull:
    """The stream unpacked, as a file that can only be read forwards, from another thread."""

    def __init__(self, chunks: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop) -> None:
        self._chunks, self._loop = chunks, loop
        self._gzip = zlib.decompressobj(wbits=31)
        self.ended = False

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; fewer only at the end."""
        found = bytearray()
        while len(found) < size and not self._gzip.eof and not self.ended:
            packed = self._gzip.unconsumed_tail or self._chunk()
            found += self._gzip.decompress(packed, size - len(found))
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


def _sift(pull: _Pull, wants: Callable[[str], bool], keeps: Callable[[str, bytes], bool]) -> Sifted:
    found, held = Sifted(), 0
    # A tar stream's reader asks for nothing but read().
    with tarfile.open(fileobj=cast("BinaryIO", pull), mode="r|") as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # it would remember them all
            path = member.name.partition("/")[2]
            if not member.isreg() or not path or not wants(path):
                continue
            if member.size > LARGEST_FILE or held > MOST_KEPT:
                found.passed_over[path] = (
                    "too big" if member.size > LARGEST_FILE else "over the limit for all files together"
                )
                continue
            stream = archive.extractfile(member)
            content = b"" if stream is None else stream.read()
            found.seen.add(path)
            if keeps(path, content):
                found.files[path] = content
                held += len(content)
    pull.finish()
    return found
