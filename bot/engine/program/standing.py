"""Whether something still speaks of a name whose definition is to go: also where no usage is counted."""

from collections.abc import Collection, Iterator, Mapping
from functools import partial

from bot.domain.finding import Failed, Scanned, Skipped
from bot.domain.migration import Migration, Target, TargetKind
from bot.engine.program.view import Program
from bot.engine.source.names import module_names
from bot.engine.survey import Survey


def standing(migration: Migration, survey: Survey, touched: Collection[str]) -> str | None:
    """The first place that keeps the definitions, in plain words; ``None``: nothing does.

    A usage in a file that does not parse, one that a comment keeps on purpose, one in a file that the migration leaves
    out, and a file that could not be read.  ``touched`` are the files that change with the removal.
    """
    return next(
        iter((*_unread(migration, survey), *_ignored(migration, survey), *_named(migration, survey, touched))), None
    )


def _unread(migration: Migration, survey: Survey) -> Iterator[str]:
    leaves = {target.leaf for target in migration.targets}
    for path, entry in sorted(survey.files.items()):
        if isinstance(entry.report, Failed) and not leaves.isdisjoint(entry.facts.words):
            yield f"`{path}` does not parse, and holds the name"
        elif isinstance(entry.report, Skipped):
            yield f"`{path}` could not be read ({entry.report.reason})"


def _ignored(migration: Migration, survey: Survey) -> Iterator[str]:
    for path, entry in sorted(survey.files.items()):
        for finding in entry.report.findings if isinstance(entry.report, Scanned) else ():
            if finding.migration == migration.name and finding.ignored is not None:
                yield f"`{path}:{finding.range.line}` keeps it on purpose"


def _named(migration: Migration, survey: Survey, touched: Collection[str]) -> Iterator[str]:
    program = Program(survey.facts, partial(module_names, roots=survey.roots), _itself)
    for target in migration.targets:
        places = _takers_of_module if target.kind is TargetKind.MODULE else _takers
        for path, line in places(program, target):
            if path not in touched:
                yield f"`{path}:{line}` names it"


def _itself(name: str) -> tuple[str, ...]:
    return (name,)


def _takers(program: Program, target: Target) -> Iterator[tuple[str, int]]:
    holder = target.name.rpartition(".")[0]
    return ((witness.path, witness.line) for witness in program.takers([holder], target.leaf))


def _takers_of_module(program: Program, target: Target) -> Iterator[tuple[str, int]]:
    for path in sorted(program.facts):
        inside = any(f"{module}.".startswith(f"{target.name}.") for module in program.modules_of(path))
        for imported, modules in () if inside else program.imports_of(path):
            names = {*modules, *(f"{module}.{imported.name}" for module in modules)}
            if any(f"{name}.".startswith(f"{target.name}.") for name in names):
                yield path, imported.line


def also_named(content: bytes, names: Collection[str]) -> bool:
    """Whether a file of another kind (a setting, a page, a notebook) holds one of the dotted names."""
    return any(name.encode() in content for name in names)


OTHER_KINDS = (".toml", ".cfg", ".ini", ".json", ".yaml", ".yml", ".rst", ".md", ".txt", ".ipynb")
"""Ends of the names of files in which a dotted name means something to people or tools."""


def may_name(path: str) -> bool:
    """Whether a file is of a kind that is looked at: one of those, or a script without an end to its name."""
    leaf = path.rpartition("/")[2]
    return leaf.endswith(OTHER_KINDS) or "." not in leaf


def names_in(path: str, content: bytes, names: Collection[str]) -> bool:
    """Whether the file is one of those, and holds one of ``names``; a script has to be Python's."""
    script = path.endswith(OTHER_KINDS) or (content.startswith(b"#!") and b"python" in content.partition(b"\n")[0])
    return script and also_named(content, names)


def listed(files: Mapping[str, bytes], names: Collection[str]) -> tuple[str, ...]:
    """The files in which the names stand, in order."""
    return tuple(sorted(path for path, content in files.items() if names_in(path, content, names)))
