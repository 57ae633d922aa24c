"""A ratchet for those without a base branch: the usages that are there already, by file and migration.

The numbers may only fall.  They are kept in a file of their own, which is committed: JSON, one line for each number, so
that two branches that lower different ones merge.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.domain.errors import UserError
from bot.domain.finding import FileReport, Scanned
from bot.local.files import is_below

if TYPE_CHECKING:
    from bot.cli.scan import Result

DEFAULT_FILE = ".ssot-baseline.json"
"""At the top of the repository: what ``--write-baseline`` alone writes."""
_VERSION = 1

Key = tuple[str, str]
"""A migration and a path."""
Counts = Mapping[Key, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratchet:
    """What the command line says of the baseline."""

    file: str | None = None
    write: bool = False
    allow_more: bool = False

    def check(self, base: str | None, paths: Iterable[str]) -> None:
        """Raises `UserError` where it cannot be what is meant."""
        if self.allow_more and not self.write:
            raise UserError("--allow-more is for --write-baseline")
        if base is not None:
            raise UserError("--baseline and --base exclude each other: one compares with numbers, one with a revision")
        if "-" in paths:
            raise UserError("- (standard input) has no baseline")

    def held(self, result: "Result") -> "Result":
        """The result without what the baseline allows; what it does not allow, and what fell, goes to standard error.

        Where a file has more usages of a migration than the baseline says, all of them are left: nobody knows which one
        is new.  Raises `UserError` for a file that is no baseline.
        """
        file = Path(self.file) if self.file is not None else result.root / DEFAULT_FILE
        before = _read(file, must_exist=not self.write)
        now = _counts(result.reports)
        looked_at = _looked_at(result, before or {})
        if self.write:
            raises = self.allow_more or before is None
            lowered = {k: n if raises else min(n, (before or {}).get(k, 0)) for k, n in now.items()}
            kept = {k: n for k, n in (before or {}).items() if k not in looked_at}
            allowed: Counts = {k: n for k, n in {**kept, **lowered}.items() if n}
            _write(file, allowed, before)
        else:
            allowed = before or {}
            _tell_fallen({key: allowed[key] - now.get(key, 0) for key in looked_at})
        over = {key: number for key, number in now.items() if number > allowed.get(key, 0)}
        for key, number in sorted(over.items()):
            click.echo(f"{key[1]}: {number} × {key[0]}, the baseline allows {allowed.get(key, 0)}", err=True)
        hidden = sum(number for key, number in now.items() if key not in over)
        return replace(result, reports=tuple(_without(report, over) for report in result.reports), allowed=hidden)


def _looked_at(result: "Result", before: Counts) -> frozenset[Key]:
    """The numbers that this scan has something to say about: a file that cannot be read keeps its own."""
    unread = {report.path for report in result.reports if not isinstance(report, Scanned)}
    return frozenset(key for key in before if is_below(key[1], result.below) and key[1] not in unread)


def _tell_fallen(fallen: Counts) -> None:
    if fewer := sum(number for number in fallen.values() if number > 0):
        click.echo(f"note: {fewer} fewer than the baseline: --write-baseline keeps it so", err=True)


def _counts(reports: Iterable[FileReport]) -> Counts:
    """The usages that no comment ignores."""
    scanned = (report for report in reports if isinstance(report, Scanned))
    return Counter((f.migration, f.path) for report in scanned for f in report.findings if f.ignored is None)


def _without(report: FileReport, over: Counts) -> FileReport:
    if not isinstance(report, Scanned):
        return report
    findings = tuple(f for f in report.findings if f.ignored is not None or (f.migration, f.path) in over)
    return replace(report, findings=findings)


def _read(file: Path, *, must_exist: bool) -> Counts | None:
    """The numbers; ``None`` if there is no file yet."""
    try:
        document = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        if must_exist:
            raise UserError(f"{file}: no such file; --write-baseline writes it") from error
        return None
    except ValueError as error:
        raise UserError(f"{file}: not a baseline: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("usages"), dict):
        raise UserError(f'{file}: not a baseline: it has no "usages"')
    if document.get("version") != _VERSION:
        raise UserError(f"{file}: version {document.get('version')!r} is not {_VERSION}: a newer ssot wrote it")
    counts: dict[Key, int] = {}
    for migration, paths in document["usages"].items():
        for path, number in paths.items() if isinstance(paths, dict) else ((str(paths), None),):
            if type(number) is not int or number < 1:
                raise UserError(f"{file}: {migration}: {path}: not a number of usages: {number!r}")
            counts[migration, path] = number
    return counts


def _write(file: Path, counts: Counts, before: Counts | None) -> None:
    """Write the numbers, unless they are there already, and tell what has changed."""
    from bot.cli.fix_files import write_whole

    names = sorted({migration for migration, _ in counts})
    usages = {name: {path: n for (each, path), n in sorted(counts.items()) if each == name} for name in names}
    text = json.dumps({"version": _VERSION, "usages": usages}, indent=1, ensure_ascii=True) + "\n"
    if before is None:
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    elif counts != before:
        write_whole(file, text.encode())
    total, files = sum(counts.values()), len({path for _, path in counts})
    changed = [counts.get(key, 0) - (before or {}).get(key, 0) for key in {*counts, *(before or {})}]
    fewer, more = -sum(n for n in changed if n < 0), sum(n for n in changed if n > 0)
    told = "" if before is None else f"; {fewer} fewer, {more} more than before"
    click.echo(f"{file}: {total} usages in {files} files{told}", err=True)
