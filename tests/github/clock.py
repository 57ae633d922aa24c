"""Time that passes only when somebody sleeps."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class ManualClock:
    """A :class:`bot.github.clock.Clock`: sleeping takes no real time and moves it on."""

    def __init__(self) -> None:
        self._start = datetime.now(UTC).replace(microsecond=0)
        self._passed = 0.0
        self.wall_jump = timedelta()
        """What the wall clock is off by; the monotonic one knows nothing of it."""
        self.slept: list[float] = []
        self.while_asleep: Callable[[], None] = lambda: None
        """What happens during a sleep."""

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed) + self.wall_jump

    def true_now(self) -> datetime:
        """What a server with a good clock has."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return 1_000.0 + self._passed

    def advance(self, seconds: float) -> None:
        self._passed += seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)
        self.while_asleep()
        await asyncio.sleep(0)
