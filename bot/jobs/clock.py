"""The wall clock, as an argument."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Aware, in UTC."""


def utc_now() -> datetime:
    return datetime.now(UTC)


LEAST = 60.0
"""Seconds below which a clock is only adjusted."""


class SetBack:
    """Notices that the wall clock was set back while the process runs: what waits for a time would wait again."""

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._ahead = self._now_ahead()

    def seconds(self) -> float:
        """By how much since the last look; 0 when it was not, or only adjusted."""
        now = self._now_ahead()
        back = self._ahead - now
        if 0 < back < LEAST:
            return 0.0
        self._ahead = now
        return max(back, 0.0)

    def _now_ahead(self) -> float:
        return self._wall() - self._monotonic()
