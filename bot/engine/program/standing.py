"""Whether something still speaks of a name whose definition is to go: also where no usage is counted."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

from bot.domain.finding import Kind, Scanned, Skipped
from bot.domain.migration import Migration, Target, TargetKind
from bot.engine.program.order import above
from bot.engine.program.view import Program
from bot.engine.source.names import SUFFIXES, module_names
from bot.engine.survey import Survey

PASSED_ON = frozenset({Kind.IMPORT, Kind.RE_EXPORT})
"""What may be left when the definition is removed: what only passes it on is removed with it."""
_LONGEST_CHAIN = 8
"""Of modules, each of which passes a name on that it has from the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingUse:
    """A place that keeps a definition."""

    path: str
    reason: str
    """In plain words, with the place in back-ticks."""


def standing(migration: Migration, survey: Survey, touched: Collection[str]) -> StandingUse | None:
    """The first place that keeps the definitions; ``None``: nothing does.

    A usage in a file that does not parse, one that a comment keeps on purpose, one in a file that the migration leaves
    out, and a file that could not be read.  ``touched`` are the files that change with the removal.
    """
    return next(
        iter((*_unread(migration, survey), *_ignored(migration, survey), *_named(migration, survey, touched))), None
    )


def in_use(migration: Migration, survey: Survey, touched: Collection[str]) -> StandingUse | None:
    """The same, or else a usage: what only passes the names on goes with the removal, where that ``touched`` it."""
    for finding in survey.findings:
        if (
            finding.migration == migration.name
            and finding.is_left
            and not (finding.kind in PASSED_ON and finding.path in touched)
        ):
            reason = f"`{finding.path}:{finding.range.line}` uses `{finding.symbol}`"
            return StandingUse(path=finding.path, reason=reason)
    return standing(migration, survey, touched)


def _unread(migration: Migration, survey: Survey) -> Iterator[StandingUse]:
    """Also in files that the migration leaves out; a name that a module gives to one of these is as good."""
    names = {target.leaf for target in migration.targets} | survey.names
    for path, facts in sorted(survey.facts.items()):
        if not facts.readable and not names.isdisjoint(facts.words):
            yield StandingUse(path=path, reason=f"`{path}` does not parse, and holds the name")
    for path, entry in sorted(survey.files.items()):
        if isinstance(entry.report, Skipped):
            yield StandingUse(path=path, reason=f"`{path}` could not be read ({entry.report.reason})")


def _ignored(migration: Migration, survey: Survey) -> Iterator[StandingUse]:
    for path, entry in sorted(survey.files.items()):
        for finding in entry.report.findings if isinstance(entry.report, Scanned) else ():
            if finding.migration == migration.name and finding.ignored is not None:
                yield StandingUse(path=path, reason=f"`{path}:{finding.range.line}` keeps it on purpose")


def _named(migration: Migration, survey: Survey, touched: Collection[str]) -> Iterator[StandingUse]:
    program = Program(survey.facts, partial(module_names, roots=survey.roots), _itself)
    for target in migration.targets:
        names = _names_of(program, target.name)
        for path, line in _takers(program, target, names):
            if path not in touched:
                yield StandingUse(path=path, reason=f"`{path}:{line}` names it")


def _itself(name: str) -> tuple[str, ...]:
    return (name,)


def _names_of(program: Program, dotted: str) -> frozenset[str]:
    """The name and those under which modules pass it on, or a module around it."""
    names, holders = {dotted}, set(above(dotted))
    for _ in range(_LONGEST_CHAIN):
        more = {name for path in program.facts for name in _passed_on(program, path, names, holders)} - names
        if not more:
            break
        names |= more
        holders |= {holder for name in more for holder in above(name)}
    return frozenset(names)


def _passed_on(program: Program, path: str, names: Collection[str], holders: Collection[str]) -> Iterator[str]:
    """What the file's own imports add to the names."""
    for imported, modules in program.imports_of(path):
        for module in modules:
            brought = module if imported.name in (None, "*") else f"{module}.{imported.name}"
            if brought not in holders:
                continue
            rests = [name.removeprefix(brought) for name in names if f"{name}.".startswith(f"{brought}.")]
            local = "" if imported.name == "*" else f".{imported.local}"
            plain = imported.name is None and imported.local in ("", module.partition(".")[0])
            for own in () if plain else program.modules_of(path):
                yield from (f"{own}{local}{rest}" for rest in rests)


def _takers(program: Program, target: Target, names: frozenset[str]) -> Iterator[tuple[str, int]]:
    """The places that name it: not those in a module that goes."""
    whole = target.kind is TargetKind.MODULE
    found = {(path, line) for name in names for path, line in _taking(program, name)}
    found |= _importing(program, names) if whole else set()
    for path, line in sorted(found):
        inside = (f"{module}.".startswith(f"{target.name}.") for module in program.modules_of(path))
        if not (whole and any(inside)):
            yield path, line


def _taking(program: Program, name: str) -> Iterator[tuple[str, int]]:
    holder, _, leaf = name.rpartition(".")
    found = program.takers([holder], leaf, at_large=False)
    return ((w.path, w.line) for w in found if w.path.endswith(SUFFIXES))  # others are told as "also named in"


def _importing(program: Program, names: frozenset[str]) -> set[tuple[str, int]]:
    """The imports of a module or of something in it."""
    return {
        (path, imported.line)
        for path in program.facts
        for imported, modules in program.imports_of(path)
        for module in modules
        if not names.isdisjoint(above(f"{module}.{imported.name}" if imported.name else module))
    }


def also_named(content: bytes, names: Collection[str]) -> bool:
    """Whether a file of another kind (a setting, a page, a notebook) speaks of one of the dotted names.

    It is written whole, as an entry point (``module:name``), or imported.
    """
    return any(_written(name).search(content) for name in names)


@lru_cache(maxsize=4096)
def _written(name: str) -> re.Pattern[bytes]:
    holder, _, leaf = (re.escape(part) for part in name.rpartition("."))
    whole = rf"(?<![\w.]){holder}[.:]{leaf}\b" if holder else rf"(?<![\w.]){leaf}\b"
    taken = rf"\bfrom\s+{holder}\s+import\b(?:\s*\([^)]*|[^\n]*)\b{leaf}\b"
    return re.compile((f"{whole}|{taken}" if holder else whole).encode())


OTHER_KINDS = (".toml", ".cfg", ".ini", ".json", ".yaml", ".yml", ".rst", ".md", ".txt", ".ipynb")
"""Ends of the names of files in which a dotted name means something to people or tools."""


def may_name(path: str) -> bool:
    """Whether a file is of a kind that is looked at: one of those, or a script without an end to its name."""
    leaf = path.rpartition("/")[2]
    return leaf.endswith(OTHER_KINDS) or "." not in leaf


def names_in(content: bytes, path: str, names: Collection[str]) -> bool:
    """Whether the file is one of those, and holds one of ``names``; a script has to be Python's."""
    script = path.endswith(OTHER_KINDS) or (content.startswith(b"#!") and b"python" in content.partition(b"\n")[0])
    return script and also_named(content, names)
