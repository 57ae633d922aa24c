"""The changed files that were not read, and whether they may add a usage."""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping

from bot.context import Bot
from bot.domain.file_result import FileChange, FileReview, UnreadFile
from bot.domain.finding import Failed, Scanned, Skipped
from bot.domain.migration import Migration
from bot.domain.references import ChangedFile
from bot.engine.diff.unread import names_added
from bot.engine.scan import looks_at
from bot.scanner import Unscannable


async def unread_files(
    bot: Bot, migrations: Iterable[Migration], changes: Iterable[FileChange], reviews: Iterable[FileReview]
) -> tuple[UnreadFile, ...]:
    """Those of ``changes`` that the engine could not read, each searched as text in a worker.

    What is deleted needs no reading.
    """
    reports = {review.report.path: review.report for review in reviews}
    asked = [
        _searched(bot, change, _reason(report), looking)
        for change in changes
        if change.head is not None
        and not isinstance(report := reports[change.path], Scanned)
        and (looking := tuple(migration for migration in migrations if looks_at(migration, change.path)))
    ]
    return tuple(await asyncio.gather(*asked))


def not_searched(migrations: Iterable[Migration], files: Iterable[ChangedFile], reason: str) -> tuple[UnreadFile, ...]:
    """Files that are not even in memory: each may add a usage of any migration that looks at it."""
    rules = tuple(migrations)
    concerned = {file: sorted(m.name for m in rules if looks_at(m, file.path)) for file in files}
    return tuple(
        UnreadFile(
            path=file.path,
            reason=reason,
            migrations=tuple(names),
            names=(),
            lines=(),
            searched=False,
            fingerprint=hashlib.blake2b(f"{file.path}\0{file.blob_sha}".encode(), digest_size=8).hexdigest(),
        )
        for file, names in concerned.items()
        if names
    )


def _reason(report: Failed | Skipped) -> str:
    return f"line {report.line}: {report.message}" if isinstance(report, Failed) else report.reason


async def _searched(bot: Bot, change: FileChange, reason: str, migrations: tuple[Migration, ...]) -> UnreadFile:
    held = _names(migrations)
    try:
        added = await bot.scanner.run(names_added, change, frozenset(held))
    except Unscannable:
        added = None
    concerned = {m.name for m in migrations} if added is None else {m for name in added.names for m in held[name]}
    stable = (change.head or b"") if added is None else added.text.encode("utf-8", "surrogatepass")
    return UnreadFile(
        path=change.path,
        reason=reason,
        migrations=tuple(sorted(concerned)),
        names=tuple(sorted(added.names)) if added else (),
        lines=added.lines if added else (),
        searched=added is not None,
        fingerprint=hashlib.blake2b(change.path.encode() + b"\0" + stable, digest_size=8).hexdigest(),
    )


def _names(migrations: Iterable[Migration]) -> Mapping[str, tuple[str, ...]]:
    """The migrations' names by the last component of what they deprecate."""
    found: dict[str, tuple[str, ...]] = {}
    for migration in migrations:
        for leaf in {target.leaf for target in migration.targets}:
            found[leaf] = (*found.get(leaf, ()), migration.name)
    return found
