"""Which files run when a module is imported, and so whether an import would lead back to where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.engine.program.index import Index
from bot.engine.program.view import Witness
from bot.engine.source.names import module_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """The files that run when one module is imported, those around it left out: they have begun before it."""

    steps: dict[str, Witness] = field(default_factory=dict)
    """By path, the import that leads to it."""


def closure(index: Index, module: str) -> Closure:
    """What the import of ``module`` runs, as far as is known."""
    found = index.closures.get(module)
    if found is None:
        found = index.closures[module] = _closure(index, module)
    return found


def _closure(index: Index, module: str) -> Closure:
    start = path_of(index, module)
    if start is None:
        return Closure()
    begun = {start, *_around(index, start)}
    steps: dict[str, Witness] = {}
    pending = [start]
    for path in pending:  # grows while it is read
        for line, other in _runs(index, path):
            if other not in begun and other not in steps:
                steps[other] = Witness(path=path, line=line)
                pending.append(other)
            elif other == start and other not in steps:
                steps[other] = Witness(path=path, line=line)
    return Closure(steps=steps)


def path_of(index: Index, module: str) -> str | None:
    """The file of a module, if that is known."""
    facts = index.program.facts
    return next((path for path in module_paths(module, index.roots) if path in facts), None)


def _around(index: Index, path: str) -> Iterator[str]:
    """The packages around a file."""
    for module in index.modules_of(path):
        parts = module.split(".")
        for cut in range(1, len(parts)):
            above = path_of(index, ".".join(parts[:cut]))
            if above is not None:
                yield above


def _runs(index: Index, path: str) -> Iterator[tuple[int, str]]:
    """The files whose import an import at the top level of a file begins, with its line."""
    own = {path, *_around(index, path)}
    for imported, modules in index.program.imports_of(path):
        if not imported.early:
            continue
        for module in modules:
            names = [module, f"{module}.{imported.name}"] if imported.name else [module]
            for name in names:
                for other in _begun_by(index, name):
                    if other not in own:
                        yield imported.line, other


def _begun_by(index: Index, module: str) -> Iterator[str]:
    """The files of a module and of the packages around it; nothing for what is no module."""
    parts = module.split(".")
    if path_of(index, module) is None:
        return
    for cut in range(1, len(parts) + 1):
        path = path_of(index, ".".join(parts[:cut]))
        if path is not None:
            yield path


def closes_cycle(index: Index, path: str, module: str, begun: frozenset[str]) -> Witness | None:
    """The import that leads back to ``path`` when that imports from ``module`` while it runs.

    ``begun`` are the modules that the file imports already.  A package around the module counts if it would be
    imported for the first time.
    """
    above = {p for other in begun for p in _begun_by(index, other)} | set(_around(index, path)) | {path}
    parts = module.split(".")
    for cut in range(len(parts), 0, -1):
        name = ".".join(parts[:cut])
        start = path_of(index, name)
        if start is None or (cut < len(parts) and start in above):
            continue
        if (step := closure(index, name).steps.get(path)) is not None:
            return step
    return None
