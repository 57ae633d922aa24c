"""Which files run when a module is imported, and so whether an import would lead back to where it stands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bot.engine.program.bound import bound
from bot.engine.program.index import Index
from bot.engine.program.view import Witness
from bot.engine.resolve.exports import PARSE_ERRORS, parse
from bot.engine.source.names import module_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """The files that run when one module is imported; those around it only where files elsewhere lead back to them."""

    steps: dict[str, Witness] = field(default_factory=dict)
    """By path, the import that leads to it."""
    broken: list[Witness | None] = field(default_factory=list)
    """Once it was asked: `bot.engine.program.entering.broken`, where nothing is loaded yet."""


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
    above = {start, *around(index, start)}
    steps: dict[str, Witness] = {}
    pending = [start]
    for path in pending:  # grows while it is read
        for line, other in _runs(index, path):
            if other not in steps:
                steps[other] = Witness(path=path, line=line)
                if other not in above:
                    pending.append(other)
    return Closure(steps=steps)


def files_run(index: Index, modules: Iterable[str], *, beside: str) -> frozenset[str]:
    """The files that run when modules are imported, but for what only the file ``beside`` leads to."""
    pending = [path for module in modules for path in files_begun(index, module)]
    seen = {beside, *pending}
    for path in pending:  # grows while it is read
        for _, other in _runs(index, path) if path != beside else ():
            if other not in seen:
                seen.add(other)
                pending.append(other)
    return frozenset(pending)


def path_of(index: Index, module: str) -> str | None:
    """The file of a module, if that is known."""
    facts = index.program.facts
    return next((path for path in module_paths(module, index.roots) if path in facts), None)


def around(index: Index, path: str) -> Iterator[str]:
    """The packages around a file."""
    for module in index.modules_of(path):
        parts = module.split(".")
        for cut in range(1, len(parts)):
            above = path_of(index, ".".join(parts[:cut]))
            if above is not None:
                yield above


def _runs(index: Index, path: str) -> Iterator[tuple[int, str]]:
    """The files whose import an import at the top level of a file begins, with its line."""
    own = {path, *around(index, path)}
    for imported, modules in index.program.imports_of(path):
        if not imported.early:
            continue
        for module in modules:
            names = [module, f"{module}.{imported.name}"] if imported.name else [module]
            for name in names:
                for other in files_begun(index, name):
                    if other not in own:
                        yield imported.line, other


def files_begun(index: Index, module: str) -> Iterator[str]:
    """The files of a module and of the packages around it; nothing for what is no module."""
    parts = module.split(".")
    if path_of(index, module) is None:
        return
    for cut in range(1, len(parts) + 1):
        path = path_of(index, ".".join(parts[:cut]))
        if path is not None:
            yield path


def closes_cycle(index: Index, path: str, module: str, begun: frozenset[str], line: int) -> Witness | None:
    """The import that leads back to ``path`` when that imports from ``module`` while it runs.

    ``begun`` are the modules that the file imports already; above ``line`` nothing new is imported.  A package around
    the module counts if it would be imported for the first time.
    """
    above = {p for other in begun for p in files_begun(index, other)} | set(around(index, path)) | {path}
    parts = module.split(".")
    for cut in range(len(parts), 0, -1):
        name = ".".join(parts[:cut])
        start = path_of(index, name)
        if start is None or (cut < len(parts) and start in above):
            continue
        if (step := closure(index, name).steps.get(path)) is not None:
            return step
        if path in around(index, start) and (step := _takes_back(index, start, name, path, line)) is not None:
            return step
    return None


def _takes_back(index: Index, start: str, module: str, package: str, line: int) -> Witness | None:
    """Who takes something of the file of a package while that imports a module below it, and is not complete."""
    program, names = index.program, frozenset(index.modules_of(package))
    for path in (start, *closure(index, module).steps):
        for imported, modules in program.imports_of(path) if path != package else ():
            for name in names.intersection(modules) if imported.early else ():
                if imported.name is None:
                    takes = _reads_member(index, path, names)
                else:
                    below = path_of(index, f"{name}.{imported.name}")
                    takes = below is None and not _is_bound_above(index, name, imported.name, line)
                if takes:
                    return Witness(path=path, line=imported.line)
    return None


def _is_bound_above(index: Index, module: str, name: str, line: int) -> bool:
    """Whether a module has a name by the time it comes to a line: ``__version__ = "1.0"`` at its beginning."""
    known = index.source_of(module)
    try:
        body = parse(known[1]).body if isinstance(known, tuple) else []
    except PARSE_ERRORS:
        return False
    return bound([each for each in body if (each.end_lineno or each.lineno) < line]).get(name) is True


def _reads_member(index: Index, path: str, packages: frozenset[str]) -> bool:
    """Whether a file reads something of a package that is no module below it."""
    program = index.program
    for taking in program.facts[path].takings:
        for dotted in program.absolute(path, taking.name):
            parts = dotted.split(".")
            for cut in range(1, len(parts)):
                if ".".join(parts[:cut]) in packages and path_of(index, ".".join(parts[: cut + 1])) is None:
                    return True
    return False


def from_the_longest(dotted: str) -> Iterator[str]:
    """The modules that a dotted name may be in, or be, the innermost first."""
    parts = dotted.split(".")
    return (".".join(parts[:cut]) for cut in range(len(parts), 0, -1))


def leads_to(index: Index, name: str, reaching: dict[str, bool]) -> bool:
    """Whether what ``name`` stands for is in a file that leads to one of those that are ``reaching``."""
    module = next((m for m in from_the_longest(name) if path_of(index, m) is not None), None)
    start = path_of(index, module) if module else None
    return start is not None and _reaches(index, start, reaching)


def _reaches(index: Index, start: str, reaching: dict[str, bool]) -> bool:
    """Whether a file imports such a one, or one that does; ``reaching`` are the answers so far, and take this one."""
    if start in reaching:
        return reaching[start]
    seen, pending = {start}, [start]
    for each in pending:  # grows while it is read
        if reaching.get(each):
            break
        for imported, modules in index.program.imports_of(each):
            for module in modules:
                names = [module, f"{module}.{imported.name}"] if imported.name else [module]
                found = {other for name in names if (other := path_of(index, name)) is not None}
                if not found and not imported.early and _may_be_here(index, module):
                    reaching[start] = True  # only what is imported early is followed to its end
                    return True
                pending += found - seen
                seen |= found
    else:
        reaching |= dict.fromkeys(seen, False)
        return False
    reaching[start] = True
    return True


def _may_be_here(index: Index, module: str) -> bool:
    """Whether the program may have a module of which nothing is known."""
    return path_of(index, module.partition(".")[0]) is not None and index.source_of(module) is not None
