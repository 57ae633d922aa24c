"""What is kept of onboarding pull requests: for the operator's page, and to know which pushes concern one.

GitHub knows the rest: without these records nothing is opened twice.
"""

from collections.abc import Sequence

from bot.domain.facts import Repository
from bot.domain.references import RepoRef
from bot.onboarding.models import OnboardingNote
from bot.storage import Storage, codec

NAMESPACE = "onboarding"


async def note(
    storage: Storage, repository: Repository, *, number: int | None = None, refused: str | None = None
) -> None:  # fmt: skip
    """That a pull request is open, or why there is none."""
    ref = repository.ref
    told = OnboardingNote(page=repository.html_url, repository=ref.full_name, number=number, refused=refused)
    await storage.put(NAMESPACE, str(ref.id), codec.dump(told))


async def forget(storage: Storage, repo: RepoRef) -> None:
    """There is nothing to tell any more."""
    await storage.delete(NAMESPACE, str(repo.id))


async def noted(storage: Storage, repo: RepoRef) -> OnboardingNote | None:
    """What is kept of one repository."""
    found = await storage.get(NAMESPACE, str(repo.id))
    return None if found is None else codec.load(found.value, OnboardingNote)


async def onboardings(storage: Storage) -> Sequence[OnboardingNote]:
    """Of all repositories, sorted.  Raises ``StorageUnavailable``."""
    entries = await storage.entries(NAMESPACE)
    found = await storage.get_many(NAMESPACE, (entry.key for entry in entries))
    notes = (codec.load(record.value, OnboardingNote) for record in found.values())
    return sorted(notes, key=lambda told: told.page)
