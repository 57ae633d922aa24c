"""The usages of a whole revision, and how to bring them up to date when some of its files change.

The law: what is brought up to date equals what is made again.  A file's report depends on its own bytes, on the files
that its names were looked up in (`Entry.looked`), and on what all files share: the source roots, and the names that
files with a hit give to the targets.  A change of what is shared is answered with a survey made again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.finding import FileReport, Finding, Scanned
from bot.domain.migration import Config, Migration
from bot.domain.references import Sha
from bot.engine.prefilter.terms import ImportWords, Prefilter, PrefilterTerm, reopened, terms_to
from bot.engine.program.beneath import beneath_of
from bot.engine.program.collect import facts_at
from bot.engine.program.facts import NOTHING, Facts
from bot.engine.program.given_to import NO_FACTS
from bot.engine.program.index import Index
from bot.engine.program.sought import Sought, sought, variables_of
from bot.engine.program.state import kept_of
from bot.engine.resolve.renamed import renamed
from bot.engine.scan import scan_file
from bot.engine.source.names import PROJECT_FILES, SUFFIXES, find_source_roots, project_files


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyedFile:
    """A file in whose bytes one of the names stands."""

    report: FileReport
    looked: frozenset[str] = frozenset()
    """The paths, also of absent files, that its names were looked up in."""
    gives: frozenset[str] = frozenset()
    """Names that the file gives to others (`renamed.renamed`)."""
    facts: Facts = NOTHING
    """What it contributes to the view of the whole program, by its bytes alone."""
    variables: frozenset[str] = frozenset()
    """The variables that stand for a module with a target: others may take them from here."""
    beneath: frozenset[str] = frozenset()
    """The dotted names that the deprecated functions which it defines look up when they run."""
    kept: frozenset[str] = frozenset()
    """The dotted names of the variables in which these keep something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """All usages of one commit, under one configuration."""

    commit: Sha
    names: frozenset[str]
    """The targets' last components, and what modules of the commit call them."""
    terms: tuple[PrefilterTerm, ...]
    """One of them leads to every file that can have a usage."""
    import_words: Mapping[str, ImportWords] = field(default_factory=dict, repr=False)
    """By path, what files added to the prefilter terms."""
    roots: tuple[str, ...]
    blobs: Mapping[str, Sha] = field(repr=False)
    """Path to blob of all Python and project files of the commit."""
    files: Mapping[str, SurveyedFile] = field(repr=False)
    others: Mapping[str, Facts] = field(default_factory=dict, repr=False)
    """Facts of files that hold none of the names, and have a say all the same."""
    order: Mapping[str, Facts] = field(default_factory=dict, repr=False)
    """The imports of the files that run when a successor is imported."""

    @property
    def facts(self) -> Mapping[str, Facts]:
        """What all files contribute to the view of the whole program."""
        return {**self.order, **self.others, **{path: entry.facts for path, entry in self.files.items()}}

    def sought(self, config: Config, others: Mapping[str, Facts] = NO_FACTS) -> Sought:
        """What further files are looked for; ``others`` are the facts of those that were found already."""
        using = {path: entry.variables for path, entry in self.files.items() if entry.variables}
        beneath = {name for entry in self.files.values() for name in entry.beneath}
        kept = {name for entry in self.files.values() for name in entry.kept}
        facts = {**others, **{path: entry.facts for path, entry in self.files.items()}}
        edited = [
            path for path, entry in self.files.items() if isinstance(entry.report, Scanned) and entry.report.findings
        ]
        return sought(config, self.roots, using, self.blobs.__contains__, beneath, facts, edited, kept)

    @property
    def reports(self) -> tuple[FileReport, ...]:
        """Of all files with a usage, a syntax error or a reason why they were not looked at, by path."""
        reports = (self.files[path].report for path in sorted(self.files))
        return tuple(report for report in reports if not isinstance(report, Scanned) or report.findings)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All usages, by path and place."""
        return tuple(f for report in self.reports if isinstance(report, Scanned) for f in report.findings)


# --- of one file: each may take any time on a hostile one ---------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What a changed file shows, before it is scanned."""

    hit: bool = False
    """A prefilter term leads to it."""
    import_words: ImportWords = field(default_factory=dict)
    """What it adds to the prefilter terms, all of it."""
    gives: frozenset[str] = frozenset()
    """If it is a hit, the names that it gives to others."""


def glance(source: bytes, path: str, terms: Sequence[PrefilterTerm], names: frozenset[str]) -> Glance:
    """What a changed file shows."""
    hit, _ = Prefilter(terms).look(path, source, len(source))
    opening = (term for term in terms if term.opens(path, source, len(source)))
    return Glance(
        hit=hit,
        import_words={term.package: term.opened_by(path, source) for term in opening},
        gives=renamed(source, names) if hit else frozenset(),
    )


def search_file(source: bytes, path: str, terms: Sequence[PrefilterTerm]) -> tuple[bool, ImportWords]:
    """Whether a prefilter term leads to the file; what the file adds to the terms."""
    return Prefilter(terms).look(path, source, len(source))


def given_names(source: bytes, _: str, names: frozenset[str], known: frozenset[str] = frozenset()) -> frozenset[str]:
    """The names that the file gives to one of ``names``; of those in ``known`` some may be left out."""
    return renamed(source, names, known)


def reopened_words(
    source: bytes, path: str, terms: Sequence[PrefilterTerm], before: Sequence[PrefilterTerm]
) -> ImportWords:
    """What a file that was found by the terms ``before`` adds, as far as ``terms`` ask for more."""
    return reopened(terms, before, {path: source}).get(path, {})


def facts_if(source: bytes, path: str, looked_for: Sought | None) -> Facts | None:
    """The facts of a file that may have a say; ``None`` of any other.  With ``None`` every file may."""
    return facts_at(path, source) if looked_for is None or looked_for.leads_to(source, path) else None


def survey_file(source: bytes, path: str, migrations: Sequence[Migration], index: Index) -> SurveyedFile:
    """The usages in one file, and what they depend on."""
    watched, looked = index.watched()
    report = scan_file(source, path, migrations, watched, fixes=False)
    facts = facts_at(path, source)
    variables: frozenset[str] = frozenset()
    if isinstance(report, Scanned) and report.findings:
        variables = variables_of(Config(migrations=tuple(migrations)), watched, path, facts)
    beneath = beneath_of(migrations, watched, watched.modules_of(path))
    kept = kept_of(migrations, watched, watched.modules_of(path))
    return SurveyedFile(
        report=report, looked=frozenset(looked), facts=facts, variables=variables, beneath=beneath, kept=kept
    )


# --- of all files -------------------------------------------------------------------------------------------------


def of_interest(path: str) -> bool:
    """Whether a survey has to know of the file: Python, or what shows where the source roots are."""
    return path.endswith(SUFFIXES) or path.rpartition("/")[2] in PROJECT_FILES


def leaves(config: Config) -> frozenset[str]:
    """The last components of all deprecated names."""
    return frozenset(target.leaf for migration in config.migrations for target in migration.targets)


def roots_of(config: Config, hits: Iterable[str], blobs: Iterable[str]) -> tuple[str, ...]:
    """The source roots of a revision: what is configured, or what its project files and its files with a hit show."""
    if config.source_roots:
        return config.source_roots
    return find_source_roots({*hits, *project_files(blobs)}, config.target_modules)


def terms_of(config: Config, paths: Iterable[str]) -> tuple[PrefilterTerm, ...]:
    """What is looked for at first in a commit of these Python and project files."""
    listed = sorted(paths)
    return terms_to(config, [path for path in listed if path.endswith(SUFFIXES)], project_files(listed))


def differing(before: Mapping[str, Sha], after: Mapping[str, Sha]) -> frozenset[str]:
    """The paths that were added, removed or changed."""
    return frozenset(path for path, _ in before.items() ^ after.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What has to be looked at for the next commit: everything else stays as it is."""

    kept: Mapping[str, SurveyedFile]
    """Entries that hold on."""
    again: frozenset[str]
    """Unchanged files to scan again, because a file that their names go through changed."""
    hits: frozenset[str]
    """Changed files to scan."""
    gives: Mapping[str, frozenset[str]]
    """Of each file to scan: the names that it gives to others."""


def plan_update(
    before: Survey, config: Config, blobs: Mapping[str, Sha], changed: Mapping[str, Glance]
) -> Update | None:
    """What ``changed`` (a glance at all changed Python files that exist) means; ``None``: survey again.

    That is so when a name of a target or a way to it comes or goes, or the source roots are others.
    """
    paths = differing(before.blobs, blobs)
    if not _same_ways(before, terms_of(config, blobs), paths, changed):
        return None
    hits = frozenset(path for path, seen in changed.items() if seen.hit)
    gives = {path: changed[path].gives for path in hits}
    gone = {path: before.files[path].gives for path in paths if path in before.files}
    if any(gives.get(path, frozenset()) != names for path, names in gone.items()):
        return None
    if any(names - before.names for names in gives.values()):
        return None
    kept = {path: entry for path, entry in before.files.items() if path not in paths}
    if roots_of(config, {*kept, *hits}, blobs) != before.roots:
        return None
    again = frozenset(path for path, entry in kept.items() if not entry.looked.isdisjoint(paths))
    gives |= {path: kept[path].gives for path in again}
    return Update(
        kept={path: entry for path, entry in kept.items() if path not in again}, again=again, hits=hits, gives=gives
    )


def _same_ways(
    before: Survey, first: Sequence[PrefilterTerm], paths: Iterable[str], changed: Mapping[str, Glance]
) -> bool:
    """Whether the prefilter terms would be found again, by the same steps: ``first`` are those at the beginning."""
    if any(bool(term.opening_words) != bool(old.opening_words) for term, old in zip(first, before.terms, strict=True)):
        return False
    for path in paths:
        shown = changed[path].import_words if path in changed else {}
        for term in before.terms:
            now = shown.get(term.package, frozenset())
            if not before.import_words.get(path, {}).get(term.package, frozenset()) <= now <= term.opening_words:
                return False
    return True
