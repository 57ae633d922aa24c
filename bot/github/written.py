"""The comments that this process wrote a moment ago, for reads that do not list them yet.

GitHub answers lists from replicas, and says nowhere how far these may be behind.  A comment that was written here
within the last minute and is missing in a list is read by itself, so that nothing is said twice.
"""

from cachetools import TTLCache

from bot.domain.facts import Comment
from bot.domain.references import RepositoryId
from bot.github.clock import Clock

LASTING = 60.0
"""Seconds for which a comment is kept."""
_PLACES = 10_000


class WrittenComments:
    """By the repository and the number of the issue or pull request, and by their ids."""

    def __init__(self, clock: Clock) -> None:
        self._places: TTLCache[tuple[RepositoryId, int], dict[int, Comment]] = TTLCache(
            _PLACES, ttl=LASTING, timer=clock.monotonic
        )

    def add(self, repo: RepositoryId, number: int, comment: Comment) -> None:
        self._places[repo, number] = {**self._places.get((repo, number), {}), comment.id: comment}

    def on(self, repo: RepositoryId, number: int) -> tuple[Comment, ...]:
        return tuple(self._places.get((repo, number), {}).values())

    def forget(self, repo: RepositoryId, number: int, comment_id: int) -> None:
        """It was deleted."""
        self._places.get((repo, number), {}).pop(comment_id, None)
