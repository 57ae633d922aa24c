"""Where an import begins a cycle of imports at an end at which it does not work."""

from collections.abc import Iterable, Iterator

from bot.engine.program.cycles import around, closure, files_begun, path_of
from bot.engine.program.facts import Import
from bot.engine.program.index import Index
from bot.engine.program.view import Witness


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
        pending = [_steps(index, start)]
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
                pending.append(_steps(index, path))
            elif needed and path in running and path not in around(index, witness.path):
                return witness
    return None


def _steps(index: Index, path: str) -> Iterator[tuple[Witness, str, bool]]:
    """What a file imports while it is imported itself, in order, then what it calls: whether that must be complete."""
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
