"""Lists, reads and scans the Python files of a local repository on all cores."""

import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.finding import FileReport, Scanned, Skipped
from bot.domain.migration import Config
from bot.engine.prefilter.terms import follow, reopened
from bot.engine.prefilter.terms import joined as all_import_words
from bot.engine.program.index import LAST_ROUND, ROUNDS, Index
from bot.engine.scan import required_modules, scan_file
from bot.engine.source.mentions import modules_named
from bot.engine.source.names import module_paths
from bot.engine.usages.targets import Targets, brought
from bot.local.files import Listing, Reader, is_below, list_files
from bot.local.parallel import Counter, cores, share
from bot.local.search import Found, Progress, Search, joined, split

if TYPE_CHECKING:
    from bot.engine.diff.views import Surroundings
    from bot.local.cache import Cache  # loaded only when there is one

COLLECT_AFTER = 200_000
"""Bytes of source between two looks for garbage: parsing makes about a hundred times as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeScan:
    """A scanned tree."""

    root: Path
    files: int
    """Python files that were read."""
    reports: tuple[FileReport, ...]
    """Sorted by path, without the files in which nothing was found."""
    roots: tuple[str, ...] = ()
    """The source roots below the repository's top."""
    paths: tuple[str, ...] = ()
    """All Python files that were listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a tree is scanned."""

    jobs: int
    fixes: bool = False
    below: Sequence[str] = ("",)
    """The files and directories whose files are scanned.  Of the others is read what these depend on."""
    cache: "Cache | None" = None
    facts: Path | None = None
    """The file in which facts of files are kept between scans; beside the ``cache`` where that is given."""
    progress: Progress | None = None
    patient: bool = False
    """No fix is planned in a file while modules are missing."""

    def asks_for(self, path: str) -> bool:
        """Whether the file at ``path`` is to be scanned."""
        return is_below(path, self.below)


def scan_tree(root: Path, listing: Listing, search: Search, config: Config, options: Options) -> TreeScan:
    """All usages in the listed files, in which ``search`` looks for the prefilter terms of the configuration.

    What the files with a hit add to the terms is searched for as well; then these files are resolved together.
    """
    found, index = _search_on(root, listing, search, config, options)
    sources = {path: source for path, source in found.sources.items() if options.asks_for(path)}
    names = index.aliases(Targets(config.migrations).leaves)
    index = _foresee(root, sources, names, config, index, options)
    if options.fixes and sources:
        from bot.local.program import with_program  # a scan that plans no fix does not ask what the whole program says

        kept = options.cache.facts_of(root) if options.cache else options.facts
        others = found.sources.keys() - sources.keys()
        index = with_program(root, listing, sources, config, index, options.jobs, kept, others)
    reports = _resolve(root, sources, config, index, options)
    unreadable = (*listing.unreadable, *found.unreadable.items())
    skipped = [Skipped(path=path, reason=reason) for path, reason in unreadable if options.asks_for(path)]
    everything = sorted([*reports, *skipped], key=lambda report: report.path)
    not_read = found.unreadable.keys() | found.absent
    files = [path for path in listing.paths if path not in not_read and options.asks_for(path)]
    return TreeScan(root=root, files=len(files), reports=tuple(everything), roots=index.roots, paths=listing.paths)


def surroundings(root: Path, config: Config, progress: Progress | None = None) -> "Surroundings":
    """The names that the tree's files give to the deprecated ones, and its source roots."""
    from bot.engine.diff.views import Surroundings
    from bot.local.program import with_program

    listing, jobs = list_files(root), cores()
    found, index = _search_on(
        root, listing, Search.of(root, listing, config, jobs, progress), config, Options(jobs=jobs, progress=progress)
    )
    facts = with_program(root, listing, found.sources, config, index, jobs).program.facts
    return Surroundings(names=index.aliases(Targets(config.migrations).leaves), roots=index.roots, facts=facts)


def _search_on(root: Path, listing: Listing, search: Search, config: Config, options: Options) -> tuple[Found, Index]:
    """Search on by what the files found so far add to the prefilter terms, until they add nothing."""
    terms, found = search.terms, search.result()
    while True:
        index = _index(listing, found.sources, config)
        known, leaves = terms, Targets(config.migrations).leaves
        terms = follow(known, index.aliases(leaves) - leaves, [found.opened])
        new = [(term, before) for term, before in zip(terms, known, strict=True) if term != before]
        if not new:
            return found, index
        known_of = (found.sources, found.unreadable, found.absent)
        left = [path for path in listing.paths if not any(path in each for each in known_of)]
        import_words = all_import_words([found.opened, *reopened(terms, known, found.sources).values()])
        added, before = zip(*new, strict=True)
        more = Search(root, left, added, options.jobs, options.progress, before).result()
        found = joined([replace(found, opened=import_words), more])


def _index(listing: Listing, sources: Mapping[str, bytes], config: Config) -> Index:
    projects = [(path, b"") for path in listing.projects]
    return Index.build([*projects, *sources.items()], source_roots=config.source_roots, modules=config.target_modules)


def _foresee(
    root: Path, sources: Mapping[str, bytes], names: frozenset[str], config: Config, index: Index, options: Options
) -> Index:
    """The index with most modules that the scan will request: each request costs another scan of its file."""
    mentioned = frozenset[str]().union(*(modules_named(source, names) for source in sources.values()))
    pending = {module for module in mentioned if index.source_of(module) is False}
    targets = (target.name for migration in config.migrations for target in migration.targets)
    pending.update(*(index.resolution(name).missing_modules for name in targets if sources))
    if options.fixes and index.roots:  # besides the top of the tree
        pending |= _of_successors(config)  # in each of the roots
    for _ in range(ROUNDS):
        index = index.with_modules(read_modules(root, pending, index))
        pending = (
            set(required_modules(config.migrations, index) | _successors(config, index)) if options.fixes else set()
        )
        if not pending:
            break
    return index


def _of_successors(config: Config) -> set[str]:
    from bot.engine.program.order import above, successors

    return {module for name in successors(config) for module in above(name)}


def _successors(config: Config, index: Index) -> frozenset[str]:
    """The modules of the targets and of their successors, the same for all files, as far as the index lacks them."""
    targets = [target for migration in config.migrations for target in migration.targets]
    names = {name for target in targets for name in (target.name, target.canonical) if name}
    names |= {name for migration in config.migrations for rule in migration.rewrites for name in brought(rule)}
    return frozenset[str]().union(*(index.resolution(name).missing_modules for name in names))


def _resolve(
    root: Path, sources: Mapping[str, bytes], config: Config, index: Index, options: Options
) -> list[FileReport]:
    """Scan the files, read the modules that they request, and scan those files again until none requests more."""
    done: dict[str, FileReport] = {}
    pending = dict(sources)
    for turn in range(ROUNDS):
        index.aliases(Targets(config.migrations).leaves)  # remembered by the processes that are forked now
        for report in _scan(pending, config, index, replace(options, patient=turn < LAST_ROUND)):
            done[report.path] = report
        missing_modules = {
            path: r.missing_modules
            for path, r in done.items()
            if path in pending and isinstance(r, Scanned) and r.missing_modules
        }
        if not missing_modules:
            break
        index = index.with_modules(read_modules(root, frozenset().union(*missing_modules.values()), index))
        pending = {path: sources[path] for path in missing_modules}
    return [report for report in done.values() if not isinstance(report, Scanned) or report.findings]


def scan_source(root: Path, path: str, source: bytes, config: Config, *, fixes: bool) -> FileReport:
    """One source that need not be a file of the tree, resolved with the tree's modules."""
    listing = Listing(paths=(path,))
    index = _index(listing, {path: source}, config)
    report: FileReport = Scanned(path=path)
    for turn in range(ROUNDS):
        report = scan_file(source, path, config.migrations, index, fixes=fixes, patient=turn < LAST_ROUND)
        if not isinstance(report, Scanned) or not report.missing_modules:
            break
        index = index.with_modules(read_modules(root, report.missing_modules, index))
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
    if left and options.fixes:
        index.program.imports_module("")  # worked out once, for all processes that are forked from here
        gc.collect()
    shares = [[(path, sources[path]) for path in part] for part in split(left, options.jobs)]
    counter = Counter(len(shares))
    meanwhile = partial(_tell, options.progress, counter, len(left)) if options.progress else None
    work = partial(_scan_share, config, index, options, counter, meanwhile)
    gc.freeze()  # what is there by now stays to the end: no look for garbage has to go through it
    for reports in share(work, list(enumerate(shares)), meanwhile):
        for report in reports:
            if cache:
                cache.put(report.path, sources[report.path], report)
            yield report


def _tell(progress: Progress, counter: Counter, total: int) -> None:
    progress(counter.total(), total)


def _scan_share(
    config: Config,
    index: Index,
    options: Options,
    counter: Counter,
    meanwhile: Callable[[], None] | None,
    part: tuple[int, Sequence[tuple[str, bytes]]],
) -> list[FileReport]:
    place, files = part
    reports, parsed = [], 0
    for path, source in files:
        found = scan_file(source, path, config.migrations, index, fixes=options.fixes, patient=options.patient)
        reports.append(found)
        counter.add(place)
        if meanwhile and place == 0:  # the part that is done here, see `share`
            meanwhile()
        parsed += len(source)
        if parsed > COLLECT_AFTER:
            gc.collect()  # scopes and their bindings refer to one another
            parsed = 0
    return reports
