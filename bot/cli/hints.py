"""Likely mistakes in a configuration, given the scanned tree."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config.builtin import CONFIG
from bot.domain.finding import Scanned
from bot.domain.globs import matches
from bot.domain.migration import Config, Migration, Target, TargetKind
from bot.engine.program.index import Index
from bot.engine.resolve.exports import may_have
from bot.engine.source.mentions import line_before, occurrences
from bot.engine.source.names import module_paths

if TYPE_CHECKING:
    from bot.local.tree import TreeScan

_DEFINING = re.compile(rb"[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+\Z")
_ASSIGNED = re.compile(rb"[ \t]*(?:=|:(?!=))")
_ROUNDS = 5
"""How long a chain of re-exports is followed."""


def hints_of(root: Path, config: Config, scan: "TreeScan") -> list[str]:
    """A line for each deprecated name that looks like a mistake after a scan of the whole tree."""
    found = [*_idle_globs(config, scan.paths), *_absent_modules(root, config, scan.roots)]
    used = {finding.symbol for report in scan.reports if isinstance(report, Scanned) for finding in report.findings}
    doubted = list(_doubted(root, config.migrations, scan.roots, used))
    if not doubted:
        return found
    from bot.engine.program.hints import asked, hints
    from bot.local.tree import read_modules

    index = Index(roots=scan.roots)
    for _ in range(_ROUNDS):
        if not (missing := asked(doubted, index)):
            break
        index = index.with_modules(read_modules(root, missing, index))
    return [*hints(doubted, index, used), *found]


def _idle_globs(config: Config, paths: Sequence[str]) -> Iterator[str]:
    """The patterns of paths that match none of the tree's Python files; not those that come with a preset."""
    if config is CONFIG:
        return
    for migration in config.migrations:
        groups = {
            "paths.include": migration.include,
            "paths.exclude": migration.exclude,
            "critical": migration.critical,
        }
        for key, globs in groups.items():
            for glob in globs:
                if not any(matches(path, (glob,)) for path in paths) and not _is_of_preset(glob):
                    yield f"{migration.name}: {key}: {glob!r} matches no Python file"


def _is_of_preset(glob: str) -> bool:
    from bot.config.presets import preset_names, preset_text

    return any(glob in preset_text(name) for name in preset_names())


def _absent_modules(root: Path, config: Config, roots: Sequence[str]) -> Iterator[str]:
    """The modules that are to take another's place, and are not in the package of the tree that they should be in."""
    for migration in config.migrations:
        for target in migration.targets:
            name = target.canonical if target.kind is TargetKind.MODULE and not target.exists else None
            if name and _has_top(root, name, roots) and not _module_place(root, name, roots):
                yield f"{migration.name}: the successor {name} does not exist: there is no such module"


def _has_top(root: Path, name: str, roots: Sequence[str]) -> bool:
    """Whether the package or module with which a dotted name begins is in the tree."""
    top = name.partition(".")[0]
    return any((root / base / each).exists() for base in ("", *roots) for each in (top, f"{top}.py"))


def _module_place(root: Path, name: str, roots: Sequence[str]) -> Path | None:
    """Where a module is: its file, or the directory of a namespace package."""
    places = [root / path for path in module_paths(name, roots)]
    return next((place for place in places if place.is_file() or place.with_suffix("").is_dir()), None)


def _doubted(
    root: Path, migrations: Iterable[Migration], roots: tuple[str, ...], used: set[str]
) -> Iterator[Migration]:  # fmt: skip
    """The migrations with only the doubtful names: reading modules takes time."""
    texts: dict[Path, bytes] = {}
    for migration in migrations:
        targets = tuple(target for target in migration.targets if _is_doubted(root, target, roots, used, texts))
        if targets:
            yield replace(migration, targets=targets)


def _is_doubted(
    root: Path, target: Target, roots: tuple[str, ...], used: set[str], texts: dict[Path, bytes]
) -> bool:  # fmt: skip
    """A symbol of a package in the tree that is not used there, or whose name may be a module's or a façade's."""
    if target.kind is TargetKind.MODULE:
        return False
    if target.canonical and _may_lack(root, target.canonical, roots, texts):
        return True
    if not _has_top(root, target.name, roots):
        return False
    if not any(f"{symbol}.".startswith(f"{target.name}.") for symbol in used):
        return True
    modules = [path for name in (target.name, target.canonical) if name for path in module_paths(name, roots)]
    return any((root / path).exists() for path in modules) or _is_passed_on(root, target, roots, texts)


def _may_lack(root: Path, name: str, roots: Sequence[str], texts: dict[Path, bytes]) -> bool:
    """Whether the module of a name is in the tree, and the name is not in its text."""
    place = next((p for path in module_paths(name.rpartition(".")[0], roots) if (p := root / path).is_file()), None)
    if place is None:
        return False
    if place not in texts:
        texts[place] = place.read_bytes()
    return not may_have(texts[place], name.rpartition(".")[2])


def _is_passed_on(root: Path, target: Target, roots: tuple[str, ...], texts: dict[Path, bytes]) -> bool:
    """Whether the module of a name has it and does not define it, as far as its text shows."""
    paths = [root / path for path in module_paths(target.name.rpartition(".")[0], roots)]
    held = next((path for path in paths if path in texts or path.is_file()), None)
    if held is None:
        return False
    if held not in texts:
        texts[held] = held.read_bytes()
    places = list(occurrences(texts[held], [target.leaf]))
    return bool(places) and not any(_defines(texts[held], start, end) for start, end in places)


def _defines(text: bytes, start: int, end: int) -> bool:
    """Whether a name is defined at this place: by a statement, or by an assignment at the start of a line."""
    before = line_before(text, start)
    return bool(_DEFINING.match(before)) or (not before.strip() and bool(_ASSIGNED.match(text, end)))
