"""What the App wrote a moment ago: a replica of GitHub's may not list it yet, and it is not to be written twice."""

from datetime import timedelta

from bot.context import Bot
from bot.domain.references import PullRequestRef, RepoRef, Sha

NAMESPACE = "written"
KNOWN_FOR = timedelta(minutes=5)
"""By then every replica lists it; what is not there has been deleted."""

FORGOTTEN_EACH = 32
"""After one in so many the old ones are removed, which takes a look at all of them."""


def of_review(ref: PullRequestRef) -> str:
    """The key of the last review of a pull request."""
    return f"review/{ref.repo.id}#{ref.number}"


def of_check(repo: RepoRef, head: Sha, name: str) -> str:
    """The key of the last check run of a name on a commit."""
    return f"check/{repo.id}@{head}/{name}"


def of_answer(repo: RepoRef, comment: str) -> str:
    """The key of the last reply to a comment."""
    return f"answer/{repo.id}/{comment}"


async def remember(bot: Bot, key: str, number: int) -> None:
    """That it has this number; GitHub's only grow."""
    await bot.storage.put(NAMESPACE, key, str(number).encode())
    if number % FORGOTTEN_EACH == 0:
        await bot.storage.prune(NAMESPACE, older_than=KNOWN_FOR)


async def last(bot: Bot, key: str) -> int:
    """The number of what was written under the key in the last minutes; 0: nothing."""
    found = await bot.storage.get(NAMESPACE, key)
    if found is None or bot.github.clock.now() - found.written_at > KNOWN_FOR:
        return 0
    return int(found.value)
