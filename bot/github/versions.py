"""The version of the REST API that a host is asked for: the newest one that both sides know.

https://docs.github.com/en/rest/about-the-rest-api/api-versions
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from bot.github.clock import Clock

HEADER = "x-github-api-version"
FIRST = "2022-11-28"
"""What a host answers that is asked for none, and what one without versions (an older Enterprise Server) has."""
KNOWN = ("2026-03-10", FIRST)
"""Those whose answers are read here, newest first."""
ASK_AGAIN = 24 * 3_600.0
"""Seconds; a host learns new versions when it is updated."""
AFTER_A_FAULT = 3_600.0
_REFUSED = b"is not a supported version"

log = structlog.get_logger("bot.github")

Ask = Callable[[], Awaitable[Iterable[str] | None]]
"""The versions of the host; ``None``: it could not be asked."""


class ApiVersion:
    """Of one host, for all that is asked of it.  ``current`` is what to send."""

    def __init__(self, clock: Clock, *, asks: bool) -> None:
        """Without ``asks`` it stays with the first version."""
        self.current = FIRST
        self._clock, self._turn = clock, asyncio.Lock()
        self._due: float | None = clock.monotonic() if asks else None

    def _is_due(self) -> bool:
        return self._due is not None and self._clock.monotonic() >= self._due

    async def settle(self, ask: Ask) -> None:
        """Ask the host if that is due, once for all who wait for it."""
        if not self._is_due():
            return
        async with self._turn:
            if not self._is_due():
                return
            listed = await ask()
            self._due = self._clock.monotonic() + (AFTER_A_FAULT if listed is None else ASK_AGAIN)
            if listed is not None:
                self._choose(frozenset(listed))

    def _choose(self, listed: frozenset[str]) -> None:
        found = next((version for version in KNOWN if version in listed), FIRST)
        if found != self.current or (listed and found not in listed):
            log.info("github.api_version", version=found, listed=sorted(listed))
        self.current = found

    def refused(self, version: str, status: int, answer: bytes) -> bool:
        """Whether the host does not know a version after all, and there is another one to ask for."""
        if status != 400 or _REFUSED not in answer or version == FIRST:
            return False
        if self.current == version:
            log.warning("github.api_version_refused", version=version)
            self.current = FIRST
        return True
