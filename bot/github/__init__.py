"""The GitHub adapter: ``GitHub`` sends requests, ``reads`` return facts, ``Performer`` performs effects.

Imported lazily where start-up counts: aiohttp takes a while.
"""

from bot.github import reads
from bot.github.api import open_session
from bot.github.client import GitHub
from bot.github.clock import Clock, SystemClock
from bot.github.limits import Pace
from bot.github.performer import BasePerformer, DryRunPerformer, Performer

__all__ = [
    "BasePerformer",
    "Clock",
    "DryRunPerformer",
    "GitHub",
    "Pace",
    "Performer",
    "SystemClock",
    "open_session",
    "reads",
]
