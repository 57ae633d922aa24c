"""The wall clock, as an argument."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Aware, in UTC."""


def utc_now() -> datetime:
    return datetime.now(UTC)
