"""``/ssot migrate`` on a pull request: fetch → migrate → plan → commit.

The same request may run any number of times.  Its commits carry a signed trailer that names it and the part of it that
they are, so what an earlier run committed is found on the branch and not committed twice.  Everything is planned on
the head that the person saw: the parent of the first of these commits.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from bot.context import Bot
from bot.domain.commands import Reply
from bot.domain.errors import Gone, RetryLater
from bot.domain.facts import BranchCommit, PullBranch, TreeEntry
from bot.domain.file_result import FileMigration
from bot.domain.finding import Range
from bot.domain.migration import Config
from bot.domain.reactions import Reaction
from bot.domain.references import ChangedFile, PullRequest, PullRequestRef, RepoRef, Sha
from bot.engine.source.names import SUFFIXES
from bot.github import purposes, reads
from bot.github.errors import HeadMoved, Refused
from bot.identity import decisions
from bot.identity.commits import part_of
from bot.inventory.commit_sources import REGULAR
from bot.inventory.rewrite import migrate_files
from bot.inventory.store import Surveyed
from bot.inventory.view import BranchView, view_of
from bot.jobs import Lease, require_held
from bot.migrate.pull import render_commit as words
from bot.migrate.pull.models import (
    PLAIN,
    CommitChunk,
    HeadUnknown,
    MigrateRequest,
    Obstacle,
    Obstructed,
    Overtaken,
    Report,
    Stop,
)
from bot.migrate.pull.plan import batches, obstacle, overtaken, seen_head, select
from bot.migrate.pull.push import push, push_target
from bot.migrate.pull.render import answer, invalid_configuration, skipped_by
from bot.repository import at_branch, details_of
from bot.review.plan import plan_check
from bot.review.update import found_in
from bot.scanner.tasks import KeptUsages

log = structlog.get_logger(__name__)

_TRIES = 3
"""How often a commit is tried on a branch that moves."""
_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What all steps of one request share."""

    bot: Bot
    lease: Lease
    pull: PullRequest
    ask: MigrateRequest
    config: Config
    keep: Mapping[str, KeptUsages] = field(default_factory=dict)
    """The usages that people skipped on this pull request, by path."""
    view: BranchView = field(default_factory=BranchView)
    """The files that the pull request does not change."""


async def migrate_pull(bot: Bot, ref: PullRequestRef, ask: MigrateRequest, lease: Lease) -> Reply:
    """Commit the requested fixes, and report what was done and what was not.

    Raises ``UserError`` for invalid arguments.
    """
    bot = bot.working_for(purposes.MIGRATION)
    pull = await reads.pull_request(bot.github, ref)
    at = await at_branch(bot, ref.repo, pull.base_ref)
    if at.problem:
        return _confused(invalid_configuration(details_of(at.problem)))
    report = await _migrate(_Run(bot=bot, lease=lease, pull=pull, ask=ask, config=at.config))
    if report.commits or (ask.dry_run and report.changed):
        report = replace(report, dismisses=await _dismisses(bot, pull))
    log.info("migrated", commits=report.commits, files=len(report.committed), stop=report.stop)
    return Reply(body=answer(report)) if report.stop is None else _confused(answer(report))


async def _dismisses(bot: Bot, pull: PullRequest) -> bool:
    """As far as the App may see: an older GitHub Enterprise Server has no rules to read."""
    try:
        return await reads.dismisses_approvals(bot.github, pull.ref.repo, pull.base_ref)
    except (Gone, Refused) as hidden:
        log.warning("rules_not_read", reason=str(hidden))
        return False


def _confused(body: str) -> Reply:
    return Reply(body=body, reaction=Reaction.CONFUSED)


async def _migrate(run: _Run) -> Report:
    branch = await reads.pull_branch(run.bot.github, run.pull.ref)
    done = _parts(run, branch)
    stop = _stop(run.ask, obstacle(run.pull, in_merge_queue=branch.in_merge_queue))
    if stop and not done:
        return Report(pull=run.pull, ask=run.ask, head=run.pull.head_sha, stop=stop)
    head = _seen(run, branch, done)
    if head is None:
        return Report(pull=run.pull, ask=run.ask, head=run.pull.head_sha, stop=HeadUnknown())
    place = Surveyed(repo=run.pull.ref.repo, branch=run.pull.base_ref, config=run.config)
    run = replace(run, keep=await _skipped(run, head), view=await view_of(run.bot, place))
    report, tree = await _plan(run, head)
    parts = batches(report.files, {entry.path: entry.mode for entry in tree})
    if run.ask.dry_run or not parts:
        return report
    return await _commit_all(run, report, parts, done, stop)


def _stop(ask: MigrateRequest, found: Obstacle | None) -> Stop | None:
    """What prevents the request; a dry run needs only an open pull request."""
    harmless = ask.dry_run and found not in (Obstacle.MERGED, Obstacle.CLOSED)
    return None if found is None or harmless else Obstructed(obstacle=found)


def _parts(run: _Run, branch: PullBranch) -> Mapping[int, BranchCommit]:
    """The commits that earlier runs of this very request made, by their part."""
    keys, ref = run.bot.keys, run.pull.ref
    parts = ((part_of(keys, ref, run.ask.id, commit.message), commit) for commit in branch.commits)
    return {part: commit for part, commit in parts if part is not None}


def _seen(run: _Run, branch: PullBranch, done: Mapping[int, BranchCommit]) -> Sha | None:
    first = done.get(min(done)) if done else None
    seen = (first.parent if first else None) or seen_head(branch, run.ask)
    return run.pull.head_sha if seen is None and run.ask.dry_run else seen


async def _skipped(run: _Run, head: Sha) -> Mapping[str, KeptUsages]:
    """The new usages of ``head`` that somebody skipped with a command: they are not changed."""
    repo, number = run.pull.ref.repo, run.pull.ref.number
    comments = await reads.issue_comments(run.bot.github, repo, number)
    if not decisions.waivers(run.bot.keys, repo, number, comments):
        return {}
    # What GitHub lists for the pull request is that of its present head.
    onto = None if head == run.pull.head_sha else await reads.branch_head(run.bot.github, repo, run.pull.base_ref)
    check = plan_check(await found_in(run.bot, replace(run.pull, head_sha=head), run.config, onto=onto))
    kept: defaultdict[str, dict[Range, str]] = defaultdict(dict)
    for new, waiver in check.waived:
        for finding in (new.finding, *new.also):
            kept[finding.path][finding.range] = skipped_by(waiver)
    return kept


# --- what is to be committed ------------------------------------------------------------------------------------


async def _plan(run: _Run, head: Sha) -> tuple[Report, tuple[TreeEntry, ...]]:
    """What there is to do on ``head``, and the tree it was found in."""
    tree = await reads.whole_tree(run.bot.github, run.pull.ref.repo, head)
    changed = await reads.changed_files(run.bot.github, run.pull)
    selection = select(tree, [] if run.ask.paths else [file.path for file in changed], run.ask.paths)
    report = Report(
        pull=run.pull,
        ask=run.ask,
        head=head,
        files=await _migrated(run, head, tree, selection.paths, changed),
        selection=selection,
        lacking=run.view.lacking,
    )
    return report, tree


async def _migrated(
    run: _Run, rev: Sha, tree: Iterable[TreeEntry], paths: Iterable[str], changed: Sequence[ChangedFile] | None = None
) -> tuple[FileMigration, ...]:
    """The files at ``paths`` with their fixes applied; all that the pull request has changed has a say in them."""
    repo, entries = run.pull.ref.repo, {entry.path: entry for entry in tree}
    changed = await reads.changed_files(run.bot.github, run.pull) if changed is None else changed
    touched = {path for file in changed for path in (file.path, file.previous_path) if path}
    touched = {path for path in touched if path.endswith(SUFFIXES)}
    requested = {path: entries[path].sha for path in paths if path in entries}
    files = {path: entry.sha for path, entry in entries.items() if entry.mode in REGULAR}
    others = {path: files.get(path) for path in touched - requested.keys()}
    ids = [*requested.values(), *(sha for sha in others.values() if sha)]
    content = await reads.blobs(run.bot.github, repo, ids)
    return await migrate_files(
        run.bot,
        repo,
        rev,
        run.config,
        {path: content[sha] for path, sha in requested.items()},
        around=run.view.around,
        beside={path: content[sha] if sha else None for path, sha in others.items()},
        tree=entries,
        unsafe=run.ask.unsafe,
        keep=run.keep,
    )


# --- commits ------------------------------------------------------------------------------------------------------


async def _commit_all(
    run: _Run, report: Report, parts: tuple[CommitChunk, ...], done: Mapping[int, BranchCommit], stop: Stop | None
) -> Report:
    """The report with the commits, those of earlier runs included; it stops at the first one that fails."""
    left = [batch for batch in parts if batch.number not in done]
    made = {number: commit.sha for number, commit in done.items()}
    if left and stop is None:
        target = await push_target(run.bot, run.pull)
        if isinstance(target, RepoRef):
            stop = await _commit_rest(run, report.head, parts, left, made, target)
        else:
            stop = target
    committed = [batch for batch in parts if batch.number in made]
    return replace(
        report,
        commits=tuple(made[batch.number] for batch in committed),
        committed=tuple(file for batch in committed for file in batch.files),
        stop=stop if len(committed) < len(parts) else None,
    )


async def _commit_rest(
    run: _Run,
    seen: Sha,
    parts: tuple[CommitChunk, ...],
    left: Iterable[CommitChunk],
    made: dict[int, Sha],
    target: RepoRef,
) -> Stop | None:
    """Commit what is ``left``, and note it in ``made``; why it ended early, or ``None``."""
    head, known = run.pull.head_sha, seen
    for batch in left:
        made_now = await _commit(run, batch, len(parts), head=head, known=known, target=target)
        if not isinstance(made_now, str):
            return made_now
        made[batch.number] = head = known = made_now
    return None


async def _commit(run: _Run, batch: CommitChunk, parts: int, *, head: Sha, known: Sha, target: RepoRef) -> Sha | Stop:
    """One commit on ``head``, or on the newer head if its files are the same there.

    ``known`` is a commit whose files are the planned ones.
    """
    for _ in range(_TRIES):
        if head != known:
            changed = await _overtaken(run, batch, head)
            if changed:
                return Overtaken(paths=changed)
            known = head
        require_held(run.lease, run.bot.github.clock.now())
        commit = words.commit(run.pull, run.ask, batch, parts, head, run.bot.keys)
        try:
            return await push(run.bot, run.pull, target, commit)
        except HeadMoved:
            found = await _look_again(run, batch)
            if not isinstance(found, PullRequest):
                return found
            head = found.head_sha
    raise RetryLater(at=run.bot.github.clock.now() + _AGAIN, reason="the branch keeps moving")


async def _look_again(run: _Run, batch: CommitChunk) -> PullRequest | Sha | Stop:
    """The pull request as it is now; or the commit, if it is there already; or what prevents it now."""
    ref = run.pull.ref
    pull, branch = await reads.pull_request(run.bot.github, ref), await reads.pull_branch(run.bot.github, ref)
    there = _parts(run, branch).get(batch.number)
    if there is not None:
        return there.sha
    stop = _stop(run.ask, obstacle(pull, in_merge_queue=branch.in_merge_queue))
    return stop or pull


async def _overtaken(run: _Run, batch: CommitChunk, head: Sha) -> tuple[str, ...]:
    """The files of the batch that differ on ``head``, or would be rewritten differently there."""
    tree = await reads.whole_tree(run.bot.github, run.pull.ref.repo, head)
    modes = {entry.path: entry.mode for entry in tree}
    same = [file for file in batch.files if modes.get(file.path) == batch.modes.get(file.path, PLAIN)]
    now = await _migrated(run, head, tree, (file.path for file in same))
    return overtaken(batch.files, now)
