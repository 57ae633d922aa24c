"""How fast one person asks for things, by comments and by buttons: the same count for both, over all repositories."""

from datetime import datetime

from bot.commands.permissions import MINUTE, CommandPace, pace
from bot.context import Bot

HEARD = "heard"
"""Where the records keep who asked when: ``<person>/<second>/<what>``, which sort by time."""


async def pace_of(bot: Bot, person: int, *, at: datetime, what: str) -> CommandPace:
    """What becomes of one more thing that the person (an account's id) asked for at that time.

    It is counted once, however often this is called with the same ``what``.
    """
    second = int(at.timestamp())
    prefix = f"{person}/"
    key = f"{prefix}{second:012}/{what}"
    await bot.storage.prune(HEARD, prefix=prefix, older_than=60 * MINUTE)
    await bot.storage.put(HEARD, key, b"")
    since = f"{prefix}{second - int(MINUTE.total_seconds()):012}/~"
    return pace(sum(since < entry.key < key for entry in await bot.storage.entries(HEARD, prefix)))
