"""Fetches what the decision needs: a migration's pull requests, and the files that are still to be migrated."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import structlog

from bot.context import Bot
from bot.domain.facts import OwnPullRequest
from bot.domain.file_result import FileMigration
from bot.domain.finding import Failed, Scanned, Skipped
from bot.domain.migration import CODEOWNERS, Migration, Split
from bot.domain.references import PullRequest, PullRequestRef, RepoRef
from bot.github import reads
from bot.identity import branches
from bot.identity.markers import MarkerKeys
from bot.identity.pull_requests import batch_mark_of, removed_in
from bot.inventory import progress
from bot.inventory.commit_sources import CommitSources
from bot.inventory.models import MigrationPulls
from bot.inventory.rewrite import migrate_files
from bot.inventory.store import surroundings_of
from bot.inventory.survey import survey
from bot.migrate.batches.codeowners import KnownOwners, owners_of
from bot.migrate.batches.models import BatchFacts, BatchRequest, ClosedPull, FileFacts, OpenPull, Owners, Tier
from bot.repository import DefaultBranch
from bot.scanner import Unscannable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPullRequests:
    """The default branch, and what the App has opened in its repository."""

    at: DefaultBranch
    own: tuple[OwnPullRequest, ...]
    """All pull requests of the App, open or not."""
    open: tuple[tuple[str, OpenPull], ...]
    """The open ones that carry a migration, with its name."""
    removing: Mapping[str, int]
    """The paths that open pull requests change which take out definitions, with their numbers."""

    def open_of(self, migration: Migration) -> tuple[OpenPull, ...]:
        return tuple(pull for name, pull in self.open if name == migration.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReading:
    """The facts of one migration, and the files that could not be scanned."""

    facts: BatchFacts
    unread: tuple[Failed | Skipped, ...]


async def own_pull_requests(bot: Bot, repo: RepoRef) -> tuple[OwnPullRequest, ...]:
    """All pull requests that the App ever opened there; how many of each migration is kept for the operator."""
    own = await reads.own_pull_requests(bot.github, repo)
    await progress.keep_pulls(bot, repo, pulls_by_migration(bot.keys, repo, own))
    return own


def pulls_by_migration(keys: MarkerKeys, repo: RepoRef, own: Iterable[OwnPullRequest]) -> Iterator[MigrationPulls]:
    """What became of the App's pull requests, by the markers in their texts."""
    found: dict[str, list[OwnPullRequest]] = {}
    for pull in own:
        mark = batch_mark_of(keys, repo.id, pull.body)
        for name in removed_in(keys, repo.id, pull.body) if mark is None else (mark.migration,):
            found.setdefault(name, []).append(pull)
    for name, pulls in found.items():
        yield MigrationPulls(
            migration=name,
            open=tuple(sorted(pull.number for pull in pulls if pull.open)),
            merged=sum(pull.merged for pull in pulls),
            closed=sum(not pull.open and not pull.merged for pull in pulls),
        )


async def opened_pull_requests(bot: Bot, at: DefaultBranch) -> OpenedPullRequests:
    """What the App has opened, read again: what was done before is found by looking."""
    own = await own_pull_requests(bot, at.repo)
    migrating: list[tuple[str, OpenPull]] = []
    removing: dict[str, int] = {}
    for each in own:
        if not each.open:
            continue
        pull = await reads.pull_request(bot.github, PullRequestRef(repo=at.repo, number=each.number))
        if pull.state != "open" or pull.from_fork:
            continue
        if (name := branches.migration_of(pull.head_ref)) is not None:
            migrating.append((name, await _open_pull(bot, at, each, pull)))
        elif branches.is_of_removal(pull.head_ref):
            removing.update(dict.fromkeys(await _files_of(bot, pull), pull.ref.number))
    return OpenedPullRequests(at=at, own=own, open=tuple(migrating), removing=removing)


async def batch_facts(
    bot: Bot, opened: OpenedPullRequests, migration: Migration, ask: BatchRequest | None
) -> BatchReading:
    """All that the decision about the migration's pull requests depends on."""
    pulls = opened.open_of(migration)
    tiers = {pull.tier for pull in pulls} | {ask.tier if ask else Tier.SAFE}
    files, unread = await _files(bot, opened.at, migration, tiers)
    facts = BatchFacts(
        migration=migration,
        files=files,
        open=pulls,
        taken=_taken(opened, migration),
        # Files that somebody names come even if a person closed a pull request with them.
        closed=await _closed(bot, opened, migration) if ask and not ask.paths else (),
        owners=await _owners(bot, opened.at, files) if migration.pull_requests.split is Split.CODEOWNERS else None,
        ask=ask,
    )
    return BatchReading(facts=facts, unread=unread)


def _taken(opened: OpenedPullRequests, migration: Migration) -> Mapping[str, int]:
    others = (pull for name, pull in opened.open if name != migration.name)
    return {**{path: pull.number for pull in others for path in pull.files}, **opened.removing}


# --- the pull requests ---------------------------------------------------------------------------------------------


async def _open_pull(bot: Bot, at: DefaultBranch, own: OwnPullRequest, pull: PullRequest) -> OpenPull:
    """What the decision needs of an open pull request of ours that carries a migration."""
    mark = batch_mark_of(bot.keys, at.repo.id, own.body)
    mark = mark if mark and mark.of_branch(pull.head_ref) else None
    commits = await reads.commits_ahead(bot.github, at.repo, at.head, pull.head_sha)
    return OpenPull(
        number=own.number,
        branch=pull.head_ref,
        head_sha=pull.head_sha,
        files=await _files_of(bot, pull),
        foreign=commits is None or not all(commit.ours for commit in commits),
        retargeted=pull.base_ref != at.branch,
        body=own.body,
        tier=Tier(mark.tier) if mark else Tier.SAFE,
        asked_by=mark.asked_by if mark else 0,
        digest=mark.digest if mark else None,
    )


async def _files_of(bot: Bot, pull: PullRequest) -> dict[str, str | None]:
    """Each path that it changes with the id of its blob; ``None`` for one that goes."""
    files: dict[str, str | None] = {}
    for file in await reads.changed_files(bot.github, pull):
        files[file.path] = None if file.status == "removed" else file.blob_sha
        if file.previous_path and file.status == "renamed":
            files[file.previous_path] = None
    return files


async def _closed(bot: Bot, opened: OpenedPullRequests, migration: Migration) -> tuple[ClosedPull, ...]:
    """Those that a person closed without merging; what the bot closes itself is finished."""
    repo, found = opened.at.repo, []
    us = await reads.ourselves(bot.github, repo)
    for own in opened.own:
        if own.open or own.merged:
            continue
        mark = batch_mark_of(bot.keys, repo.id, own.body)
        if mark is not None and mark.migration != migration.name:
            continue
        pull = await reads.pull_request(bot.github, PullRequestRef(repo=repo, number=own.number))
        if branches.migration_of(pull.head_ref) != migration.name:
            continue
        if (await reads.issue(bot.github, repo, own.number)).closed_by_id == us.bot_id:
            continue
        changed = await reads.changed_files(bot.github, pull)
        found.append(ClosedPull(number=own.number, paths=frozenset(file.path for file in changed)))
    return tuple(found)


async def _owners(bot: Bot, at: DefaultBranch, files: Iterable[FileFacts]) -> Owners | None:
    """By the first CODEOWNERS file that there is.  It is read in a worker; without one that can be, nobody owns any."""
    for path in CODEOWNERS:
        source = await reads.file_at(bot.github, at.repo, path, at.head)
        if isinstance(source, bytes):
            try:
                return KnownOwners(await bot.scanner.run(owners_of, source, [each.path for each in files]))
            except Unscannable as error:
                log.warning("codeowners_not_read", repo=at.repo.full_name, path=path, cause=error.cause)
                return None
    return None


# --- the files -------------------------------------------------------------------------------------------------------


async def _files(
    bot: Bot, at: DefaultBranch, migration: Migration, tiers: Iterable[Tier]
) -> tuple[tuple[FileFacts, ...], tuple[Failed | Skipped, ...]]:
    """Every file of the commit in which the migration finds something, with its fixes applied.

    The whole of what mentions a name is in view: an import may stay because a file elsewhere needs it.
    """
    repo = at.repo
    config = replace(at.config, migrations=(migration,))
    known = await survey(bot, await progress.follow(bot, at), at.head)
    commit = await CommitSources.at(bot, repo, at.head)
    sources, around = await commit.read(known.files), surroundings_of(known)
    migrated: dict[str, dict[Tier, FileMigration]] = {path: {} for path in sources}
    for tier in sorted(tiers):
        unsafe = tier is Tier.UNSAFE
        done = await migrate_files(bot, repo, at.head, config, sources, tree=known.blobs, unsafe=unsafe, around=around)
        for each in done:
            migrated[each.path][tier] = each
    files = (FileFacts(path=path, migrated=each, mode=commit.modes[path]) for path, each in sorted(migrated.items()))
    unread = [report for report in known.reports if not isinstance(report, Scanned)]
    return tuple(file for file in files if file.findings), tuple(unread)
