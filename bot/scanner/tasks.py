"""What runs in a worker: pure functions of several files at once.

The server only names them: what they need is loaded where they run.  The fork server has it in memory.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.config import ConfigState
from bot.domain.file_result import FileChange, FileMigration, FileReview
from bot.domain.finding import FileReport, Range, Scanned
from bot.domain.migration import Migration, Target
from bot.engine.diff.unified import Hunk
from bot.engine.program.index import Index
from bot.engine.removed import Removal, RemovalRefused

T = TypeVar("T")

KNOWN_FILE = b"from known.module import old\n\nold()\n"
_KNOWN = Migration(name="known", targets=(Target(name="known.module.old", canonical="known.module.new"),), drop_in=True)

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
    patient: bool = False
    """No fix is planned in a file that wants modules: the caller asks again when they are there."""


def review_changes(request: ReviewRequest) -> tuple[FileReview, ...]:
    """A review of each change, in order."""
    from bot.engine.diff.compare import review_files

    return review_files(
        request.changes, request.migrations, request.index, request.hunks,
        base_index=request.base_index, patient=request.patient,
    )  # fmt: skip


def scan_files(files: Sequence[Source], migrations: Sequence[Migration], index: Index) -> tuple[FileReport, ...]:
    """A report on each file, in order."""
    from bot.engine.scan import scan_file

    return tuple(scan_file(source, path, migrations, index) for path, source in files)


def migrate_files(
    files: Sequence[Source],
    migrations: Sequence[Migration],
    index: Index,
    *,
    unsafe: bool,
    keep: Mapping[str, KeptUsages],
    patient: bool = False,
) -> tuple[FileMigration, ...]:
    """Each file with its fixes applied, in order."""
    from bot.engine.fix_file import migrate_file

    return tuple(
        migrate_file(source, path, migrations, index, unsafe=unsafe, keep=keep.get(path, {}), patient=patient)
        for path, source in files
    )


def take_out(
    migration: Migration,
    sources: Mapping[str, bytes],
    defined: Mapping[str, str],
    roots: Sequence[str],
    names: frozenset[str],
) -> Removal | RemovalRefused:
    """See :func:`bot.engine.removal.take_out`."""
    from bot.engine import removal

    return removal.take_out(migration, sources, defined, roots, names)


def each_file(files: Sequence[Source], function: Callable[..., T], args: tuple[object, ...]) -> tuple[T, ...]:
    """``function(source, path, *args)`` of each file, in order."""
    return tuple(function(source, path, *args) for path, source in files)


def read_configuration(text: bytes) -> ConfigState:
    """The state of a repository's configuration."""
    from bot.scanner.configuration import state_of  # reads the presets: workers have it, the server needs it not

    return state_of(text)


class WrongAnswer(RuntimeError):
    """The engine does not find what is known to be there."""


def read_known_file() -> None:
    """Tries the engine on a file whose usages are known.  Raises :class:`WrongAnswer` when it does not find them."""
    [report] = scan_files([("known.py", KNOWN_FILE)], (_KNOWN,), Index())
    lines = [finding.range.line for finding in report.findings] if isinstance(report, Scanned) else report
    if lines != [1, 3]:
        raise WrongAnswer(f"a known file was read as {lines}")
