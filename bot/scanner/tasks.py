"""The pure functions that run in a worker, over several files at once."""

from collections.abc import Sequence

from bot.engine import Index, scan_file
from bot.migration import Migration
from bot.model import FileReport


def scan_files(
    files: Sequence[tuple[str, bytes]], migrations: Sequence[Migration], index: Index
) -> tuple[FileReport, ...]:
    """:func:`bot.engine.scan_file` of each ``(path, source)``, in order."""
    return tuple(scan_file(source, path, migrations, index) for path, source in files)
