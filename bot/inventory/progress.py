"""How far each repository is with its migrations: kept for the operator, who asks for all of them at once.

The counts are those of the default branch's survey, and are written with it.  What a person reads on GitHub is made
from the survey itself; nothing is decided by these records.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.context import Bot
from bot.domain.finding import Finding
from bot.domain.references import RepoRef, RepositoryId, Sha
from bot.domain.tracked import Point
from bot.engine.survey import Survey
from bot.inventory.models import MigrationProgress, MigrationPulls, RepositoryProgress
from bot.inventory.store import Surveyed
from bot.renames import NAMESPACE as NAMES
from bot.repository import DefaultBranch
from bot.storage import Storage, codec

NAMESPACE = "progress"
PULLS = "progress-pulls"
KEPT = timedelta(days=30)
"""Each repository is looked at once a day: one that was not for so long is no longer ours, or has no configuration."""
_POINTS = 500
"""Of a migration's history; of more, every other one of the older half goes."""
_FRESH = timedelta(hours=1)
"""For so long a look at an unchanged branch is not written again."""


async def follow(bot: Bot, at: DefaultBranch) -> Surveyed:
    """From now on the surveys of this branch under this configuration are the repository's progress.

    Returns what to survey.
    """
    place = Surveyed(repo=at.repo, branch=at.branch, config=at.config)
    known = await _load(bot.storage, at.repo.id)
    page = at.repository.html_url
    if known is None:
        known = RepositoryProgress(
            repository=at.repo.id,
            name=at.repo.full_name,
            page=page,
            branch=at.branch,
            surveyed=place.key,
            at=bot.github.clock.now(),
        )
    followed = replace(known, name=at.repo.full_name, page=page, branch=at.branch, surveyed=place.key)
    if followed.surveyed != known.surveyed:
        followed = replace(followed, commit=None)
    if followed != known or known.commit is None:
        await _save(bot.storage, followed)
    return place


async def refresh(bot: Bot, place: Surveyed, found: Survey) -> None:
    """Write the counts of a survey, if it is one that is followed."""
    known, now = await _load(bot.storage, place.repo.id), bot.github.clock.now()
    if known is None or known.surveyed != place.key:
        return
    if known.commit == found.commit and known.problem is None and now - known.at < _FRESH:
        return
    before = {each.migration: each.history for each in known.migrations}
    usages = _usages(found.findings)
    migrations = []
    for migration in place.config.migrations:
        counts = usages[migration.name]
        point = Point(at=now, commit=found.commit, usages=counts.total())
        migrations.append(
            MigrationProgress(
                migration=migration.name,
                usages=counts.total(),
                files=len(counts),
                tracking_issue=migration.tracking_issue,
                history=_after(before.get(migration.name, ()), point),
            )
        )
    await _save(bot.storage, replace(known, commit=found.commit, at=now, problem=None, migrations=tuple(migrations)))


async def is_current(bot: Bot, place: Surveyed, commit: Sha | None) -> bool:
    """Whether the counts are those of the commit; if so, it is kept that somebody has looked."""
    known = await _load(bot.storage, place.repo.id)
    if known is None or known.surveyed != place.key or known.commit != commit:
        return False
    await _save(bot.storage, replace(known, at=bot.github.clock.now(), problem=None))
    return True


async def report_problem(bot: Bot, repo: RepoRef, reason: str) -> None:
    """Keep why the repository that is followed could not be surveyed; the last counts stay."""
    if (known := await _load(bot.storage, repo.id)) is not None:
        await _save(bot.storage, replace(known, at=bot.github.clock.now(), problem=reason[:500]))


async def forget(bot: Bot, repo: RepoRef) -> None:
    """The repository has nothing to migrate any more."""
    await bot.storage.delete(NAMESPACE, str(repo.id))
    await bot.storage.delete(PULLS, str(repo.id))


async def keep_pulls(bot: Bot, repo: RepoRef, pulls: Iterable[MigrationPulls]) -> None:
    """Keep what became of the pull requests of these migrations."""
    record = await bot.storage.get(PULLS, str(repo.id))
    before = _pulls(record.value) if record else {}
    after = {**before, **{each.migration: each for each in pulls}}
    if after != before:
        await bot.storage.put(PULLS, str(repo.id), codec.dump(tuple(after.values())))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProgress:
    """What is known of one repository."""

    repository: RepositoryProgress
    pulls: Mapping[str, MigrationPulls]
    """By the migration's name."""


async def all_progress(storage: Storage) -> Sequence[KnownProgress]:
    """Of all repositories, under the names that they have now, sorted by them.  Raises ``StorageUnavailable``."""
    keys = [entry.key for entry in await storage.entries(NAMESPACE)]
    found = await storage.get_many(NAMESPACE, keys)
    pulls, names = await storage.get_many(PULLS, keys), await storage.get_many(NAMES, keys)
    every = []
    for key, record in found.items():
        named = names.get(key)
        every.append(
            KnownProgress(
                repository=_called(_decoded(record.value), named.value.decode() if named else None),
                pulls=_pulls(pulls[key].value) if key in pulls else {},
            )
        )
    return sorted(every, key=lambda each: (each.repository.name.lower(), each.repository.repository))


async def prune(bot: Bot) -> None:
    """Drop what nobody has looked at for long."""
    await bot.storage.prune(NAMESPACE, older_than=KEPT)


def _usages(findings: Iterable[Finding]) -> Mapping[str, Counter[str]]:
    """By migration, the usages that are left in each file."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for finding in findings:
        if finding.is_left:
            counts[finding.migration][finding.path] += 1
    return counts


def _after(history: tuple[Point, ...], point: Point) -> tuple[Point, ...]:
    """One point for each change."""
    if history and history[-1].usages == point.usages:
        return history
    if len(history) < _POINTS:
        return (*history, point)
    half = len(history) // 2
    return (*history[:half:2], *history[half:], point)


def _called(known: RepositoryProgress, name: str | None) -> RepositoryProgress:
    if name is None or name == known.name:
        return known
    return replace(known, name=name, page=known.page.removesuffix(known.name) + name)


async def _load(storage: Storage, repository: RepositoryId) -> RepositoryProgress | None:
    record = await storage.get(NAMESPACE, str(repository))
    return None if record is None else _decoded(record.value)


async def _save(storage: Storage, progress: RepositoryProgress) -> None:
    await storage.put(NAMESPACE, str(progress.repository), codec.dump(progress))


def _decoded(value: bytes) -> RepositoryProgress:
    return codec.load(value, RepositoryProgress)


def _pulls(value: bytes) -> dict[str, MigrationPulls]:
    return {each.migration: each for each in codec.load(value, tuple[MigrationPulls, ...])}
