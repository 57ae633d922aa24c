"""What is proposed, to whom, and whether the proposal still is the one to make."""

from collections.abc import Sequence

from bot.config.prospects import OwnName, Prospect, prospects
from bot.config.reading import load
from bot.config.starting import starting_text
from bot.domain.errors import ConfigError
from bot.domain.facts import Repository
from bot.domain.finding import Finding
from bot.domain.migration import Config, Migration
from bot.onboarding.models import Proposal


def reason_against(repository: Repository) -> str | None:
    """Why nobody is asked there."""
    if repository.archived:
        return "the repository is archived"
    return "the repository is a fork" if repository.fork else None


def proposed(
    names: Sequence[OwnName],
    findings: Sequence[Finding],
    roots: Sequence[str],
    codeowners: str | None,
    issue: int | None,
) -> Proposal | None:
    """The configuration for what was found; ``None`` where that is nothing.  ``issue``: all is tracked on it."""
    found: list[Prospect] = []
    for each in prospects(names, findings):
        if _loaded([*found, each], roots, codeowners, issue) is not None:
            found.append(each)
    return _loaded(found, roots, codeowners, issue) if found else None


def _loaded(
    found: Sequence[Prospect], roots: Sequence[str], codeowners: str | None, issue: int | None
) -> Proposal | None:  # fmt: skip
    """``None``: these migrations cannot be together in one file."""
    text = starting_text([each.migration for each in found], roots=roots, codeowners=codeowners, issue=issue)
    try:
        return Proposal(text=text, config=load(text))
    except ConfigError:
        return None


def says_the_same(one: Config, other: Config) -> bool:
    """Whether two configurations do, whatever the order of their migrations and their comments."""
    return _by_name(one) == _by_name(other) and one.source_roots == other.source_roots


def _by_name(config: Config) -> dict[str, Migration]:
    return {migration.name: migration for migration in config.migrations}
