"""The changed files that were not read, and whether they may add a usage."""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping

from bot.context import Bot
from bot.domain.file_result import FileChange, FileReview, UnreadFile
from bot.domain.finding import Failed, Scanned
from bot.domain.migration import Migration
from bot.engine.diff.unread import AddedNames, names_added
from bot.engine.scan import looks_at
from bot.scanner import Unscannable


async def unread_files(
    bot: Bot, migrations: Iterable[Migration], changes: Iterable[FileChange], reviews: Iterable[FileReview]
) -> tuple[UnreadFile, ...]:
    """Those of ``changes`` that the engine could not read, each searched as text in a worker."""
    asked = {each: tuple(m for m in migrations if looks_at(m, each.path)) for each in _not_read(changes, reviews)}
    reasons = {review.report.path: _reason(review) for review in reviews}
    found = await asyncio.gather(*(_search(bot, change, looking) for change, looking in asked.items() if looking))
    return tuple(
        unread(change, reasons[change.path], looking, added)
        for (change, looking), added in zip(((c, m) for c, m in asked.items() if m), found, strict=True)
    )


def _not_read(changes: Iterable[FileChange], reviews: Iterable[FileReview]) -> list[FileChange]:
    """What is deleted needs no reading."""
    paths = {review.report.path for review in reviews if not isinstance(review.report, Scanned)}
    return [change for change in changes if change.path in paths and change.head is not None]


def _reason(review: FileReview) -> str:
    match review.report:
        case Failed(line=line, message=message):
            return f"line {line}: {message}"
        case Scanned():
            return ""
        case skipped:
            return skipped.reason


async def _search(bot: Bot, change: FileChange, migrations: tuple[Migration, ...]) -> AddedNames | None:
    try:
        return await bot.scanner.run(names_added, change, frozenset(_names(migrations)))
    except Unscannable:
        return None


def _names(migrations: Iterable[Migration]) -> Mapping[str, tuple[str, ...]]:
    """The migrations' names by the last component of what they deprecate."""
    found: dict[str, tuple[str, ...]] = {}
    for migration in migrations:
        for leaf in {target.leaf for target in migration.targets}:
            found[leaf] = (*found.get(leaf, ()), migration.name)
    return found


def unread(change: FileChange, reason: str, migrations: tuple[Migration, ...], added: AddedNames | None) -> UnreadFile:
    """What is to be said of one file; ``added`` is ``None`` where it could not be searched."""
    held = _names(migrations)
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
