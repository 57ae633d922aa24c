"""``ssot migrate``: the fixes as a diff, or written."""

import gc
import os
import stat
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.choice import Choice, options, require_one, scan_config
from bot.cli.faults import said
from bot.cli.progress import progress
from bot.cli.terminal import color
from bot.domain.errors import SsotError, UserError
from bot.domain.finding import Failed, FileReport, Finding, Scanned, Skipped
from bot.domain.migration import Applicability, Config

if TYPE_CHECKING:
    from bot.local.tree import TreeScan


@click.command("migrate")
@click.argument("paths", nargs=-1, type=click.Path())
@options
@click.option("--diff/--write", "as_diff", default=True, help="Print a unified diff (default), or write the files.")
@click.option("--unsafe", is_flag=True, help="Include fixes that may change behaviour.")
def command(paths: tuple[str, ...], as_diff: bool, unsafe: bool, choice: Choice) -> None:
    """Apply the safe fixes to the Python files under PATHS (default: the current directory).

    What is left is listed with its place and reason.  Exit codes: 0 nothing to do and no usage left, 1 a file would
    change (with --diff), or usages or files that could not be read are left, 2 an error.
    """
    collecting = gc.isenabled()
    gc.disable()  # as `ssot scan` does: what makes garbage looks for it itself
    try:
        work = _migrate(paths or (".",), choice, as_diff=as_diff, unsafe=unsafe)
    except (SsotError, OSError) as error:
        click.echo(f"ssot migrate: {said(error)}", err=True)
        sys.exit(2)
    finally:
        if collecting:
            gc.enable()
    sys.exit(1 if work else 0)


def _migrate(paths: Sequence[str], choice: Choice, *, as_diff: bool, unsafe: bool) -> bool:
    """Apply the fixes; returns whether there is something to do yet."""
    from bot.cli.hints import hints_of
    from bot.engine.rewrite import apply_fixes
    from bot.local.files import Reader, below, find_root

    starts = [Path(path).resolve() for path in paths]
    missing = [path for path, start in zip(paths, starts, strict=True) if not start.exists()]
    if missing:
        raise UserError(f"{missing[0]}: no such file or directory")
    root = find_root(starts[0])
    require_one(root, choice)
    config = scan_config(root, choice)
    inside = [below(root, start) for start in starts]
    scan = _scan(root, inside, config)
    reports = scan.reports
    changed, reader = 0, Reader(root)
    for report in reports:
        source = reader.read(report.path) if isinstance(report, Scanned) and report.findings else None
        if not isinstance(report, Scanned) or source is None:
            continue
        after = apply_fixes(source, report.findings, unsafe=unsafe)
        if after != source:
            changed += 1
            _show(root, report.path, source, after, as_diff=as_diff)
    left = _left(reports, unsafe=unsafe)
    click.echo(_summary(changed, left, reports, as_diff=as_diff), err=True)
    hints = hints_of(root, config, scan) if "" in inside else []  # of a part is not known what the rest uses
    for hint in (*hints, *undecided(config, left)):
        click.echo(f"note: {hint}", err=True)
    unread = any(not isinstance(report, Scanned) for report in reports)
    return bool(left) or unread or (as_diff and changed > 0)


def undecided(config: Config, left: Iterable[Finding]) -> list[str]:
    """The migrations that name a successor but no rewrite, and have usages left."""
    names = {finding.migration for finding in left}
    return [
        f"{each.name}: no rewrite for these usages; add 'rewrites', or 'drop_in: true' to replace the name"
        for each in config.migrations
        if each.name in names and not each.drop_in and not each.rewrites and any(t.canonical for t in each.targets)
    ]


def _scan(root: Path, below: Sequence[str], config: Config) -> "TreeScan":
    """The files of ``below``, which may be ignored ones; the whole tree has a say: a file elsewhere may need a name."""
    from bot.local.cache import Cache, default_directory
    from bot.local.files import list_files, with_named
    from bot.local.parallel import cores
    from bot.local.search import Search
    from bot.local.tree import Options, scan_tree

    listing = with_named(root, list_files(root), below)
    jobs = cores()
    with progress(len(listing.paths)) as report:
        search = Search.of(root, listing, config, jobs, report)
        facts = Cache.of(config, default_directory(os.environ)).facts_of(root).with_suffix(".part.facts")
        kept = None if "" in below else facts  # of a whole tree they cost less than the fixes, and much memory
        options = Options(jobs=jobs, fixes=True, below=below, facts=kept, progress=report)
        return scan_tree(root, listing, search, config, options)


def _active(findings: Iterable[Finding]) -> list[Finding]:
    """Those that no comment in the code ignores."""
    return [finding for finding in findings if finding.ignored is None]


def _show(root: Path, path: str, before: bytes, after: bytes, *, as_diff: bool) -> None:
    from bot.engine.diff.unified import render

    if as_diff:
        diff = render(path, before, after)
        click.echo(coloured(diff) if color() else diff, nl=False, color=True)
    else:
        write_whole(root / path, after)


def coloured(diff: bytes) -> bytes:
    """The diff in a terminal's colours: added lines green, removed lines red."""
    colours = {b"+": b"\x1b[32m", b"-": b"\x1b[31m", b"@": b"\x1b[36m"}
    lines = [line for line in diff.split(b"\n") if line]
    return b"".join(colours.get(line[:1], b"") + line + b"\x1b[0m\n" for line in lines)


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file's content in one step, keeping its mode; a symbolic link is never written through.

    Raises ``UserError`` for what is no regular file.
    """
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode):
        raise UserError(f"{path}: not a regular file")
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).chmod(stat.S_IMODE(mode))
        Path(name).replace(path)
    finally:  # whatever ends it, Ctrl-C too: no half-written copy stays beside the file
        Path(name).unlink(missing_ok=True)


def _left(reports: Iterable[FileReport], *, unsafe: bool) -> list[Finding]:
    """The usages that stay as they are."""
    fixed = {Applicability.SAFE, Applicability.UNSAFE} if unsafe else {Applicability.SAFE}
    findings = [f for report in reports if isinstance(report, Scanned) for f in _active(report.findings)]
    return [finding for finding in findings if finding.fix is None or finding.applicability not in fixed]


def _why(finding: Finding) -> str:
    return finding.reason or "no fix available"


def _summary(changed: int, left: Sequence[Finding], reports: Iterable[FileReport], *, as_diff: bool) -> str:
    """What was done, what was left and why."""
    lines = [f"{changed} {'file' if changed == 1 else 'files'} {'would change' if as_diff else 'changed'}"]
    if left:
        lines.append(f"{len(left)} {'usage' if len(left) == 1 else 'usages'} left:")
    lines += [f"  {f.path}:{f.range.line}: {f.applicability.label}: {_why(f)}" for f in left]
    reasons = Counter((f.applicability.label, _why(f)) for f in left)
    if len(left) > 1:
        lines.append("for these reasons:")
        lines += [f"  {number} × {kind}: {reason}" for (kind, reason), number in reasons.most_common()]
    if reviewable := sum(finding.fix is not None for finding in left):
        lines.append(f"{reviewable} of these can be fixed with `--unsafe`: review the result")
    lines += [f"  {r.path}:{r.line}: does not parse: {r.message}" for r in reports if isinstance(r, Failed)]
    lines += [f"  {r.path}: not scanned: {r.reason}" for r in reports if isinstance(r, Skipped)]
    return "\n".join(lines)
