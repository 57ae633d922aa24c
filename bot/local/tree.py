"""A repository on this machine: its Python files listed, read and scanned on all cores."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.engine.index import Index
from bot.engine.mentions import qualifiers, renamed
from bot.engine.names import module_paths
from bot.engine.scan import required_modules, scan_file
from bot.engine.targets import Targets
from bot.local.cache import Cache
from bot.local.files import Listing, Reader
from bot.local.parallel import share
from bot.migration import Config
from bot.model import FileReport, Scanned, Skipped

MAX_ROUNDS = 20
"""How often modules that a scan asks for are looked up: the longest chain of re-exports that is followed."""

Progress = Callable[[int, int], None]
"""Files done, files in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeScan:
    """A scanned tree."""

    root: Path
    files: int
    """Python files that were read."""
    reports: tuple[FileReport, ...]
    """Sorted by path, without the files in which nothing was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a tree is scanned."""

    jobs: int
    fixes: bool = False
    cache: Cache | None = None
    progress: Progress | None = None


def scan_tree(root: Path, listing: Listing, config: Config, options: Options) -> TreeScan:
    """All usages in the listed files.

    Every file is searched for the names as text, then for what a file with a hit calls them; the files with a hit are
    resolved together.
    """
    found = _search(root, listing.paths, config, options)
    index = _index(listing, found.sources, config)
    index = _foresee(root, found, config, index, options)
    reports = _resolve(root, found.sources, config, index, options)
    skipped = [Skipped(path=path, reason=reason) for path, reason in (*listing.unreadable, *found.unreadable)]
    everything = sorted([*reports, *skipped], key=lambda report: report.path)
    return TreeScan(root=root, files=len(listing.paths) - len(found.unreadable), reports=tuple(everything))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Files that hold a name that is looked for."""

    names: frozenset[str]
    sources: Mapping[str, bytes]
    unreadable: tuple[tuple[str, str], ...]


def _search(root: Path, paths: Sequence[str], config: Config, options: Options) -> _Found:
    names = Targets(config.migrations).leaves
    sources: dict[str, bytes] = {}
    unreadable: dict[str, str] = {}
    pending = names
    while pending:
        needles = sorted(name.encode() for name in pending)
        for found in share(_search_part, [(root, part, needles) for part in _parts(paths, options.jobs)]):
            sources.update(found.sources)
            unreadable.update(found.unreadable)
        known = names
        names = names.union(*(renamed(source, names) for source in sources.values()))
        pending = names - known
    return _Found(names=names, sources=sources, unreadable=tuple(sorted(unreadable.items())))


def _search_part(part: tuple[Path, Sequence[str], Sequence[bytes]]) -> _Found:
    root, paths, needles = part
    reader = Reader(root)
    hits, unreadable = {}, []
    for path in paths:
        try:
            source = reader.find(path, needles)
        except OSError as error:
            unreadable.append((path, error.strerror or str(error)))
            continue
        if source is not None:
            hits[path] = source
    return _Found(names=frozenset(), sources=hits, unreadable=tuple(unreadable))


def _parts(paths: Sequence[str], jobs: int) -> list[Sequence[str]]:
    return [paths[n::jobs] for n in range(max(min(jobs, len(paths)), 1))]


def _index(listing: Listing, sources: Mapping[str, bytes], config: Config) -> Index:
    modules = {target.name.rpartition(".")[0] for migration in config.migrations for target in migration.targets}
    projects = [(path, b"") for path in listing.projects]
    return Index.build([*projects, *sources.items()], source_roots=config.source_roots, modules=modules)


def _foresee(root: Path, found: _Found, config: Config, index: Index, options: Options) -> Index:
    """The index with most of what the scan would ask for: each question costs another look at the file that has it."""
    mentioned = frozenset[str]().union(*(qualifiers(source, found.names) for source in found.sources.values()))
    pending = {module for module in mentioned if "." in module and index.source_of(module) is False}
    for _ in range(MAX_ROUNDS):
        index = index.with_modules(read_modules(root, pending, index))
        pending = set(required_modules(config.migrations, index)) if options.fixes else set()
        if not pending:
            break
    return index


def _resolve(
    root: Path, sources: Mapping[str, bytes], config: Config, index: Index, options: Options
) -> list[FileReport]:
    """Scan the files, fetch the modules that they ask for and scan those again that did, until none asks."""
    done: dict[str, FileReport] = {}
    pending = dict(sources)
    for _ in range(MAX_ROUNDS):
        for report in _scan(pending, config, index, options):
            done[report.path] = report
        wanted = {path: r.wanted for path, r in done.items() if path in pending and isinstance(r, Scanned) and r.wanted}
        if not wanted:
            break
        index = index.with_modules(read_modules(root, frozenset().union(*wanted.values()), index))
        pending = {path: sources[path] for path in wanted}
    return [report for report in done.values() if not isinstance(report, Scanned) or report.findings]


def scan_source(root: Path, path: str, source: bytes, config: Config, *, fixes: bool) -> FileReport:
    """One source that need not be a file of the tree, resolved with the tree's modules."""
    listing = Listing(paths=(path,))
    index = _index(listing, {path: source}, config)
    report: FileReport = scan_file(source, path, config.migrations, index, fixes=fixes)
    for _ in range(MAX_ROUNDS):
        if not isinstance(report, Scanned) or not report.wanted:
            break
        index = index.with_modules(read_modules(root, report.wanted, index))
        report = scan_file(source, path, config.migrations, index, fixes=fixes)
    return report


def read_modules(root: Path, modules: Iterable[str], index: Index) -> list[tuple[str, bytes | None]]:
    """The candidate files of ``modules`` below ``root``; ``None`` for those that are absent or cannot be read."""
    reader = Reader(root)
    return [(path, reader.read(path)) for module in modules for path in module_paths(module, index.roots)]


def _scan(sources: Mapping[str, bytes], config: Config, index: Index, options: Options) -> Iterable[FileReport]:
    cache = options.cache.at(index, options.fixes) if options.cache else None
    known = {path: report for path, source in sources.items() if cache and (report := cache.get(path, source))}
    yield from known.values()
    left = sorted((path for path in sources if path not in known), key=lambda path: len(sources[path]))
    parts = [[(path, sources[path]) for path in part] for part in _parts(left, options.jobs)]
    for reports in share(_scan_part, [(part, config, index, options.fixes) for part in parts]):
        for report in reports:
            if cache:
                cache.put(report.path, sources[report.path], report)
            yield report


def _scan_part(part: tuple[Sequence[tuple[str, bytes]], Config, Index, bool]) -> list[FileReport]:
    files, config, index, fixes = part
    return [scan_file(source, path, config.migrations, index, fixes=fixes) for path, source in files]
