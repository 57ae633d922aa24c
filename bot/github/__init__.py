"""GitHub, as the bot sees it: ``GitHub`` is the way there, ``reads`` return facts, ``perform`` takes effects.

Imported lazily where start-up counts: aiohttp takes a while.
"""

from bot.github import perform, reads
from bot.github.api import open_session
from bot.github.client import GitHub
from bot.github.clock import Clock, SystemClock
from bot.github.limits import Pace

__all__ = ["Clock", "GitHub", "Pace", "SystemClock", "open_session", "perform", "reads"]
