"""Downloads from the host that the API redirects to: another host, so without a token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
from yarl import URL

from bot.github.clock import Clock
from bot.github.errors import NoArchive

_CHUNK = 256 * 1024
_AGAIN = timedelta(seconds=30)
_TIMEOUT = aiohttp.ClientTimeout(total=600, connect=10, sock_read=30)


@asynccontextmanager
async def download(session: aiohttp.ClientSession, url: str, clock: Clock) -> AsyncIterator[AsyncIterator[bytes]]:
    """The bytes at ``url`` as they come, in chunks of at most 256 KiB.

    Raises ``NoArchive`` when the download fails or is cut short; discard what was read until then.
    """
    try:
        async with session.get(URL(url, encoded=True), allow_redirects=False, timeout=_TIMEOUT) as response:
            if response.status != 200:
                raise NoArchive(at=clock.now() + _AGAIN, reason=f"the download failed with status {response.status}")
            yield response.content.iter_chunked(_CHUNK)
    except (aiohttp.ClientError, TimeoutError, OSError) as fault:
        raise NoArchive(at=clock.now() + _AGAIN, reason=f"the download failed: {type(fault).__name__}") from fault
