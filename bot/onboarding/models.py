"""What is proposed to a repository, and what it would find there: values."""

from dataclasses import dataclass

from bot.config import ConfigState
from bot.domain.migration import Config
from bot.domain.references import Sha
from bot.inventory.models import Foreseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A first configuration."""

    text: str
    """The file."""
    config: Config
    """What it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingPreview:
    """What the configuration at the pull request's head would find on the default branch.

    ``found`` where the ``state`` is valid and that could be looked up; else ``reason`` says why not.
    """

    commit: Sha
    """Of the default branch."""
    branch: str
    """Its name."""
    state: ConfigState
    found: Foreseen | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingNote:
    """What an operator is told of one repository."""

    page: str
    """The address of the repository."""
    repository: str
    """``owner/name``, as it was called then."""
    number: int | None = None
    """The open pull request."""
    refused: str | None = None
    """Why it could not be opened or brought up to date."""
