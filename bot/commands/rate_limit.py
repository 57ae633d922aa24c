"""The rate limit of one person: one count for comments and buttons, over all repositories."""

from datetime import datetime

from bot.commands.permissions import MINUTE, CommandPace, pace
from bot.context import Bot

NAMESPACE = "heard"
"""The namespace of the records of who asked when: keys ``<person>/<second>/<what>``, which sort by time."""


async def pace_of(bot: Bot, person: int, *, at: datetime, what: str) -> CommandPace:
    """What to do with one more request of the person (an account's id) at that time.

    A request is counted once, however often this is called with the same ``what``.
    """
    second = int(at.timestamp())
    prefix = f"{person}/"
    key = f"{prefix}{second:012}/{what}"
    await bot.storage.prune(NAMESPACE, prefix=prefix, older_than=60 * MINUTE)
    await bot.storage.put(NAMESPACE, key, b"")
    since = f"{prefix}{second - int(MINUTE.total_seconds()):012}/~"
    return pace(sum(since < entry.key < key for entry in await bot.storage.entries(NAMESPACE, prefix)))
