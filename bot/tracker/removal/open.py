"""Opens the pull request that removes the definitions, once nothing uses the deprecated names any more.

It is found again by its branch and by its signed marker.  One that a person closed is not opened again.
"""

from collections.abc import Collection, Iterator, Mapping, Set

import structlog

from bot.config.reading import FILE
from bot.context import Bot
from bot.domain.effects import NewPullRequest, TreeCommit, TreeFile
from bot.domain.migration import Migration
from bot.domain.references import RepoRef, Sha
from bot.domain.tracked import NotKnown, PullState, TrackedFacts, usages_of
from bot.engine.program.standing import StandingUse, may_name, names_in, standing
from bot.engine.removed import Removal, RemovalRefused
from bot.engine.survey import of_interest
from bot.github import reads
from bot.github.errors import AlreadyExists, NotFound
from bot.identity.branches import of_removal
from bot.identity.pull_requests import is_removal
from bot.inventory.commit_sources import CommitSources
from bot.inventory.store import Surveyed
from bot.inventory.survey import survey
from bot.repository import DefaultBranch
from bot.scanner import Unscannable, tasks
from bot.tracker.removal import render as words

log = structlog.get_logger(__name__)


async def open_removal(bot: Bot, at: DefaultBranch, migration: Migration, issue: int, facts: TrackedFacts) -> None:
    """Open it, unless it is open already, was closed by a person, or cannot be proved safe."""
    defined = facts.definitions
    if isinstance(defined, NotKnown) or not defined or await _was_opened(bot, at, migration):
        return
    sources = await sources_at_head(bot, at)
    planned = await planned_removal(bot, at, migration, facts, sources)
    if isinstance(planned, StandingUse):
        log.warning("definition_kept", repository=at.repo.full_name, migration=migration.name, reason=planned.reason)
        return
    if held := _held_by(facts, planned.files.keys()):
        log.info("removal_waits", repository=at.repo.full_name, pull=held)
        return
    before = await _head_of(bot, at.repo, of_removal(migration.name))
    new = NewPullRequest(
        repo=at.repo,
        title=words.title(defined),
        head=of_removal(migration.name),
        base=at.repository.default_branch,
        body=await body_of(bot, at, migration, issue, defined, planned, sources),
        draft=migration.pull_requests.draft,
    )
    await bot.performer.perform(commit_of(at, migration, issue, defined, planned, sources, before=before))
    try:
        await bot.performer.perform(new)
    except AlreadyExists:
        return


async def _was_opened(bot: Bot, at: DefaultBranch, migration: Migration) -> bool:
    """Whether it is open, or was closed without a merge.  A merged one did its work: the definition came back since."""
    repo = at.repo
    if await reads.open_pull_requests(bot.github, repo, head=of_removal(migration.name)):
        return True
    own = await reads.own_pull_requests(bot.github, repo)
    return any(not pull.merged and is_removal(bot.keys, repo.id, migration.name, pull.body) for pull in own)


def _held_by(facts: TrackedFacts, paths: Set[str]) -> int | None:
    """The migration pull request that changes one of the files: two of them would conflict."""
    if isinstance(facts.pulls, NotKnown):
        return None
    open_ones = (pull for pull in facts.pulls if pull.migrates and pull.state is PullState.OPEN)
    return next((pull.number for pull in open_ones if not paths.isdisjoint(pull.paths)), None)


async def planned_removal(
    bot: Bot, at: DefaultBranch, migration: Migration, facts: TrackedFacts, commit: CommitSources
) -> Removal | StandingUse:
    """What the removal makes of the files of the default branch's head, or what keeps a definition."""
    repo = at.repo
    if isinstance(facts.definitions, NotKnown):
        return StandingUse(path="", reason=facts.definitions.why)
    found = await survey(bot, Surveyed(repo=repo, branch=at.branch, config=at.config), at.head)
    paths = {*facts.definitions.values(), *(usage.path for usage in usages_of(facts, migration.name))}
    around = {f"{package}/__init__.py" for path in facts.definitions.values() for package in _packages(path)}
    sources = await commit.read(paths | around)
    if (kept := standing(migration, found, paths)) is not None:
        return kept
    try:
        taken = await bot.scanner.run(tasks.take_out, migration, sources, facts.definitions, found.roots, found.names)
    except Unscannable as error:
        taken = RemovalRefused(reason=str(error))
    return StandingUse(path="", reason=taken.reason) if isinstance(taken, RemovalRefused) else taken


def _packages(path: str) -> Iterator[str]:
    """The directories around a file: what is a package may give on what is in it, by its name in a string."""
    while path := path.rpartition("/")[0]:
        yield path


def commit_of(
    at: DefaultBranch, migration: Migration, issue: int, defined: Mapping[str, str], planned: Removal,
    commit: CommitSources, *, before: Sha | None,
) -> TreeCommit:  # fmt: skip
    """The removal as one commit on the head of the default branch."""
    return TreeCommit(
        repo=at.repo,
        branch=of_removal(migration.name),
        before=before,
        parent=at.head,
        message=words.commit_message(migration, defined, issue),
        files=tuple(
            TreeFile(path=path, content=content, mode=commit.modes[path])
            for path, content in sorted(planned.files.items())
        ),
    )


async def body_of(
    bot: Bot, at: DefaultBranch, migration: Migration, issue: int, defined: Mapping[str, str], planned: Removal,
    commit: CommitSources,
) -> str:  # fmt: skip
    """The text of the pull request."""
    also = await _also_named(commit, defined)
    return words.body(migration, defined, planned.files, issue, bot.keys, at.repo, also)


async def sources_at_head(bot: Bot, at: DefaultBranch) -> CommitSources:
    """The files that are read for it."""
    return await CommitSources.at(bot, at.repo, at.head, interest=_of_interest)


def _of_interest(path: str) -> bool:
    return of_interest(path) or _may_name(path)


def _may_name(path: str) -> bool:
    """Whether a file is looked at for the names; the configuration has to hold them."""
    return may_name(path) and path != FILE


async def _also_named(commit: CommitSources, names: Collection[str]) -> tuple[str, ...]:
    """The settings, pages and scripts that name what goes: they are left to people."""
    paths = [path for path in commit.blobs if _may_name(path)]
    return tuple(sorted(await commit.find(names_in, paths, tuple(names))))


async def _head_of(bot: Bot, repo: RepoRef, branch: str) -> Sha | None:
    """Where the branch is, wherever that is: it is the bot's own, and has no pull request."""
    try:
        return await reads.branch_head(bot.github, repo, branch)
    except NotFound:
        return None
