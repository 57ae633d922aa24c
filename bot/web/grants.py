"""What each installation lacks, as the operator's page shows it: asked of GitHub at most every ten minutes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bot.context import Bot
from bot.domain.errors import SsotError
from bot.github import reads
from bot.github.grants import lacking
from bot.github.manifest import needed_permissions

_KEPT = timedelta(minutes=10)

log = structlog.get_logger(__name__)


class Grants:
    """Remembers the answer; what GitHub does not tell is said to be unknown."""

    def __init__(self, events: Sequence[str]) -> None:
        self._events, self._needed = events, needed_permissions(events=events)
        self._asked: datetime | None = None
        self._found: tuple[str, ...] = ()

    async def lacking(self, bot: Bot) -> Sequence[str]:
        """A sentence for each installation that has not granted everything."""
        now = bot.github.clock.now()
        if self._asked is None or now - self._asked > _KEPT:
            self._found, self._asked = await self._read(bot), now
        return self._found

    async def _read(self, bot: Bot) -> tuple[str, ...]:
        try:
            installed = await reads.installations(bot.github)
        except SsotError as fault:
            log.warning("installations_not_read", error=type(fault).__name__)
            return ("GitHub does not say now what the installations have granted.",)
        found = []
        for each in installed:
            lacks = lacking(each, self._needed, self._events)
            if lacks and not each.suspended:
                parts = (("permissions", lacks.permissions), ("events", lacks.events))
                named = " and ".join(f"the {what} {', '.join(names)}" for what, names in parts if names)
                found.append(f"{each.account} (installation {each.id}) lacks {named}.")
        return tuple(found)
