"""What a tree could migrate: the presets whose names it uses, and what its own modules say is deprecated.  Pure.

The steps, for whoever has the files: what each file deprecates (:func:`deprecated_in`), the names that come of it
(:func:`own_names`), their successors (:func:`with_successors`), a configuration that looks for all of them
(:func:`probe`), and from what it finds the migrations (:func:`prospects`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.config.presets import preset_names
from bot.config.reading import load
from bot.config.starting import StartingMigration, migration_name, starting_text
from bot.domain.errors import ConfigError
from bot.domain.finding import FileReport, Finding, Scanned
from bot.domain.migration import Config, Migration, Target, TargetKind
from bot.engine.program.presence import definition_files, definitions
from bot.engine.source.deprecations import Deprecation, deprecations
from bot.engine.source.names import is_test, module_names

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
class OwnName:
    """A name that the repository itself deprecates."""

    name: str
    path: str
    found: Deprecation
    successor: str | None = None

    @property
    def target(self) -> Target:
        kind = TargetKind.SYMBOL if self.found.name else TargetKind.MODULE
        return Target(name=self.name, canonical=self.successor, kind=kind)

    @property
    def candidates(self) -> tuple[str, ...]:
        """The names that its advice may mean: as it writes them, or as neighbours of the old one."""
        above = self.name.split(".")[:-1] if self.found.name else self.name.split(".")
        bases = ["", *(".".join(above[:cut]) + "." for cut in range(len(above), 0, -1))]
        written = (f"{base}{name}" for name in self.found.successors for base in bases)
        return tuple(name for name in written if "." in name)


def may_deprecate(path: str, roots: Sequence[str]) -> bool:
    """Whether a file is a module whose deprecated definitions count: tests and stubs are none."""
    return not is_test(path) and not path.endswith(".pyi") and bool(module_names(path, roots))


def deprecated_in(source: bytes, _path: str) -> tuple[Deprecation, ...]:
    """What the file deprecates."""
    return deprecations(source)


def own_names(found: Mapping[str, Sequence[Deprecation]], roots: Sequence[str]) -> tuple[OwnName, ...]:
    """The dotted names, each once: a file and its copy below another root may be one module.  ``found``: by path."""
    names: dict[str, OwnName] = {}
    for path, each in found.items():
        module = module_names(path, roots)[0]
        for one in each:
            name = f"{module}.{one.name}" if one.name else module
            names.setdefault(name, OwnName(name=name, path=path, found=one))
    taken = {target.name for migration in _presets() for target in migration.targets}
    return tuple(own for name, own in names.items() if name not in taken)


def successor_files(names: Iterable[OwnName], roots: Sequence[str], there: frozenset[str]) -> frozenset[str]:
    """Those of the files ``there`` in which a successor of one of the names may be defined.

    They are what :func:`with_successors` needs.
    """
    found: set[str] = set()
    for own in names:
        found |= there & definition_files((_target(own, name) for name in own.candidates), roots)
    return frozenset(found)


def with_successors(
    names: Sequence[OwnName], sources: Mapping[str, bytes | None], roots: Sequence[str]
) -> tuple[OwnName, ...]:
    """The same with the first name in each advice that the tree defines."""
    deprecated = {own.name for own in names}

    def successor(own: OwnName) -> str | None:
        for name in own.candidates:
            if name not in deprecated and name in definitions([_target(own, name)], sources, roots):
                return name
        return None

    return tuple(replace(own, successor=successor(own)) for own in names)


def _target(own: OwnName, name: str) -> Target:
    return Target(name=name, kind=TargetKind.SYMBOL if own.found.name else TargetKind.MODULE)


def probe(names: Sequence[OwnName]) -> Config:
    """A configuration that finds the usages of every preset and of these names."""
    own = (Migration(name=_OWN, targets=tuple(each.target for each in names)),) if names else ()
    return Config(migrations=(*_presets(), *own))


def _presets() -> tuple[Migration, ...]:
    return load(f"extends: [{', '.join(preset_names())}]\n").migrations


def findings_of(reports: Iterable[FileReport]) -> list[Finding]:
    """Those that no comment in the code ignores."""
    scanned = (report for report in reports if isinstance(report, Scanned))
    return [finding for report in scanned for finding in report.findings if finding.ignored is None]


def prospects(names: Sequence[OwnName], findings: Sequence[Finding]) -> tuple[Prospect, ...]:
    """The migrations: the presets first; the repository's own names by their usages, most first.

    ``findings`` are those of :func:`probe`.
    """
    by_preset = _grouped((each.migration, each) for each in findings if each.migration != _OWN)
    by_name = _grouped((_owner(each.symbol, names), each) for each in findings if each.migration == _OWN)
    found = [_prospect(StartingMigration(name=name), by_preset[name]) for name in preset_names() if name in by_preset]
    used = sorted(
        (each for each in names if each.name in by_name), key=lambda each: (-len(by_name[each.name]), each.name)
    )
    for each, name in zip(used, _called({each.migration.name for each in found}, used[:_MOST]), strict=False):
        migration = _starting(each, name)
        if is_valid(migration):
            found.append(_prospect(migration, by_name[each.name]))
    return tuple(found)


def unused(names: Sequence[OwnName], findings: Iterable[Finding]) -> tuple[str, ...]:
    """The deprecated names that nothing uses."""
    used = {_owner(each.symbol, names) for each in findings if each.migration == _OWN}
    return tuple(each.name for each in names if each.name not in used)


def is_valid(migration: StartingMigration) -> bool:
    """Whether a file with this migration alone can be read: a name may be one that no configuration takes."""
    try:
        load(starting_text([migration]))
    except ConfigError:
        return False
    return True


def _called(taken: Iterable[str], own: Sequence[OwnName]) -> Iterator[str]:
    seen = Counter(taken)
    for each in own:
        name = migration_name(each.name)
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name[:50]}-{seen[name]}"


def _prospect(migration: StartingMigration, findings: Sequence[Finding]) -> Prospect:
    files = len({finding.path for finding in findings})
    return Prospect(migration=migration, usages=len(findings), files=files)


def _starting(own: OwnName, name: str) -> StartingMigration:
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


def _owner(symbol: str, own: Sequence[OwnName]) -> str:
    """The longest of the names that the symbol begins with."""
    return max((each.name for each in own if f"{symbol}.".startswith(f"{each.name}.")), key=len, default=symbol)
