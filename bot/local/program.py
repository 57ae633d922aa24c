"""The view of the whole program, from the files of a directory."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from bot.domain.migration import Config
from bot.engine.program.collect import facts_at, imports_of
from bot.engine.program.facts import Facts
from bot.engine.program.index import Index
from bot.engine.program.order import above, early_imports, successors
from bot.engine.program.pythons import is_project
from bot.engine.program.sought import Sought, sought, variables_of
from bot.engine.source.names import PROJECT_FILES, is_package, module_paths
from bot.local.files import Listing, Reader
from bot.local.parallel import share
from bot.local.search import split

DEEPEST = 100
"""How long a chain of imports is followed."""


def with_program(
    root: Path, listing: Listing, sources: Mapping[str, bytes], config: Config, index: Index, jobs: int
) -> Index:
    """The index with the facts of all files that have a say in a rewrite of ``sources``."""
    known = {path: source for path, source in index.files.items() if source is not None}
    known |= _projects(root, known)
    facts = _facts(known, jobs)
    index = index.knowing(facts)
    variables = {path: variables_of(config, index, path, facts[path]) for path in sources if path in facts}
    looked_for = sought(config, index.roots, variables, frozenset(listing.paths).__contains__)
    left = [path for path in listing.paths if path not in known]
    more = {path: source for part in _look(root, left, looked_for, jobs) for path, source in part.items()}
    index = index.with_modules(more.items()).knowing(_facts(more, jobs))
    projects = {path: each for path, each in facts.items() if is_project(path) and path not in index.files}
    index = index.with_facts({**projects, **_run(root, config, index)})
    index.program.imports_module("")  # worked out once, for all processes that are forked from here
    return index


def _projects(root: Path, paths: Iterable[str]) -> Mapping[str, bytes]:
    """The project files in the directories around the files, whatever part of the tree is listed."""
    reader = Reader(root)
    directories = {"", *(path[:at] for path in paths for at, char in enumerate(path) if char == "/")}
    names = (f"{directory}/{name}" if directory else name for directory in directories for name in PROJECT_FILES)
    found = {name: reader.read(name) for name in names}
    return {name: source for name, source in found.items() if source is not None}


def _run(root: Path, config: Config, index: Index) -> Mapping[str, Facts]:
    """The imports of all files that run when a successor's module is imported, and of the packages of targets."""
    reader, known, found = Reader(root), index.all_facts(), dict[str, Facts]()
    packages = {name for migration in config.migrations for target in migration.targets for name in above(target.name)}
    for path in {path for name in packages for path in module_paths(name, index.roots) if is_package(path)}:
        if path not in known and (source := reader.read(path)) is not None:
            found[path] = imports_of(source)
    pending = {name for target in successors(config) for name in above(target)}
    seen = set(pending)
    for _ in range(DEEPEST):
        new: set[str] = set()
        for path in {path for module in pending for path in module_paths(module, index.roots)}:
            facts = known.get(path) or found.get(path)
            if facts is None and (source := reader.read(path)) is not None:
                facts = found[path] = imports_of(source)
            new |= early_imports(path, facts, index) if facts else set()
        pending = new - seen
        seen |= new
        if not pending:
            break
    return found


def _facts(sources: Mapping[str, bytes], jobs: int) -> Mapping[str, Facts]:
    parts = split(sorted(sources, key=lambda path: len(sources[path])), jobs)
    done = share(lambda part: {path: facts_at(path, sources[path]) for path in part}, parts)
    return {path: facts for part in done for path, facts in part.items()}


def _look(root: Path, paths: Sequence[str], looked_for: Sought, jobs: int) -> list[dict[str, bytes]]:
    return share(partial(_look_at, root, looked_for), split(paths, jobs))


def _look_at(root: Path, looked_for: Sought, paths: Sequence[str]) -> dict[str, bytes]:
    reader = Reader(root)
    sources = ((path, reader.read(path)) for path in paths)
    return {path: source for path, source in sources if source and looked_for.leads_to(source)}
