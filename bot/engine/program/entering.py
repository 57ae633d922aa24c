"""Where an import begins a cycle of imports at an end at which it does not work."""

from collections.abc import Iterable, Iterator, Sequence

from bot.engine.program.calling import Run, run_by
from bot.engine.program.cycles import around, closure, files_begun, path_of
from bot.engine.program.facts import Import
from bot.engine.program.index import Index
from bot.engine.program.view import Witness
from bot.engine.resolve.exports import PARSE_ERRORS, parse

_DEEPEST = 3
"""So many functions, one calling the other, are followed."""


def broken(index: Index, module: str, *, besides: frozenset[str] = frozenset()) -> Witness | None:
    """Who needs something of a module that is not complete yet while ``module`` is imported.

    The files ``besides`` are loaded before.  A package that is incomplete for a module below it is so from wherever the
    import begins, and has what it gives to those below before it imports them.
    """
    start = path_of(index, module)
    if start is None or start in besides:
        return None
    known = closure(index, module)
    if not besides:
        if not known.broken:
            known.broken.append(_broken(index, module, besides))
        return known.broken[0]
    return _broken(index, module, besides)


def loaded(index: Index, path: str, begun: Iterable[str]) -> frozenset[str]:
    """The files that are loaded, or begun, when a file has imported the modules ``begun``."""
    found = {path, *around(index, path)}
    for module in begun:
        files = list(files_begun(index, module))
        if files:
            found.update(files, closure(index, module).steps)
    return frozenset(found)


def _broken(index: Index, module: str, besides: frozenset[str]) -> Witness | None:
    """Go through the imports in the order in which they run."""
    started, running = set(besides), list[str]()
    begun = [path for path in files_begun(index, module) if path not in started]
    started.update(begun)
    for start in begun:
        running.append(start)
        pending = [_steps(index, start, running)]
        while pending:
            step = next(pending[-1], None)
            if step is None:
                pending.pop()
                running.pop()
                continue
            witness, path, needed = step
            if path not in started:
                started.add(path)
                running.append(path)
                pending.append(_steps(index, path, running))
            elif needed and path in running and path not in around(index, witness.path):
                return witness
    return None


def _steps(index: Index, path: str, running: Sequence[str]) -> Iterator[tuple[Witness, str, bool]]:
    """What a file imports while it is imported itself, in order, then what it calls: whether that must be complete.

    ``running`` are the files that are being imported: what is called may import from one of them when it runs.
    """
    program = index.program
    for imported, modules in program.imports_of(path):
        if not imported.early:
            continue
        witness = Witness(path=path, line=imported.line)
        for module in modules:
            yield from _begun(index, witness, module, imported)
    for call in program.facts[path].calls:
        for dotted in program.absolute(path, call.name):
            holder = dotted.rpartition(".")[0]
            home = path_of(index, holder) if holder else None
            if home is not None and home != path and path_of(index, dotted) is None:
                yield Witness(path=path, line=call.line), home, True
            for late in _late(index, dotted, running, _DEEPEST):
                yield Witness(path=path, line=call.line), late, True


def _late(index: Index, dotted: str, running: Sequence[str], depth: int) -> Iterator[str]:
    """The files of ``running`` of which a function, or what it mentions, imports something when it is called."""
    for name in index.resolution(dotted).names if depth > 0 else ():
        module, _, leaf = name.rpartition(".")
        home = path_of(index, module) if module else None
        known = index.source_of(module) if home is not None else None
        if home is None or not isinstance(known, tuple):
            continue
        late = [(each, path) for each, path in _imported(index, home) if not each.early and path in running]
        further = [(each, modules) for each, modules in index.program.imports_of(home) if each.early and each.name]
        if not late and not further:
            continue
        run = _run_by(known[1], leaf)
        if run is None:
            continue
        lines = {line for each in run.statements for line in range(each.lineno, (each.end_lineno or each.lineno) + 1)}
        yield from (path for each, path in late if each.line in lines and path != home)
        for each, modules in further:
            if each.local in run.names:
                yield from (p for m in modules for p in _late(index, f"{m}.{each.name}", running, depth - 1))


def _imported(index: Index, path: str) -> Iterator[tuple[Import, str]]:
    for imported, modules in index.program.imports_of(path):
        for module in modules:
            below = path_of(index, f"{module}.{imported.name}") if imported.name else None
            home = below or path_of(index, module)
            if home is not None:
                yield imported, home


def _run_by(source: bytes, name: str) -> Run | None:
    try:
        return run_by(parse(source), name)
    except PARSE_ERRORS:
        return None


def _begun(index: Index, witness: Witness, module: str, imported: Import) -> Iterator[tuple[Witness, str, bool]]:
    below = f"{module}.{imported.name}" if imported.name else ""
    submodule = path_of(index, below) if below else None
    for path in files_begun(index, module):
        yield witness, path, False
    home = path_of(index, module)
    if submodule is not None:
        yield witness, submodule, False
    elif below and home is not None and home != witness.path:
        yield witness, home, True
