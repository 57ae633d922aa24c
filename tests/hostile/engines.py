"""Engines that some files break, each in the way that the file asks for."""

from collections.abc import Mapping, Sequence

from bot.domain.file_result import FileMigration, FileReview
from bot.domain.finding import FileReport, Scanned
from bot.domain.migration import Migration
from bot.engine.program.index import Index
from bot.scanner.tasks import KeptUsages, ReviewRequest, Source
from tests.hostile import misbehaving

DEEDS = {
    b"segfault": misbehaving.segfault,
    b"spin": misbehaving.spin,
    b"raise": misbehaving.raise_value_error,
}


def review_changes(request: ReviewRequest) -> tuple[FileReview, ...]:
    """How many files it saw together is told by the reports' ``missing_modules``."""
    for change in request.changes:
        DEEDS.get(change.head or b"", misbehaving.echo)(None)
    together = frozenset({f"{len(request.changes)} files"})
    return tuple(FileReview(report=Scanned(path=change.path, missing_modules=together)) for change in request.changes)


def review_two_at_most(request: ReviewRequest) -> tuple[FileReview, ...]:
    """Each file is fine; it is their sum that it cannot bear."""
    if len(request.changes) > 2:
        misbehaving.exit_at_once()
    return review_changes(request)


def scan_files(files: Sequence[Source], migrations: Sequence[Migration], index: Index) -> tuple[FileReport, ...]:
    for _, source in files:
        DEEDS.get(source, misbehaving.echo)(None)
    return tuple(Scanned(path=path) for path, _ in files)


def migrate_files(
    files: Sequence[Source],
    migrations: Sequence[Migration],
    index: Index,
    *,
    unsafe: bool,
    keep: Mapping[str, KeptUsages],
    patient: bool,
) -> tuple[FileMigration, ...]:
    reports = scan_files(files, migrations, index)
    return tuple(
        FileMigration(path=path, before=source, after=source.upper(), report=report)
        for (path, source), report in zip(files, reports, strict=True)
    )
