"""The view of the whole program, from the files of a directory."""

import gc
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bot.domain.migration import Config
from bot.engine.program.bearing import bearing
from bot.engine.program.beneath import beneath_of
from bot.engine.program.facts import Facts
from bot.engine.program.index import Index
from bot.engine.program.order import above, begun, beside, early_imports
from bot.engine.program.pythons import is_project
from bot.engine.program.sought import HANDED_ON, Sought, sought, starred, variables_of
from bot.engine.program.state import kept_of
from bot.engine.source.names import PROJECT_FILES, is_package, module_paths
from bot.local.facts_cache import FactsCache
from bot.local.files import Listing, Reader
from bot.local.looks import FileStates, Look, Looks
from bot.local.parallel import ForkedCall, share
from bot.local.search import split

DEEPEST = 100
"""How long a chain of imports is followed."""


def with_program(
    root: Path,
    listing: Listing,
    sources: Mapping[str, bytes],
    config: Config,
    index: Index,
    jobs: int,
    kept: Path | None = None,
    others: Collection[str] = (),
) -> Index:
    """The index with the facts of all files that have a say in a rewrite of ``sources``.

    ``others`` hold a deprecated name and are not rewritten; of most of them is asked only what they import.
    ``kept`` is the file in which facts are kept between scans; what was looked for is kept beside it, turn by turn.
    """
    gc.collect()  # the trees by which the names were followed: all processes from here on would keep them
    cache = FactsCache.at(kept)
    known = {path: source for path, source in index.files.items() if source is not None}
    known |= _projects(root, known)
    facts = cache.facts({path: source for path, source in known.items() if path not in others}, jobs)
    facts, resting = _with_resting(config, index, cache, known, facts, sources, jobs)
    index = index.knowing(facts)
    order = ForkedCall(partial(cache.beside, partial(_run, root, config, index)), alone=jobs > 1)
    try:
        variables = {path: variables_of(config, index, path, facts[path]) for path in sources if path in facts}
        beneath = beneath_of(config.migrations, index)
        kept_there = kept_of(config.migrations, index)
        has = frozenset(listing.paths).__contains__
        ask = partial(sought, config, index.roots, variables, has, beneath, edited=sources, kept=kept_there)
        edited = {module for path in sources for module in index.modules_of(path)}
        looked_for, asked = ask(facts=facts), None
        for turn in range(1 + HANDED_ON):  # what is handed over in these files may lead to others
            left = [path for path in listing.paths if path not in known]
            question = replace(looked_for.beyond(asked) if asked else looked_for, stars=False)
            looks = kept and kept.with_suffix(f".looks{turn}")
            more = _more(root, left, question, () if asked else edited, index, jobs, looks)
            woken = {path: source for path, source in resting.items() if looked_for.leads_to(source, path)}
            resting = {path: source for path, source in resting.items() if path not in woken}
            index = index.with_modules(more.items()).knowing(cache.facts({**more, **woken}, jobs))
            asked, known = looked_for, {**known, **more}
            if (looked_for := ask(facts=index.all_facts())) == asked:
                break
        projects = {path: each for path, each in facts.items() if is_project(path) and path not in index.files}
        run, used = order.result()
        index = index.with_facts({**projects, **run})
    finally:
        order.close()
    cache.add(used)
    cache.save()
    return index


def _with_resting(
    config: Config, index: Index, cache: FactsCache, known: Mapping[str, bytes], facts: Mapping[str, Facts],
    edited: Collection[str], jobs: int,
) -> tuple[Mapping[str, Facts], Mapping[str, bytes]]:  # fmt: skip
    """All facts: of files that are not among ``facts`` and have no say only the imports; and the latter files."""
    others = {path: source for path, source in known.items() if path not in facts}
    asked = bearing(config, index, {path: facts[path] for path in edited if path in facts}) if others else None
    resting = {path: source for path, source in others.items() if asked and not asked.of(path, source)}
    more = cache.facts({path: source for path, source in others.items() if path not in resting}, jobs)
    return {**facts, **more, **cache.imports_alone(resting, jobs)}, resting


def _projects(root: Path, paths: Iterable[str]) -> Mapping[str, bytes]:
    """The project files in the directories around the files, whatever part of the tree is listed."""
    reader = Reader(root)
    directories = {"", *(path[:at] for path in paths for at, char in enumerate(path) if char == "/")}
    names = (f"{directory}/{name}" if directory else name for directory in directories for name in PROJECT_FILES)
    found = {name: reader.read(name) for name in names}
    return {name: source for name, source in found.items() if source is not None}


def _run(root: Path, config: Config, index: Index, cache: FactsCache) -> Mapping[str, Facts]:
    """The imports of all files that run when the module of a target, or of a successor, is imported.

    And of the packages around files and targets, and of what may be taken for one.
    """
    reader, known, found = Reader(root), index.all_facts(), dict[str, Facts]()
    packages = {name for migration in config.migrations for target in migration.targets for name in above(target.name)}
    paths = {path for name in packages for path in module_paths(name, index.roots) if is_package(path)}
    for path in paths | beside(config, (path for path, source in index.files.items() if source is not None)):
        if path not in known and (source := reader.read(path)) is not None:
            found[path] = cache.imports(source)
    pending = {name for target in begun(config) for name in above(target)}
    seen = set(pending)
    for _ in range(DEEPEST):
        new: set[str] = set()
        for path in {path for module in pending for path in module_paths(module, index.roots)}:
            facts = known.get(path) or found.get(path)
            if facts is None and (source := reader.read(path)) is not None:
                facts = found[path] = cache.imports(source)
            new |= early_imports(path, facts, index) if facts else set()
        pending = new - seen
        seen |= new
        if not pending:
            break
    return found


def _more(
    root: Path, paths: Sequence[str], looked_for: Sought, edited: Collection[str], index: Index, jobs: int,
    kept: Path | None,
) -> Mapping[str, bytes]:  # fmt: skip
    """The files that may have a say: also those with a star import of an ``edited`` module, or of one that has it.

    What was seen is kept in the file ``kept``.
    """
    if looked_for.is_of_paths:
        reader = Reader(root)
        return {path: source for path in paths if path in looked_for.paths and (source := reader.read(path))}
    looks, now = Looks.at(kept, looked_for, index.roots), time.time_ns()
    parts = share(partial(_look_at, root, looked_for, index.roots, looks.known), split(paths, jobs))
    found = {path: source for part in parts for path, source in part.found.items()}
    said = {path: look for part in parts for path, look in part.said.items()}
    looks.save(said, now)
    stars = {path: look.stars for path, look in said.items() if look.stars}
    reader, pending = Reader(root), set(edited)
    while pending:
        new = [path for path, modules in stars.items() if not pending.isdisjoint(modules)]
        found |= {path: source for path in new if path not in found and (source := reader.read(path)) is not None}
        pending = {module for path in new for module in index.modules_of(path)}
        stars = {path: modules for path, modules in stars.items() if path not in new}
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """What a look at many files has given."""

    found: Mapping[str, bytes]
    """The files that may have a say."""
    said: Mapping[str, Look]


def _look_at(
    root: Path, looked_for: Sought, roots: Sequence[str], known: Mapping[str, Look], paths: Sequence[str]
) -> _Looked:  # fmt: skip
    reader, states = Reader(root), FileStates(root)
    found, said = dict[str, bytes](), dict[str, Look]()
    for path in paths:
        state = states.of(path)  # before it is read: what is changed meanwhile has another state at the next look
        if state is None:
            continue
        look, source = known.get(path), None
        if look is None or look.state != state:
            source = reader.read(path) or b""
            look = Look(state, looked_for.leads_to(source, path), tuple(sorted(starred(path, source, roots))))
        elif look.leads:
            source = reader.read(path)
        if look.leads and source:
            found[path] = source
        said[path] = look
    return _Looked(found=found, said=said)
