"""What another configuration would find on a branch, beside what the branch's own finds there.

The other one may be a stranger's.  So it is looked at in a worker of its own, with a bound on its names and a deadline,
and nothing of it is stored.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.context import Bot
from bot.domain.finding import Failed, FileReport, Finding, Scanned, Skipped
from bot.domain.migration import Config, Migration
from bot.domain.references import RepoRef, Sha
from bot.engine.survey import Survey
from bot.github import reads
from bot.github.errors import MissingPermission, NoArchive, NotFound, Refused
from bot.github.sift import HugeArchive
from bot.inventory.commit_sources import CommitSources
from bot.inventory.models import Foreseen
from bot.inventory.rewrite import migrate_files
from bot.inventory.store import Surveyed, surroundings_of
from bot.inventory.survey import survey, survey_fresh
from bot.scanner import Scanner

MOST_SECONDS = 120.0
"""For both configurations together."""
PLAN_SECONDS = 40.0
"""Of these, for finding out which usages can be fixed."""
MOST_NAMES = 500
"""Names that the other configuration deprecates anew: what is looked for costs time in this process as well."""


class NotForeseen(Exception):
    """It cannot be told; the text is the end of a sentence."""


async def foresee(bot: Bot, repo: RepoRef, branch: str, before: Config | None, after: Config) -> Foreseen:
    """The usages under ``after``, from the kept survey of the branch as far as its own configuration finds the same.

    ``before``: the branch's own; ``None``: it has none that is valid.  Raises :class:`NotForeseen`, and
    ``RetryLater`` for GitHub's limits and the scanner.
    """
    async with within_bounds(branch):
        return await _foresee(bot, repo, branch, before or Config(migrations=()), after)


@asynccontextmanager
async def within_bounds(branch: str, seconds: float | None = None) -> AsyncIterator[None]:
    """Whatever keeps a branch from being looked at in time is :class:`NotForeseen`."""
    seconds = MOST_SECONDS if seconds is None else seconds
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise NotForeseen(f"the scan takes longer than {seconds:g} seconds") from None
    except (HugeArchive, MissingPermission, Refused) as error:
        raise NotForeseen(str(error)) from error
    except NoArchive as error:
        raise NotForeseen(error.reason) from error
    except NotFound as error:
        raise NotForeseen(f"the branch {branch} is gone") from error


async def _foresee(bot: Bot, repo: RepoRef, branch: str, before: Config, after: Config) -> Foreseen:
    head = await reads.branch_head(bot.github, repo, branch)
    same = frozenset() if before.source_roots != after.source_roots else _unchanged(before, after)
    other = tuple(migration for migration in after.migrations if migration.name not in same)
    if sum(len(migration.targets) for migration in other) > MOST_NAMES:
        raise NotForeseen(f"it deprecates more than {MOST_NAMES:,} names anew")
    known: tuple[FileReport, ...] = ()
    told: tuple[FileReport, ...] = ()
    reports: tuple[FileReport, ...] = ()
    async with Scanner(workers=1) as scanner:
        aside = replace(bot, scanner=scanner)
        if before.migrations:
            kept = await survey(bot, Surveyed(repo=repo, branch=branch, config=before), head)
            known = kept.reports
            if same:
                stays = replace(before, migrations=tuple(m for m in before.migrations if m.name in same))
                told = await _with_fixes(aside, repo, stays, kept)
        if other:
            reports = await _scanned(aside, repo, head, replace(after, migrations=other))
    return Foreseen(
        commit=head,
        before={migration.name: _of(migration, known) for migration in before.migrations},
        after={m.name: _of(m, told if m.name in same else reports) for m in after.migrations},
        unread=_unread((*told, *reports)),
    )


async def _scanned(bot: Bot, repo: RepoRef, commit: Sha, config: Config) -> tuple[FileReport, ...]:
    """With the fixes, as far as there is time for them."""
    sources = await CommitSources.at(bot, repo, commit)
    return await _with_fixes(bot, repo, config, await survey_fresh(sources, config, bot.scanner.each))


async def _with_fixes(bot: Bot, repo: RepoRef, config: Config, found: Survey) -> tuple[FileReport, ...]:
    """The reports of a survey, which plans no fixes, with those of the migrations of ``config``.

    What breaks the engine now stays as it was found, and so does all of it after ``PLAN_SECONDS``.
    """
    names = {migration.name for migration in config.migrations}
    with_usages = {
        report.path
        for report in found.reports
        if isinstance(report, Scanned) and any(finding.migration in names for finding in report.findings)
    }
    if not with_usages:
        return found.reports
    try:
        async with asyncio.timeout(PLAN_SECONDS):
            sources = await (await CommitSources.at(bot, repo, found.commit)).read(with_usages)
            around = surroundings_of(found)
            done = await migrate_files(bot, repo, found.commit, config, sources, tree=found.blobs, around=around)
    except TimeoutError:
        return found.reports
    planned = {each.path: each.report for each in done if isinstance(each.report, Scanned)}
    return tuple(planned.get(report.path, report) for report in found.reports)


def _unchanged(before: Config, after: Config) -> frozenset[str]:
    """The migrations that find the same under both configurations."""
    old = {migration.name: _looked_for(migration) for migration in before.migrations}
    return frozenset(m.name for m in after.migrations if old.get(m.name) == _looked_for(m))


def _looked_for(migration: Migration) -> Migration:
    """The migration without what only tells how to treat a usage."""
    plain = Migration(name=migration.name, targets=())
    return replace(
        migration,
        mode=plain.mode,
        docs_url=plain.docs_url,
        pull_requests=plain.pull_requests,
        tracking_issue=plain.tracking_issue,
        checklist=plain.checklist,
    )


def _of(migration: Migration, reports: Iterable[FileReport]) -> tuple[Finding, ...]:
    """Its usages that no comment in the code silences."""
    scanned = (report for report in reports if isinstance(report, Scanned))
    found = (finding for report in scanned for finding in report.findings)
    return tuple(f for f in found if f.migration == migration.name and f.ignored is None)


def _unread(reports: Iterable[FileReport]) -> tuple[Failed | Skipped, ...]:
    by_path = {report.path: report for report in reports if not isinstance(report, Scanned)}
    return tuple(by_path[path] for path in sorted(by_path))
