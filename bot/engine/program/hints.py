"""Names in a configuration that do not mean what they say: looked up in the repository that they are about."""

from collections.abc import Iterable, Iterator

from bot.domain.migration import Migration, Target, TargetKind
from bot.engine.program.facades import definition_behind
from bot.engine.program.index import Index


def asked(migrations: Iterable[Migration], index: Index) -> frozenset[str]:
    """The modules that :func:`hints` has to know and that ``index`` lacks."""
    names = {target.name for migration in migrations for target in migration.targets}
    successors = {target.canonical for migration in migrations for target in migration.targets if target.canonical}
    unknown = {name for name in names | successors if index.source_of(name) is False}
    return frozenset(unknown).union(*(index.resolution(name).missing_modules for name in names | successors))


def hints(migrations: Iterable[Migration], index: Index, used: Iterable[str]) -> Iterator[str]:
    """Of each deprecated name that cannot mean what it says: what is probably meant, in one line.

    ``used`` are the symbols of all usages: a name that has some is doubted only if it is a module's, or a façade's
    that is not followed to the definition.
    """
    found, given = tuple(used), list(migrations)
    listed = frozenset(target.name for migration in given for target in migration.targets)
    for migration in given:
        for target in migration.targets:
            if target.kind is TargetKind.MODULE:
                continue
            behind = definition_behind(target, index, listed)
            seen = any(
                f"{symbol}.".startswith(f"{name}.") for symbol in found for name in {target.name, behind or target.name}
            )
            of_used = None if behind else _of_facade(target, index)
            hint = _of_module(target, index) or (of_used if seen else _of_name(target, index))
            for each in filter(None, (hint, _of_successor(target, index))):
                yield f"{migration.name}: {each}"


def _of_module(target: Target, index: Index) -> str | None:
    for name in (target.name, target.canonical or ""):
        if index.names_module(name) and (name == target.name or not index.resolution(target.name).exists):
            below = "its successor, is a module" if name != target.name else "is a module"
            subject = f"{name}, {below}" if name != target.name else f"{name} {below}"
            return f"{subject}: list {target.name} under `modules`, not under `deprecated`"
    return None


def _of_facade(target: Target, index: Index) -> str | None:
    """Of a name that a module only passes on: without the definition's, those who use that are not found."""
    resolution, name = index.resolution(target.name), target.name
    origin = resolution.names[-1]
    given_up = target.canonical and not set(index.resolution(target.canonical).names).isdisjoint(resolution.names)
    if origin == name or given_up or not index.has(origin.rpartition(".")[0]):
        return None
    return f"{name} is another name of {origin}: list that one under `deprecated`"


def _of_name(target: Target, index: Index) -> str | None:
    resolution, name = index.resolution(target.name), target.name
    if hint := _of_facade(target, index):
        return hint
    for root in index.roots:
        inside = name.removeprefix(root.replace("/", ".") + ".")
        if inside != name and resolution.exists:
            return f"imports start below {root}/: write {inside}, not {name}"
    if resolution.exists is not False:
        return None
    # a migration that is done has no definition either: only its successor
    done = target.canonical is not None and index.resolution(target.canonical).exists is not False
    return _misspelt(name, index, besides=target.canonical, only_if_close=done)


def _of_successor(target: Target, index: Index) -> str | None:
    """Of a successor that its module lacks: no usage can be rewritten."""
    if target.canonical is None or target.exists or index.resolution(target.canonical).exists is not False:
        return None
    found = _misspelt(target.canonical, index, besides=target.name)
    return f"the successor {target.canonical} does not exist: {found}" if found else None


def _misspelt(name: str, index: Index, *, besides: str | None, only_if_close: bool = False) -> str | None:
    """Of a name that its module lacks: the one that it has and that looks like it, but not ``besides``."""
    import difflib  # loaded for a mistake only

    module, _, leaf = name.rpartition(".")
    known = index.source_of(module)
    if not isinstance(known, tuple):
        return None
    others = [other for other in index.exports(*known).origins if f"{module}.{other}" != besides]
    close = next(iter(difflib.get_close_matches(leaf, others, n=1, cutoff=0.75)), None)
    if close is None:
        return None if only_if_close else f"{module} has no {leaf}"
    return f"{module} has no {leaf}: did you mean {module}.{close}?"
