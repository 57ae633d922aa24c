"""The engine in separate processes: hostile source costs only its own file."""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType, TracebackType
from typing import Self, TypeVar

from cachetools import LRUCache

from bot.config import ConfigState, UnreadableConfig, Valid
from bot.domain.file_result import FileChange, FileMigration, FileReview
from bot.domain.finding import FileReport, Skipped
from bot.domain.migration import Migration
from bot.engine.program.index import Index
from bot.scanner import tasks
from bot.scanner.tasks import KeptUsages, ReviewRequest, Source
from bot.scanner.unscannable import Unscannable
from bot.scanner.workers import Workers

T = TypeVar("T")
F = TypeVar("F")

ReviewChanges = Callable[[ReviewRequest], tuple[FileReview, ...]]
ScanFiles = Callable[..., tuple[FileReport, ...]]
MigrateFiles = Callable[..., tuple[FileMigration, ...]]
Work = Callable[[Sequence[Source]], tuple[T, ...]]
"""What a worker makes of some files, in their order."""

__all__ = ["ReviewRequest", "Scanner"]

LARGEST_FILE = 8 << 20
"""Bytes.  What people write is a hundred times smaller."""
KEPT_CONFIGURATIONS, KEPT_CONFIGURATION = 64, 64 * 1024
"""How many configurations are kept, by their text, and the bytes of the longest: most reviews read the same one."""
CHUNK_FILES = 64
CHUNK_BYTES = 1 << 20
"""How much one task scans: enough to make handing it over cheap, little enough to share among the workers."""
TOO_BIG = f"too big: more than {LARGEST_FILE >> 20} MiB"
NO_TIME = "time limit: earlier files used up the time for this pull request"


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why a file was not scanned."""

    text: str
    passing: bool = False


class Scanner:
    """Runs the engine in killable processes; an async context manager.

    Everything here raises :class:`bot.scanner.workers.ScannerDown`, which is a ``RetryLater``, when nothing can be
    scanned for a fault of ours: it says nothing about a file.

    ``timeout`` is the deadline of one task in seconds of its own work, ``memory`` the address space of a worker in
    bytes, and ``budget`` the seconds after which one call stops retrying files that broke the engine.  What runs in
    the workers are ``review_changes``, ``scan_files`` and ``migrate_files``, functions that a worker can import.
    """

    def __init__(
        self,
        *,
        workers: int = min(4, os.cpu_count() or 1),
        timeout: float = 20.0,
        memory: int = 512 << 20,
        budget: float = 120.0,
        review_changes: ReviewChanges = tasks.review_changes,
        scan_files: ScanFiles = tasks.scan_files,
        migrate_files: MigrateFiles = tasks.migrate_files,
    ) -> None:
        self._pool = Workers(workers=workers, memory=memory, trial=tasks.read_known_file)
        self._configurations: LRUCache[bytes, Valid] = LRUCache(maxsize=KEPT_CONFIGURATIONS)
        self._timeout, self._budget = timeout, budget
        self._review_changes, self._scan_files, self._migrate_files = review_changes, scan_files, migrate_files

    @property
    def exits(self) -> Counter[str]:
        """How tasks ended: ``ok``, an :attr:`Unscannable.cause`, or ``pool`` for a pool that had to be replaced."""
        return self._pool.exits

    @property
    def fault(self) -> str | None:
        """Why nothing can be scanned now, in a constant phrase; ``None`` when the scanner read a known file."""
        return None if self._pool.up else "the scanner is not running"

    def wake(self) -> None:
        """Work is coming that will need it: see :meth:`bot.scanner.workers.Workers.wake`."""
        self._pool.wake()

    async def __aenter__(self) -> Self:
        await self._pool.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.__aexit__(kind, error, trace)

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """``function(*args)`` in a worker: a pure function of a module, with picklable arguments and result.

        Raises :class:`Unscannable` when it could not be done.
        """
        return await self._pool.run(function, *args, seconds=self._timeout)

    async def configuration(self, text: bytes) -> ConfigState:
        """The state of a repository's configuration; one that breaks the parser is unreadable."""
        known = self._configurations.get(text)
        if known is not None:
            return known
        try:
            state = await self.run(tasks.read_configuration, text)
        except Unscannable as error:
            return UnreadableConfig(reason=str(error))
        if isinstance(state, Valid) and len(text) <= KEPT_CONFIGURATION:
            self._configurations[text] = state
        return state

    async def review(self, request: ReviewRequest) -> tuple[FileReview, ...]:
        """New usages of each changed file, in the order of ``request.changes``.

        All files are scanned together, since a usage may move from one to another.  When that breaks the engine, each
        is tried alone to find the culprits, which are reported as :class:`Skipped`; the others are scanned together
        again.
        """
        big = {change.path for change in request.changes if size(change) > LARGEST_FILE}
        found = {path: unreviewed(path, _Reason(TOO_BIG)) for path in big}
        changes = tuple(change for change in request.changes if change.path not in big)
        found |= await self._reviewed(request, changes)
        return tuple(found[change.path] for change in request.changes)

    async def _reviewed(self, request: ReviewRequest, changes: tuple[FileChange, ...]) -> dict[str, FileReview]:
        try:
            return await self._together(request, changes, self._timeout)
        except Unscannable as error:
            if len(changes) == 1:
                return {changes[0].path: unreviewed(changes[0].path, _Reason(str(error)))}
        alone = await self._one_by_one(request, changes)
        sound = tuple(change for change in changes if not isinstance(alone[change.path].report, Skipped))
        if len(sound) == len(changes):
            return alone  # it was the sum of them
        try:
            return alone | await self._together(request, sound, self._patience)
        except Unscannable:
            return alone

    @property
    def _patience(self) -> float:
        """The deadline of a further try: a hostile file costs one and a half deadlines at most."""
        return self._timeout / 4

    async def _together(
        self, request: ReviewRequest, changes: tuple[FileChange, ...], seconds: float
    ) -> dict[str, FileReview]:
        if not changes:
            return {}
        asked = replace(request, changes=changes)
        reviews = await self._pool.run(self._review_changes, asked, seconds=seconds)
        return {change.path: review for change, review in zip(changes, reviews, strict=True)}

    async def _one_by_one(self, request: ReviewRequest, changes: tuple[FileChange, ...]) -> dict[str, FileReview]:
        async def review(change: FileChange, seconds: float) -> FileReview:
            return (await self._together(request, (change,), seconds))[change.path]

        found = await self._each(review, changes)
        return {
            change.path: unreviewed(change.path, result) if isinstance(result, _Reason) else result
            for change, result in zip(changes, found, strict=True)
        }

    async def scan(
        self, files: Iterable[Source], migrations: Sequence[Migration], index: Index
    ) -> tuple[FileReport, ...]:
        """:func:`bot.engine.scan_file` of each ``(path, source)``, in order; what breaks the engine is skipped."""
        work = partial(self._scan_files, migrations=tuple(migrations), index=index)
        return await self._all(tuple(files), work, skipped)

    async def each(self, function: Callable[..., T], files: Iterable[Source], *args: object) -> tuple[T | Skipped, ...]:
        """``function(source, path, *args)`` of each file, in order; :class:`Skipped` for what breaks it."""
        work = partial(tasks.each_file, function=function, args=args)
        return await self._all(tuple(files), work, skipped)

    async def migrate(
        self,
        files: Iterable[Source],
        migrations: Sequence[Migration],
        index: Index,
        *,
        unsafe: bool = False,
        keep: Mapping[str, KeptUsages] = MappingProxyType({}),
        patient: bool = False,
    ) -> tuple[FileMigration, ...]:
        """:func:`bot.engine.migrate_file` of each ``(path, source)``, in order; ``keep`` by path.

        What breaks the engine stays as it is, and its report is :class:`Skipped`.
        """
        kept = {path: dict(usages) for path, usages in keep.items()}
        how = {"unsafe": unsafe, "keep": kept, "patient": patient}
        work = partial(self._migrate_files, migrations=tuple(migrations), index=index, **how)
        return await self._all(tuple(files), work, untouched)

    async def _all(
        self, files: tuple[Source, ...], work: Work[T], failed: Callable[[Source, _Reason], F]
    ) -> tuple[T | F, ...]:
        """``work`` on all files, shared among the workers in pieces; ``failed`` stands for a file that broke it."""
        sound = [file for file in files if len(file[1]) <= LARGEST_FILE]
        done = await asyncio.gather(*(self._piece(chunk, work, failed) for chunk in chunks(sound)))
        found = {path: result for (path, _), result in zip(sound, (r for piece in done for r in piece), strict=True)}
        return tuple(found[file[0]] if file[0] in found else failed(file, _Reason(TOO_BIG)) for file in files)

    async def _piece(
        self, files: tuple[Source, ...], work: Work[T], failed: Callable[[Source, _Reason], F]
    ) -> tuple[T | F, ...]:
        async def alone(file: Source, seconds: float) -> T:
            [result] = await self._pool.run(work, (file,), seconds=seconds)
            return result

        try:
            return await self._pool.run(work, files, seconds=self._timeout)
        except Unscannable as error:
            if len(files) == 1:
                return (failed(files[0], _Reason(str(error))),)
        results = await self._each(alone, files)
        return tuple(
            failed(file, result) if isinstance(result, _Reason) else result
            for file, result in zip(files, results, strict=True)
        )

    async def _each(
        self, work: Callable[[F, float], Coroutine[None, None, T]], files: Sequence[F]
    ) -> list[T | _Reason]:
        """The result of each file alone, or the reason why there is none."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._budget
        turns = asyncio.Semaphore(self._pool.size)

        async def one(file: F) -> T | _Reason:
            async with turns:
                if loop.time() > end:
                    return _Reason(NO_TIME, passing=True)
                try:
                    return await work(file, self._patience)
                except Unscannable as error:
                    return _Reason(str(error))

        return await asyncio.gather(*(one(file) for file in files))


def size(change: FileChange) -> int:
    """Of the bigger side, in bytes."""
    return max(len(change.base or b""), len(change.head or b""))


def skipped(file: Source, reason: _Reason) -> Skipped:
    return Skipped(path=file[0], reason=reason.text, passing=reason.passing)


def unreviewed(path: str, reason: _Reason) -> FileReview:
    return FileReview(report=skipped((path, b""), reason))


def untouched(file: Source, reason: _Reason) -> FileMigration:
    """A file that was not scanned."""
    path, source = file
    return FileMigration(path=path, before=source, after=source, report=skipped(file, reason))


def chunks(files: Iterable[Source]) -> Iterator[tuple[Source, ...]]:
    """The files in order, in pieces of at most :data:`CHUNK_FILES` and, but for a single file, :data:`CHUNK_BYTES`."""
    piece: list[Source] = []
    held = 0
    for path, source in files:
        if piece and (len(piece) == CHUNK_FILES or held + len(source) > CHUNK_BYTES):
            yield tuple(piece)
            piece, held = [], 0
        piece.append((path, source))
        held += len(source)
    if piece:
        yield tuple(piece)
