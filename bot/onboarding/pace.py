"""At most five onboarding pull requests an hour for each installation, whatever restarts and however many servers."""

from collections.abc import Mapping
from typing import Any

from bot.domain.references import InstallationId, RepoRef
from bot.storage import Storage

MOST = 5
"""In an hour, for one installation."""
HOUR = 3_600.0

Times = Mapping[str, float]
"""When the last ones were opened, by the repository's id."""


def wait_for(opened: Times, now: float, repo: str) -> float:
    """Seconds until one more may be opened.  A repository that has its turn keeps it."""
    recent = _recent(opened, now)
    if repo in recent or len(recent) < MOST:
        return 0.0
    return sorted(recent.values())[-MOST] + HOUR - now


def _recent(opened: Times, now: float) -> dict[str, float]:
    """Those of the last hour; a time to come is from a clock that was set back."""
    return {repo: min(at, now) for repo, at in opened.items() if at > now - HOUR}


async def seconds_to_wait(storage: Storage, repo: RepoRef) -> float:
    """Seconds until one may be opened in the repository, as things are now."""
    document, now = await storage.read(_name(repo.installation))
    return wait_for(_opened(document), now, str(repo.id))


async def take_turn(storage: Storage, repo: RepoRef) -> float:
    """Take a turn for the repository; where there is none, the seconds until there is."""

    def change(before: Mapping[str, Any] | None, now: float) -> tuple[Mapping[str, Any], float]:
        opened = _recent(_opened(before), now)
        wait = wait_for(opened, now, str(repo.id))
        return {"opened": opened if wait else {str(repo.id): now, **opened}}, wait

    return await storage.update(_name(repo.installation), change)


async def give_back(storage: Storage, repo: RepoRef) -> None:
    """Nothing was opened in the repository."""

    def change(before: Mapping[str, Any] | None, _: float) -> tuple[Mapping[str, Any], None]:
        return {"opened": {other: at for other, at in _opened(before).items() if other != str(repo.id)}}, None

    await storage.update(_name(repo.installation), change)


def _name(installation: InstallationId) -> str:
    return f"onboarding/{installation}"


def _opened(document: Mapping[str, Any] | None) -> Times:
    found: Times = (document or {}).get("opened", {})
    return found
