"""Finds the migrations that are tracked on an issue, with the facts of each; or why there are none."""

from dataclasses import dataclass

import structlog

from bot.context import Bot
from bot.domain.errors import Gone
from bot.domain.facts import Issue
from bot.domain.migration import Migration
from bot.domain.references import RepoRef
from bot.domain.tracked import TrackedFacts, usages_of
from bot.github import reads
from bot.github.errors import NotFound
from bot.repository import DefaultBranch, at_head, reason_of
from bot.tracker import record as records
from bot.tracker.models import Changed, Conflict, Unchanged
from bot.tracker.read import tracked_facts
from bot.tracker.record import TrackerRecord

log = structlog.get_logger(__name__)


class NotTracked(Exception):
    """Why there is nothing to do."""


@dataclass(slots=True, kw_only=True)
class Tracked:
    """One migration on the issue, and the result of its update."""

    migration: Migration
    record: TrackerRecord
    facts: TrackedFacts
    outcome: Unchanged | Changed | Conflict | None = None
    refused: str | None = None
    """Why GitHub does not let the bot remove the definition."""


async def default_branch_of(bot: Bot, repo: RepoRef) -> DefaultBranch:
    """The default branch, if its trackers are to be updated.  Raises ``NotTracked`` with the reason why not."""
    repository = await reads.repository(bot.github, repo)
    if repository.archived:
        raise NotTracked("the repository is archived")
    try:
        at = await at_head(bot, repository)
    except NotFound as error:
        raise NotTracked("the repository is empty") from error
    if at.problem:
        raise NotTracked(reason_of(at.problem))
    return at


async def issue_of(bot: Bot, at: DefaultBranch, number: int) -> Issue:
    """The tracking issue.  Whoever can write to the default branch names it; it is one of this repository."""
    try:
        issue = await reads.issue(bot.github, at.repo, number)
    except Gone as error:
        log.warning("tracker_missing", repository=at.repo.full_name, issue=number)
        text = "was deleted, or transferred to where the App may not read"
        raise NotTracked(f"issue {number} does not exist: if it did, it {text}") from error
    if issue.is_pull_request:
        raise NotTracked(f"{number} is a pull request, not an issue")
    if issue.repository.lower() != at.repo.full_name.lower():
        now = (await reads.repository(bot.github, at.repo)).ref  # it may have been renamed a moment ago
        if issue.repository.lower() != now.full_name.lower():
            raise _transferred(at, number)
    return issue


def _transferred(at: DefaultBranch, number: int) -> NotTracked:
    """Somebody moved the tracking issue: what the configuration names has to be an issue of its own repository."""
    log.warning("tracker_transferred", repository=at.repo.full_name, issue=number)
    return NotTracked(
        f"issue {number} was transferred to another repository: `tracking.issue` has to name an issue of this one"
    )


async def tracked_on(bot: Bot, at: DefaultBranch, issue: Issue) -> list[Tracked]:
    """The migrations tracked on the issue.  Raises ``NotTracked`` if there are none."""
    repo, found = at.repo, []
    for migration in at.tracked_on(issue.number):
        record = await records.load(bot.storage, repo, issue.number, migration.name)
        facts = await tracked_facts(bot, at, migration, issue.number, record)
        concerns = record.written or usages_of(facts, migration.name) or facts.definitions
        if at.built_in and not concerns:
            continue  # the built-in migration belongs to one code base: elsewhere its issue number means nothing
        found.append(Tracked(migration=migration, record=record, facts=facts))
    if not found:
        raise NotTracked(f"no migration is tracked on issue {issue.number}")
    return found
