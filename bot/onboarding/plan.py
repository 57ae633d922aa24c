"""What is proposed, to whom, and whether the proposal still is the one to make."""

from collections.abc import Sequence
from dataclasses import replace

from bot.config.prospects import OwnName, prospects
from bot.config.reading import load
from bot.config.starting import StartingMigration, starting_text
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
    """The configuration for what was found; ``None`` where that is nothing.

    ``issue``: what has no tracking issue of its own is tracked on it.
    """
    found: list[StartingMigration] = []
    for each in (prospect.migration for prospect in prospects(names, findings)):
        if _loaded([*found, each], roots, codeowners) is not None:
            found.append(each)
    untracked = _loaded(found, roots, codeowners) if found else None
    if untracked is None or issue is None:
        return untracked
    own = {migration.name for migration in untracked.config.migrations if migration.tracking_issue is not None}
    tracked = [each if each.name in own else replace(each, issue=issue) for each in found]
    return _loaded(tracked, roots, codeowners)


def _loaded(
    found: Sequence[StartingMigration], roots: Sequence[str], codeowners: str | None
) -> Proposal | None:  # fmt: skip
    """``None``: these migrations cannot be together in one file."""
    text = starting_text(found, roots=roots, codeowners=codeowners)
    try:
        return Proposal(text=text, config=load(text))
    except ConfigError:
        return None


def says_the_same(one: Config, other: Config) -> bool:
    """Whether two configurations do, whatever the order of their migrations and their comments."""
    return _by_name(one) == _by_name(other) and one.source_roots == other.source_roots


def _by_name(config: Config) -> dict[str, Migration]:
    return {migration.name: migration for migration in config.migrations}
