"""What a repository is called now: a delivery names it as it was called when it was written.

The name of each repository is kept by its id.  While deliveries agree with it nothing is asked; one that does not was
written before a rename or after one, and GitHub is asked by the id which of the two names it is.
"""

from collections.abc import Mapping
from dataclasses import replace

from bot.context import Bot
from bot.domain.errors import Gone
from bot.domain.events import Event, PullRequestEvent
from bot.domain.references import RepoRef
from bot.github import reads
from bot.github.errors import MissingPermission
from bot.storage import Storage

NAMESPACE = "names"
"""``owner/name`` by the repository's id."""


async def named_now(bot: Bot, repo: RepoRef) -> RepoRef:
    """The repository under its present name.  Raises ``RetryLater``."""
    known = await bot.storage.get(NAMESPACE, str(repo.id))
    if known is not None and known.value.decode() != repo.full_name:
        return await asked_by_id(bot, repo)
    if known is None:
        await remember(bot, repo)
    return repo


async def asked_by_id(bot: Bot, repo: RepoRef) -> RepoRef:
    """The same, by what GitHub says; as it is if GitHub does not show it.  Raises ``RetryLater``."""
    try:
        found = await reads.repository_by_id(bot.github, repo)
    except (Gone, MissingPermission):
        return repo
    await remember(bot, found)
    return found


async def remember(bot: Bot, repo: RepoRef) -> None:
    """Keep the name that it has now."""
    await bot.storage.put(NAMESPACE, str(repo.id), repo.full_name.encode())


async def names_now(storage: Storage) -> Mapping[int, str]:
    """The names of all repositories that the bot has met, by their ids.  Raises ``StorageUnavailable``."""
    keys = [entry.key for entry in await storage.entries(NAMESPACE)]
    return {int(key): record.value.decode() for key, record in (await storage.get_many(NAMESPACE, keys)).items()}


def at_repo(event: Event, repo: RepoRef) -> Event:
    """The event of a repository, which ``repo`` names as it is called now."""
    if isinstance(event, PullRequestEvent):
        return replace(event, ref=replace(event.ref, repo=repo))
    changed: Event = replace(event, repo=repo)  # type: ignore[arg-type]  # the caller knows that it has one
    return changed
