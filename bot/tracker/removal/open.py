"""Opens the pull request that removes the definitions, once nothing uses the deprecated names any more.

It is found again by its branch and by its signed marker.  One that a person closed is not opened again.
"""

from collections.abc import Collection, Set

import structlog

from bot.config.reading import FILE
from bot.context import Bot
from bot.domain.effects import NewPullRequest, TreeCommit, TreeFile
from bot.domain.migration import Migration
from bot.domain.references import RepoRef, Sha
from bot.domain.tracked import NotKnown, PullState, TrackedFacts, usages_of
from bot.engine.program.standing import may_name, names_in, standing
from bot.engine.removal import RemovalRefused, take_out
from bot.engine.survey import of_interest
from bot.github import reads
from bot.github.errors import AlreadyExists, NotFound
from bot.identity.branches import of_removal
from bot.identity.pull_requests import is_removal
from bot.inventory.commit_sources import CommitSources
from bot.inventory.store import Surveyed
from bot.inventory.survey import survey
from bot.repository import DefaultBranch
from bot.scanner import Unscannable
from bot.tracker.removal import render as words

log = structlog.get_logger(__name__)


async def open_removal(bot: Bot, at: DefaultBranch, migration: Migration, issue: int, facts: TrackedFacts) -> None:
    """Open it, unless it is open already, was closed by a person, or cannot be proved safe."""
    if isinstance(facts.definitions, NotKnown) or not facts.definitions or await _was_opened(bot, at, migration):
        return
    sources = await CommitSources.at(bot, at.repo, at.head, interest=_of_interest)
    commit = await _commit(bot, at, migration, issue, facts, sources)
    if commit is None:
        return
    if held := _held_by(facts, {file.path for file in commit.files}):
        log.info("removal_waits", repository=at.repo.full_name, pull=held)
        return
    new = NewPullRequest(
        repo=at.repo,
        title=words.title(facts.definitions),
        head=commit.branch,
        base=at.repository.default_branch,
        body=words.body(
            migration,
            facts.definitions,
            {file.path: file.content for file in commit.files},
            issue,
            bot.keys,
            at.repo,
            await _also_named(sources, facts.definitions),
        ),
        draft=migration.pull_requests.draft,
    )
    await bot.performer.perform(commit)
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


async def _commit(
    bot: Bot, at: DefaultBranch, migration: Migration, issue: int, facts: TrackedFacts, commit: CommitSources
) -> TreeCommit | None:
    """The removal as a commit on the head of the default branch; ``None`` if it is refused."""
    repo = at.repo
    if isinstance(facts.definitions, NotKnown):
        return None
    found = await survey(bot, Surveyed(repo=repo, branch=at.branch, config=at.config), at.head)
    paths = {*facts.definitions.values(), *(usage.path for usage in usages_of(facts, migration.name))}
    sources = await commit.read(paths)
    if (kept := standing(migration, found, paths)) is not None:
        log.warning("definition_kept", repository=repo.full_name, migration=migration.name, reason=kept)
        return None
    try:
        taken = await bot.scanner.run(take_out, migration, sources, facts.definitions, found.roots, found.names)
    except Unscannable as error:
        taken = RemovalRefused(reason=str(error))
    if isinstance(taken, RemovalRefused):
        log.warning("definition_kept", repository=repo.full_name, migration=migration.name, reason=taken.reason)
        return None
    return TreeCommit(
        repo=repo,
        branch=of_removal(migration.name),
        before=await _head_of(bot, repo, of_removal(migration.name)),
        parent=at.head,
        message=words.commit_message(migration, facts.definitions, issue),
        files=tuple(
            TreeFile(path=path, content=content, mode=commit.modes[path])
            for path, content in sorted(taken.files.items())
        ),
    )


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
