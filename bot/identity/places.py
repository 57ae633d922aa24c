"""The places that markers are signed for: a marker anywhere else is rejected.

Repositories are named by their ids, which outlive a rename.
"""

import re
from enum import Enum
from typing import NewType

from bot.domain.references import PullRequestRef, RepoRef

MarkerPlace = NewType("MarkerPlace", str)
"""Created only by the functions of this module."""


class PlaceKind(Enum):
    """The kind of a place, with the pattern of its name."""

    PULL_REQUEST = "[0-9]+/pull/[0-9]+"
    """A pull request's review, and the commits that the bot adds to its branch."""
    CONVERSATION = "[0-9]+/issue/[0-9]+"
    """The text and the comments of an issue or a pull request."""
    MIGRATION = "[0-9]+/migration"
    """Texts of a repository's migration pull requests: they are written before there is a number."""
    REMOVAL = "[0-9]+/removal"
    """The same for the pull requests that remove the definitions."""
    ONBOARDING = "[0-9]+/onboarding"
    """The same for a repository's onboarding pull request, and for the tracking issue that is opened from it."""
    FILE = "file"
    """A Markdown file on somebody's disk."""

    def holds(self, place: str) -> bool:
        """Whether ``place`` is of this kind."""
        return re.fullmatch(self.value, place) is not None


FILE = MarkerPlace("file")


def pull_request(ref: PullRequestRef) -> MarkerPlace:
    """``77/pull/7``."""
    return MarkerPlace(f"{ref.repo.id}/pull/{ref.number}")


def conversation(repo: RepoRef, number: int) -> MarkerPlace:
    """``77/issue/7``, of issues and of pull requests."""
    return MarkerPlace(f"{repo.id}/issue/{number}")


def migration(repository: int) -> MarkerPlace:
    """``77/migration``; ``repository`` is its id."""
    return MarkerPlace(f"{repository}/migration")


def removal(repository: int) -> MarkerPlace:
    """``77/removal``; ``repository`` is its id."""
    return MarkerPlace(f"{repository}/removal")


def onboarding(repository: int) -> MarkerPlace:
    """``77/onboarding``; ``repository`` is its id."""
    return MarkerPlace(f"{repository}/onboarding")
