"""``ssot scan``: the usages of deprecated names in a directory, a file or standard input."""

import gc
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.choice import Choice, config_place, load_config, options, require_one, scan_config
from bot.cli.faults import said
from bot.cli.lazy import preload
from bot.cli.terminal import color, width
from bot.domain.errors import SsotError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot.domain.finding import FileReport
    from bot.domain.migration import Config
    from bot.local.cache import Cache
    from bot.local.tree import TreeScan

FORMATS = ("text", "json", "github", "sarif", "rdjson", "gitlab", "junit")
PLANNED = ("json", "sarif", "rdjson")
"""The formats that hold the fixes themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The results of a scan."""

    root: Path
    files: int
    reports: "tuple[FileReport, ...]"
    sources: dict[str, bytes]
    """Contents that are not on disk: standard input."""
    planned: bool
    """Whether fixes were planned."""
    below: "tuple[str, ...]" = ("",)
    """The files and directories that were asked for."""
    hints: tuple[str, ...] = ()
    """Likely mistakes in the configuration, given this tree."""
    allowed: int = 0
    """Usages that a baseline allows: they are not in the reports."""


@click.command("scan")
@click.argument("paths", nargs=-1, type=click.Path(allow_dash=True))
@options
@click.option("--base", metavar="REV", help="Only new usages since the merge base with REV.")
@click.option("--baseline", metavar="FILE", help="Only files with more usages than this file allows.")
@click.option(
    "--write-baseline", is_flag=True, help="Lower its numbers to what is there.  [default: .ssot-baseline.json]"
)
@click.option("--allow-more", is_flag=True, help="With --write-baseline: raise numbers too.")
@click.option("--files-from", metavar="LIST", help="Scan the paths in this file, one a line (-: standard input).")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--fixes/--no-fixes", default=None, help="Also compute fixes.  [default: for json, sarif and rdjson]")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Worker processes.  [default: one per core]")
@click.option("--no-cache", is_flag=True, help="Do not use the cache of results.")
def command(
    paths: tuple[str, ...],
    base: str | None,
    baseline: str | None,
    write_baseline: bool,
    allow_more: bool,
    files_from: str | None,
    form: str,
    fixes: bool | None,
    jobs: int | None,
    no_cache: bool,
    choice: Choice,
) -> None:
    """List the usages of deprecated names in PATHS: directories and files of one repository, or - for standard input.

    The default is the current directory.  Of several paths, and of a file, the rest of the repository is read too: a
    usage may go through a name that another file gives.

    Exit codes: 0 no usages, 1 usages or files that could not be scanned, 2 an error.
    """
    from bot.local.parallel import cores

    plan = form in PLANNED if fixes is None else fixes
    collecting = gc.isenabled()
    gc.disable()  # a short life, most of it spent on loading code; what makes garbage looks for it itself
    try:
        named = _named(paths, files_from)
        if baseline or write_baseline or allow_more:
            from bot.cli.baseline import Ratchet

            ratchet = Ratchet(file=baseline, write=write_baseline, allow_more=allow_more)
            ratchet.check(base, named)
            result = ratchet.held(_scan(named, choice, base, plan, jobs or cores(), no_cache))
        else:
            result = _scan(named, choice, base, plan, jobs or cores(), no_cache)
        found = _show(result, form)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader went away: nothing to flush to
        sys.exit(1)
    except (SsotError, OSError) as error:
        click.echo(f"ssot scan: {said(error)}", err=True)
        sys.exit(2)
    finally:
        if collecting:
            gc.enable()
    sys.exit(1 if found else 0)


def _named(paths: "Sequence[str]", files_from: str | None) -> "Sequence[str]":
    """The paths of the command line and of a list; the current directory where neither is given."""
    if files_from is None:
        return paths or (".",)
    from bot.cli.path_list import read_list

    if files_from == "-" and "-" in paths:
        raise UserError("standard input is either a list of files or a source, not both")
    return (*paths, *read_list(files_from))


def _scan(
    paths: "Sequence[str]", choice: Choice, base: str | None, fixes: bool, jobs: int, no_cache: bool
) -> Result:  # fmt: skip
    from bot.local.files import below, find_root

    if "-" in paths and len(paths) > 1:
        raise UserError("- (standard input) cannot be scanned together with other paths")
    starts = [Path.cwd() if path == "-" else Path(path).resolve() for path in paths]
    for path, start in zip(paths, starts, strict=True):
        if not start.exists():
            raise UserError(f"{path}: no such file or directory")
    root = find_root(starts[0] if starts else Path.cwd())
    inside = tuple(dict.fromkeys(below(root, start) for start in starts))
    if base is None and "-" not in paths:
        return _tree(root, inside, choice, fixes, jobs, no_cache)
    require_one(root, choice)
    config = scan_config(root, choice)
    return _since(root, inside, base, config) if base is not None else _standard_input(root, config, fixes)


def _tree(
    root: Path, inside: tuple[str, ...], choice: Choice, fixes: bool, jobs: int, no_cache: bool
) -> Result:  # fmt: skip
    """Scan a tree.  The engine is loaded while other processes read a configuration or search the files."""
    from bot.cli.progress import progress
    from bot.local.files import listing, with_named

    alone = len(inside) == 1 and (root / inside[0]).is_dir()
    with listing(root, inside[0] if alone else "") as listed, _loading(root, choice, jobs) as loaded:
        config = loaded()
        preload("bot.engine.usages.analysis")

        files = with_named(root, listed(), inside)  # git took as long as that import; the rest is loaded later
    require_one(root, choice, None if alone and inside[0] else files.paths)
    from bot.local.search import Search

    with progress(len(files.paths)) as report:
        search = Search.of(root, files, config, jobs, report)
        preload("bot.cli.reporting")
        from bot.local.tree import Options, scan_tree

        cache = None if no_cache else _cache(config)
        options = Options(jobs=jobs, fixes=fixes, below=inside, cache=cache, progress=report)
        scan = scan_tree(root, files, search, config, options)
    if cache:
        cache.prune()
    hints = _hints(root, config, scan) if "" in inside else ()
    return Result(
        root=root, files=scan.files, reports=scan.reports, sources={}, planned=fixes, below=inside, hints=hints
    )


def _hints(root: Path, config: "Config", scan: "TreeScan") -> tuple[str, ...]:
    from bot.cli.hints import hints_of

    return tuple(hints_of(root, config, scan))


@contextmanager
def _loading(root: Path, choice: Choice, jobs: int) -> "Iterator[Callable[[], Config]]":
    """`scan_config`, begun: YAML is read in a process of its own while the engine is loaded here."""
    if jobs == 1 or not (choice.is_made or config_place(root, choice).exists()):
        yield lambda: scan_config(root, choice)
        return
    from bot.local.parallel import ForkedCall

    task = ForkedCall(lambda: _config_or_none(root, choice))
    try:
        preload("bot.local.tree")

        yield lambda: task.result() or load_config(root, choice)  # once more, for the error
    finally:
        task.close()


def _config_or_none(root: Path, choice: Choice) -> "Config | None":
    """The configuration; ``None`` if it is wrong: an error with its place does not survive the way to the parent."""
    try:
        return load_config(root, choice)
    except UserError:
        return None


def _cache(config: "Config") -> "Cache":
    from bot.local.cache import Cache, default_directory

    return Cache.of(config, default_directory(os.environ))


def _standard_input(root: Path, config: "Config", fixes: bool) -> Result:
    from bot.local.tree import scan_source

    source = sys.stdin.buffer.read()
    report = scan_source(root, "-", source, config, fixes=fixes)
    return Result(root=root, files=1, reports=(report,), sources={"-": source}, planned=fixes)


def _since(root: Path, inside: tuple[str, ...], base: str, config: "Config") -> Result:
    from bot.cli.progress import progress
    from bot.local.base import new_reports
    from bot.local.files import is_below

    with progress() as tell:
        new = new_reports(root, base, config, tell)
    reports = tuple(report for report in new if is_below(report.path, inside))
    return Result(root=root, files=len(reports), reports=reports, sources={}, planned=True)


def _show(result: Result, form: str) -> bool:
    """Write the result; whether there is something to report."""
    from bot.cli import reporting

    shown = reporting.Shown.of(
        result.root, result.files, result.reports, result.sources, planned=result.planned, allowed=result.allowed
    )
    match form:
        case "json":
            text = reporting.as_json(shown)
        case "github":
            text = reporting.as_github(shown)
        case "sarif":
            from bot.cli.sarif import as_sarif

            text = as_sarif(shown)
        case "rdjson" | "gitlab" | "junit":
            from bot.cli import ci_reports

            text = getattr(ci_reports, f"as_{form}")(shown)
        case _:
            text = reporting.as_text(shown, color=color(), width=width())
    click.echo(text, nl=False, color=True)
    for hint in result.hints:
        click.echo(f"note: {hint}", err=True)
    return bool(shown.findings or shown.failed or shown.skipped)
