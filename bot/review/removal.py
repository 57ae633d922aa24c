"""A removal of the bot's own stays true: its check fails while the base branch uses what it removes."""

import asyncio
from collections.abc import Iterable

from bot.context import Bot
from bot.domain.migration import Config
from bot.domain.references import ChangedFile, PullRequest, Sha
from bot.engine.program.standing import in_use
from bot.github import reads
from bot.github.errors import MissingPermission, Refused
from bot.github.sift import HugeArchive
from bot.identity.branches import removed_by
from bot.inventory.store import Surveyed
from bot.inventory.survey import survey
from bot.inventory.view import MOST_SECONDS

_NOT_KNOWN = "it is not known whether something still uses them: the base branch could not be scanned"


async def still_used(
    bot: Bot, pull: PullRequest, config: Config, changed: Iterable[ChangedFile], *, onto: Sha | None = None
) -> str | None:
    """What uses the names that this pull request of the bot removes, as a clause; ``None``: nothing, or it is none.

    Asked of the base branch as it is now, or of ``onto``.  While that is not known, it counts as used.
    """
    name = None if pull.from_fork else removed_by(pull.head_ref)
    migration = next((each for each in config.migrations if each.name == name), None)
    if migration is None or pull.author_id != (await reads.ourselves(bot.github, pull.ref.repo)).bot_id:
        return None
    commit = onto or await reads.branch_head(bot.github, pull.ref.repo, pull.base_ref)
    try:
        async with asyncio.timeout(MOST_SECONDS):
            place = Surveyed(repo=pull.ref.repo, branch=pull.base_ref, config=config)
            found = await survey(bot, place, commit)
    except (TimeoutError, HugeArchive, MissingPermission, Refused):
        return _NOT_KNOWN
    used = in_use(migration, found, {file.path for file in changed})
    return used.reason if used else None
