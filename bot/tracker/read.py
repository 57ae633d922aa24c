"""Reads everything that a checklist's evidence needs, at one commit of the default branch."""

from collections import Counter
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.context import Bot
from bot.domain.checklist_item import (
    AllOf,
    AnyOf,
    Attested,
    CheckPassed,
    DefinitionRemoved,
    Deployed,
    Evidence,
    FileExists,
    IssueEvidence,
    PullRequestEvidence,
    SubIssuesClosed,
)
from bot.domain.facts import Comment
from bot.domain.migration import Migration
from bot.domain.references import PullRequestRef
from bot.domain.tracked import (
    Attestation,
    Deployment,
    IssueFact,
    NotKnown,
    Origin,
    Pull,
    PullState,
    Snapshot,
    SubIssues,
    TrackedFacts,
    usages_of,
)
from bot.engine.program.presence import definition_files, definitions
from bot.engine.survey import Survey
from bot.github import reads
from bot.github.errors import MissingPermission, Refused
from bot.identity import branches, decisions
from bot.inventory import progress
from bot.inventory.commit_sources import CommitSources
from bot.inventory.survey import survey
from bot.repository import DefaultBranch
from bot.scanner import Unscannable
from bot.tracker.record import TrackerRecord

T = TypeVar("T")

MOST_ORIGINS = 10
"""Files of one update for which the author of new usages is looked up."""
_NOT_ASKED = NotKnown(why="no item needs it")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsNeeded:
    """The facts that the evidence of a migration's checklist needs."""

    definitions: bool
    files: bool
    checks: bool
    environments: tuple[str, ...]
    pulls: tuple[int, ...]
    issues: tuple[int, ...]
    parents: tuple[int, ...]
    """The issues whose sub-issues are asked for."""
    attested: bool

    @classmethod
    def by(cls, migration: Migration, issue: int) -> "FactsNeeded":
        leaves = [leaf for item in migration.checklist for leaf in _leaves(item.evidence)]
        kinds = {type(leaf) for leaf in leaves}
        return cls(
            definitions=DefinitionRemoved in kinds,
            files=FileExists in kinds,
            checks=CheckPassed in kinds,
            environments=_once(leaf.environment for leaf in leaves if isinstance(leaf, Deployed)),
            pulls=_once(leaf.number for leaf in leaves if isinstance(leaf, PullRequestEvidence) and leaf.number),
            issues=_once(leaf.number or issue for leaf in leaves if isinstance(leaf, IssueEvidence)),
            parents=_once(leaf.number or issue for leaf in leaves if isinstance(leaf, SubIssuesClosed)),
            attested=Attested in kinds,
        )


def _once(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))


def _leaves(evidence: Evidence) -> Iterator[Evidence]:
    if isinstance(evidence, AllOf | AnyOf):
        for part in evidence.evidence:
            yield from _leaves(part)
    else:
        yield evidence


async def tracked_facts(
    bot: Bot, at: DefaultBranch, migration: Migration, issue: int, record: TrackerRecord
) -> TrackedFacts:
    """All facts of one tracked migration.  What cannot be read is ``NotKnown``, and proves nothing."""
    repo, asked = at.repo, FactsNeeded.by(migration, issue)
    found = await survey(bot, await progress.follow(bot, at), at.head)
    comments = await reads.issue_comments(bot.github, repo, issue) if asked.attested else ()
    facts = TrackedFacts(
        commit=at.head,
        committed_at=await reads.commit_time(bot.github, repo, at.head),
        read_at=bot.github.clock.now().replace(microsecond=0),
        reports=found.reports,
        repository_url=at.repository.html_url,
        issue=issue,
        definitions=await _definitions(bot, at, migration, found),
        paths=await _paths(bot, at) if asked.files else _NOT_ASKED,
        checks=await _or_unreadable(reads.checks(bot.github, repo, at.head)) if asked.checks else _NOT_ASKED,
        deployments=await _deployments(bot, at, asked.environments),
        pulls=await _or_unreadable(_pulls(bot, at, migration, issue, asked.pulls)),
        issues=await _issues(bot, at, asked.issues),
        sub_issues=await _sub_issues(bot, at, asked.parents),
        attestations=_attestations(bot, at, issue, comments),
        history=record.history,
        before=record.compared_with(at.head),
    )
    counts = Counter(finding.path for finding in usages_of(facts, migration.name))
    return replace(
        facts,
        cleared=tuple(sorted(record.seen - counts.keys())),
        origins=await _origins(bot, at, counts, facts.before, record.origins),
    )


async def _or_unreadable(reading: Awaitable[T]) -> T | NotKnown:
    try:
        return await reading
    except MissingPermission as error:
        return NotKnown(why=str(error))
    except Refused as error:
        return NotKnown(why=f"GitHub refused the request: {error.message}"[:200])


# --- the source ----------------------------------------------------------------------------------------------------


async def _definitions(
    bot: Bot, at: DefaultBranch, migration: Migration, found: Survey
) -> Mapping[str, str] | NotKnown:
    """Which definitions are still there; source is parsed in a worker, as always."""
    commit = CommitSources(bot=bot, repo=at.repo, commit=at.head, blobs=found.blobs)
    sources = await commit.read(definition_files(migration.targets, found.roots))
    try:
        return await bot.scanner.run(definitions, migration.targets, sources, found.roots)
    except Unscannable as error:
        return NotKnown(why=f"the definitions could not be scanned: {error}")


async def _paths(bot: Bot, at: DefaultBranch) -> frozenset[str]:
    return frozenset(entry.path for entry in await reads.whole_tree(bot.github, at.repo, at.head))


# --- GitHub ----------------------------------------------------------------------------------------------------------


async def _deployments(bot: Bot, at: DefaultBranch, environments: Iterable[str]) -> tuple[Deployment, ...] | NotKnown:
    async def read() -> tuple[Deployment, ...]:
        newest = [await reads.deployment(bot.github, at.repo, e, at.head) for e in environments]
        return tuple(each for each in newest if each is not None)

    return await _or_unreadable(read())


async def _pulls(
    bot: Bot, at: DefaultBranch, migration: Migration, issue: int, numbers: Iterable[int]
) -> tuple[Pull, ...]:
    """The pull requests that the issue is linked with, those that the bot opened for the migration, the numbered."""
    repo, us = at.repo, await reads.ourselves(bot.github, at.repo)
    found: dict[int, Pull] = {}
    for pull, branch in await reads.linked_pulls(bot.github, repo, issue):
        mine = branches.migration_of(branch) == migration.name or branch == branches.of_removal(migration.name)
        migrates = mine and pull.author_id == us.bot_id
        paths = await _changed(bot, at, pull.number) if migrates and pull.state is PullState.OPEN else ()
        found[pull.number] = replace(pull, migrates=migrates, paths=paths)
    for number in numbers:
        if number not in found and (numbered := await reads.numbered_pull(bot.github, repo, number)):
            found[number] = numbered
    return tuple(found[number] for number in sorted(found))


async def _changed(bot: Bot, at: DefaultBranch, number: int) -> tuple[str, ...]:
    pull = await reads.pull_request(bot.github, PullRequestRef(repo=at.repo, number=number))
    return tuple(sorted(file.path for file in await reads.changed_files(bot.github, pull)))


async def _issues(bot: Bot, at: DefaultBranch, numbers: Iterable[int]) -> tuple[IssueFact, ...] | NotKnown:
    async def read() -> tuple[IssueFact, ...]:
        found = [await reads.issue_fact(bot.github, at.repo, number) for number in numbers]
        return tuple(each for each in found if each is not None)

    return await _or_unreadable(read())


async def _sub_issues(bot: Bot, at: DefaultBranch, numbers: Iterable[int]) -> tuple[SubIssues, ...] | NotKnown:
    async def read() -> tuple[SubIssues, ...]:
        found = [await reads.sub_issues(bot.github, at.repo, number) for number in numbers]
        return tuple(each for each in found if each is not None)

    return await _or_unreadable(read())


def _attestations(bot: Bot, at: DefaultBranch, issue: int, comments: Iterable[Comment]) -> Mapping[str, Attestation]:
    return decisions.attestations(bot.keys, at.repo, issue, comments)


async def _origins(
    bot: Bot, at: DefaultBranch, counts: Mapping[str, int], before: Snapshot | None, known: Mapping[str, Origin]
) -> Mapping[str, Origin]:
    """Who added usages to files that have more of them than at the last commit; and what was known of the others."""
    if before is None:
        return {}
    risen = [path for path, number in sorted(counts.items()) if number > before.usages.get(path, 0)]
    found = {path: origin for path, origin in known.items() if path in counts}
    for path in risen[:MOST_ORIGINS]:
        origin = await reads.last_change(bot.github, at.repo, path, at.head)
        if origin is not None:
            found[path] = origin
    return found
