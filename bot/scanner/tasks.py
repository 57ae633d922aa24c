"""What runs in a worker: pure functions of several files at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.file_result import FileChange, FileMigration, FileReview
from bot.domain.finding import FileReport, Range
from bot.domain.migration import Migration
from bot.engine.diff.compare import review_files
from bot.engine.diff.unified import Hunk
from bot.engine.fix_file import migrate_file
from bot.engine.program.index import Index
from bot.engine.scan import scan_file
from bot.engine.survey import SurveyedFile, survey_file

Source = tuple[str, bytes]
"""Path and content of a file."""
KeptUsages = Mapping[Range, str]
"""Usages of one file that are not rewritten, each with the reason."""


@dataclass(frozen=True, kw_only=True)
class ReviewRequest:
    """What :func:`bot.engine.review_files` is asked, as one value."""

    changes: tuple[FileChange, ...]
    migrations: tuple[Migration, ...]
    index: Index
    hunks: Mapping[str, Sequence[Hunk]] | None = None
    """By head path; ``None`` leaves them to be computed from both sides."""
    base_index: Index | None = None
    """Resolves the merge base's side; ``None``: ``index`` does both."""


def review_changes(request: ReviewRequest) -> tuple[FileReview, ...]:
    """A review of each change, in order."""
    return review_files(
        request.changes, request.migrations, request.index, request.hunks, base_index=request.base_index
    )


def scan_files(files: Sequence[Source], migrations: Sequence[Migration], index: Index) -> tuple[FileReport, ...]:
    """A report on each file, in order."""
    return tuple(scan_file(source, path, migrations, index) for path, source in files)


def migrate_files(
    files: Sequence[Source],
    migrations: Sequence[Migration],
    index: Index,
    *,
    unsafe: bool,
    keep: Mapping[str, KeptUsages],
) -> tuple[FileMigration, ...]:
    """Each file with its fixes applied, in order."""
    return tuple(
        migrate_file(source, path, migrations, index, unsafe=unsafe, keep=keep.get(path, {})) for path, source in files
    )


def survey_files(files: Sequence[Source], migrations: Sequence[Migration], index: Index) -> tuple[SurveyedFile, ...]:
    """The usages of each file with what they depend on, in order."""
    return tuple(survey_file(source, path, migrations, index) for path, source in files)
