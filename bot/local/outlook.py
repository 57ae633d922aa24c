"""What a repository could migrate: the presets whose names it uses, and what its own modules say is deprecated."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.config import preset_names
from bot.config.reading import load
from bot.config.starting import StartingMigration, migration_name, starting_text
from bot.domain.errors import ConfigError
from bot.domain.finding import Finding, Scanned
from bot.domain.migration import CODEOWNERS, Config, Migration, Target, TargetKind
from bot.engine.program.presence import definition_files, definitions
from bot.engine.source.deprecations import Deprecation, deprecations
from bot.engine.source.names import find_source_roots, is_test, module_names
from bot.local.files import Listing, Reader, list_files
from bot.local.parallel import cores
from bot.local.search import Progress, Search
from bot.local.tree import Options, TreeScan, scan_tree

_OWN = "own"
_MOST = 20
"""Of the repository's own deprecated names, those with the most usages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """One migration that would have something to do."""

    migration: StartingMigration
    usages: int
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What was found in a tree."""

    root: Path
    files: int
    roots: tuple[str, ...]
    codeowners: str | None
    prospects: tuple[Prospect, ...]
    """The presets first; the repository's own names by their usages, most first."""
    unused: tuple[str, ...]
    """Deprecated definitions that nothing in the tree uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _OwnName:
    """A name that the repository itself deprecates."""

    name: str
    path: str
    found: Deprecation
    successor: str | None = None

    @property
    def target(self) -> Target:
        kind = TargetKind.SYMBOL if self.found.name else TargetKind.MODULE
        return Target(name=self.name, canonical=self.successor, kind=kind)


def look(root: Path, progress: Progress | None = None) -> Outlook:
    """Look into the Python files of ``root``; nothing of them is run."""
    listing = list_files(root)
    roots, codeowners = surroundings_of(root, listing)
    presets = load(f"extends: [{', '.join(preset_names())}]\n")
    taken = {target.name for migration in presets.migrations for target in migration.targets}
    own = [each for each in _own_names(root, listing, roots) if each.name not in taken]
    migrations = presets.migrations
    if own:
        migrations = (*migrations, Migration(name=_OWN, targets=tuple(each.target for each in own)))
    findings = findings_of(scan(root, listing, Config(migrations=migrations), progress=progress))
    by_preset = _grouped((each.migration, each) for each in findings if each.migration != _OWN)
    by_name = _grouped((_owner(each.symbol, own), each) for each in findings if each.migration == _OWN)
    found = [_prospect(StartingMigration(name=name), by_preset[name]) for name in preset_names() if name in by_preset]
    used = sorted(
        (each for each in own if each.name in by_name), key=lambda each: (-len(by_name[each.name]), each.name)
    )
    names = _names({each.migration.name for each in found}, used[:_MOST])
    found += [
        _prospect(migration, by_name[each.name])
        for each, name in zip(used, names, strict=False)
        if is_valid(migration := _starting(each, name))
    ]
    return Outlook(
        root=root,
        files=len(listing.paths),
        roots=roots,
        codeowners=codeowners,
        prospects=tuple(found),
        unused=tuple(each.name for each in own if each.name not in by_name),
    )


def surroundings_of(root: Path, listing: Listing | None = None) -> tuple[tuple[str, ...], str | None]:
    """The source roots of a tree, and the path of its CODEOWNERS file."""
    listing = listing or list_files(root)
    roots = find_source_roots((*listing.paths, *listing.projects))
    return roots, next((path for path in CODEOWNERS if (root / path).is_file()), None)


def scan(
    root: Path, listing: Listing, config: Config, *, fixes: bool = False, progress: Progress | None = None
) -> TreeScan:  # fmt: skip
    """The usages in the whole tree."""
    jobs = cores()
    search = Search.of(root, listing, config, jobs, progress)
    return scan_tree(root, listing, search, config, Options(jobs=jobs, fixes=fixes, progress=progress))


def findings_of(scan: TreeScan) -> list[Finding]:
    """Those that no comment in the code ignores."""
    reports = (report for report in scan.reports if isinstance(report, Scanned))
    return [finding for report in reports for finding in report.findings if finding.ignored is None]


def is_valid(migration: StartingMigration) -> bool:
    """Whether a file with this migration alone can be read: a name may be one that no configuration takes."""
    try:
        load(starting_text([migration]))
    except ConfigError:
        return False
    return True


def _names(taken: Iterable[str], own: Sequence[_OwnName]) -> Iterator[str]:
    seen = Counter(taken)
    for each in own:
        name = migration_name(each.name)
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name[:50]}-{seen[name]}"


def _prospect(migration: StartingMigration, findings: Sequence[Finding]) -> Prospect:
    files = len({finding.path for finding in findings})
    return Prospect(migration=migration, usages=len(findings), files=files)


def _starting(own: _OwnName, name: str) -> StartingMigration:
    said = f": {own.found.advice}" if own.found.advice else ""
    return StartingMigration(
        name=name,
        deprecated=own.name,
        canonical=own.successor,
        is_module=not own.found.name,
        notes=(f"{own.path}:{own.found.line}{said}",),
    )


def _grouped(pairs: Iterable[tuple[str, Finding]]) -> Mapping[str, list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for key, finding in pairs:
        groups.setdefault(key, []).append(finding)
    return groups


def _owner(symbol: str, own: Sequence[_OwnName]) -> str:
    """The longest of the names that the symbol begins with."""
    return max((each.name for each in own if f"{symbol}.".startswith(f"{each.name}.")), key=len, default=symbol)


def _own_names(root: Path, listing: Listing, roots: Sequence[str]) -> list[_OwnName]:
    reader, names = Reader(root), []
    for path in listing.paths:
        modules = () if is_test(path) or path.endswith(".pyi") else module_names(path, roots)
        source = reader.read(path) if modules else None
        for found in deprecations(source) if source else ():
            name = f"{modules[0]}.{found.name}" if found.name else modules[0]
            names.append(_OwnName(name=name, path=path, found=found))
    known = {each.name for each in names}
    return [replace(each, successor=_successor(each, known, reader, roots)) for each in _first(names)]


def _first(names: Iterable[_OwnName]) -> Iterator[_OwnName]:
    """Each name once: a file and its copy below another root may be one module."""
    seen: set[str] = set()
    for each in names:
        if each.name not in seen:
            seen.add(each.name)
            yield each


def _successor(own: _OwnName, deprecated: set[str], reader: Reader, roots: Sequence[str]) -> str | None:
    """The first name in the advice that the tree defines: as it is written, or as a neighbour of the old one."""
    above = own.name.split(".")[:-1] if own.found.name else own.name.split(".")
    bases = ["", *(".".join(above[:cut]) + "." for cut in range(len(above), 0, -1))]
    for written in own.found.successors:
        for base in bases:
            name = f"{base}{written}"
            if "." in name and name not in deprecated and _is_defined(name, own, reader, roots):
                return name
    return None


def _is_defined(name: str, own: _OwnName, reader: Reader, roots: Sequence[str]) -> bool:
    kind = TargetKind.SYMBOL if own.found.name else TargetKind.MODULE
    target = Target(name=name, kind=kind)
    sources = {path: reader.read(path) for path in definition_files([target], roots)}
    return name in definitions([target], sources, roots)
