"""What another configuration would find on a branch, beside what the branch's own finds there.

The other one may be a stranger's.  So it is looked at in a worker of its own, with a bound on its names and a deadline,
and nothing of it is stored.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from bot.context import Bot
from bot.domain.finding import Failed, FileReport, Finding, Scanned, Skipped
from bot.domain.migration import Config, Migration
from bot.domain.references import RepoRef, Sha
from bot.github import reads
from bot.github.errors import MissingPermission, NoArchive, NotFound, Refused
from bot.github.sift import HugeArchive
from bot.inventory.commit_sources import CommitSources
from bot.inventory.models import Foreseen
from bot.inventory.store import Surveyed
from bot.inventory.survey import survey, survey_fresh
from bot.scanner import Scanner

MOST_SECONDS = 120.0
"""For both configurations together."""
MOST_NAMES = 500
"""Names that the other configuration deprecates anew: what is looked for costs time in this process as well."""


class NotForeseen(Exception):
    """It cannot be told; the text is the end of a sentence."""


async def foresee(bot: Bot, repo: RepoRef, branch: str, before: Config | None, after: Config) -> Foreseen:
    """The usages under ``after``, from the kept survey of the branch as far as its own configuration finds the same.

    ``before``: the branch's own; ``None``: it has none that is valid.  Raises :class:`NotForeseen`, and
    ``RetryLater`` for GitHub's limits and the scanner.
    """
    try:
        async with asyncio.timeout(MOST_SECONDS):
            return await _foresee(bot, repo, branch, before or Config(migrations=()), after)
    except TimeoutError:
        raise NotForeseen(f"the scan takes longer than {MOST_SECONDS:g} seconds") from None
    except (HugeArchive, MissingPermission, Refused) as error:
        raise NotForeseen(str(error)) from error
    except NoArchive as error:
        raise NotForeseen(error.reason) from error
    except NotFound as error:
        raise NotForeseen(f"the branch {branch} is gone") from error


async def _foresee(bot: Bot, repo: RepoRef, branch: str, before: Config, after: Config) -> Foreseen:
    head = await reads.branch_head(bot.github, repo, branch)
    known: tuple[FileReport, ...] = ()
    if before.migrations:
        place = Surveyed(repo=repo, branch=branch, config=before)
        known = (await survey(bot, place, head)).reports
    found = {migration.name: _of(migration, known) for migration in before.migrations}
    same = frozenset() if before.source_roots != after.source_roots else _unchanged(before, after)
    other = tuple(migration for migration in after.migrations if migration.name not in same)
    if sum(len(migration.targets) for migration in other) > MOST_NAMES:
        raise NotForeseen(f"it deprecates more than {MOST_NAMES:,} names anew")
    reports = await _scanned(bot, repo, head, replace(after, migrations=other)) if other else ()
    told = known if same else ()
    return Foreseen(
        commit=head,
        before=found,
        after={m.name: found[m.name] if m.name in same else _of(m, reports) for m in after.migrations},
        unread=_unread((*told, *reports)),
    )


async def _scanned(bot: Bot, repo: RepoRef, commit: Sha, config: Config) -> tuple[FileReport, ...]:
    """In a worker that nothing else waits for."""
    async with Scanner(workers=1) as aside:
        sources = await CommitSources.at(replace(bot, scanner=aside), repo, commit)
        return (await survey_fresh(sources, config, aside.each)).reports


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
