"""Which further files have a say: those that do not hold a deprecated name, but what a rewrite may take from them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.migration import Config, Migration, Target, TargetKind
from bot.engine.program.facades import followed
from bot.engine.program.facts import Facts, Import
from bot.engine.program.index import Index
from bot.engine.program.order import above
from bot.engine.source.mentions import line_before, occurrences
from bot.engine.source.names import absolute, is_package, module_names, module_paths
from bot.engine.source.taken import is_taken

_STAR = re.compile(rb"\bfrom[ \t]+([\w.]+)[ \t]+import[ \t\\\r\n]*\*")
_IMPORT = re.compile(rb"(?:.*[;:])?[ \t]*(?:from|import)\b")
_PATH_BEGINS = re.compile(rb"(?:.*[;:])?[ \t]*from[ \t]+[\w.]*\Z")
_PATH_ENDS = re.compile(rb"[\w.]*[ \t]+import\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is looked for in a file."""

    variables: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The variables of modules that are going to be rewritten, each with the last components of those modules."""
    modules: frozenset[str] = frozenset()
    """Dotted names of modules that something may stand in for."""
    absent: frozenset[str] = frozenset()
    """Dotted names of modules that the repository may import although it does not hold them."""

    def leads_to(self, source: bytes) -> bool:
        """Whether a file with this source may have a say."""
        if b"*" in source and _STAR.search(source):
            return True
        if any(_is_named(source, module) for module in self.modules):
            return True
        if any(_speaks_of(source, module) for module in self.absent):
            return True
        return any(self._takes(source, name, leaves) for name, leaves in self.variables.items())

    def _takes(self, source: bytes, name: str, leaves: frozenset[str]) -> bool:
        """Whether ``name`` is taken of something, and one of the modules is spoken of (or a relative import made)."""
        if name.encode() not in source:
            return False
        places = occurrences(source, [name])
        if not any(is_taken(source, start, end) and not _is_in_path(source, start, end) for start, end in places):
            return False
        return b"from ." in source or any(leaf.encode() in source for leaf in leaves)


def _is_named(source: bytes, module: str) -> bool:
    """Whether a module may be stood in for here, or used without an import that names it."""
    word = module.encode()
    at = source.find(word)
    if at < 0:
        return False
    if b"modules" in source:
        return True
    while at >= 0:
        end = at + len(word)
        if source[end : end + 1] == b"." and not _IMPORT.match(line_before(source, at)):
            return True
        at = source.find(word, end)
    return False


def _speaks_of(source: bytes, module: str) -> bool:
    package, _, leaf = module.rpartition(".")
    return leaf.encode() in source and (module.encode() in source or package.rpartition(".")[2].encode() in source)


def _is_in_path(source: bytes, start: int, end: int) -> bool:
    """Whether a name is a part of the module of ``from … import``: what is taken of it comes later."""
    return bool(_PATH_BEGINS.match(line_before(source, start)) and _PATH_ENDS.match(source, end))


def variables_of(config: Config, index: Index, path: str, facts: Facts) -> frozenset[str]:
    """The variables of a file that stand for a module with a target, or for one around it."""
    owners = _all_owners(followed(config.migrations, index)) | _all_owners(config.migrations)
    own, package = index.modules_of(path), is_package(path)
    found = set()
    for imported in facts.imports:
        name = imported.module
        modules = absolute(name.text or None, name.level, own, package=package)
        if imported.early and _is_of(imported, modules, owners, index):
            found.add(imported.local)
    return frozenset(found)


def sought(
    config: Config, roots: Sequence[str], variables: Mapping[str, Iterable[str]], has: Callable[[str], bool]
) -> Sought:
    """What the rewrite of files makes it worth to look for.

    ``variables`` are the `variables_of` the files that use a deprecated name, by path; ``has`` tells of a path whether
    the repository has such a file.
    """
    targets = [target for migration in config.migrations for target in migration.targets]
    known, found = {target.leaf for target in targets}, dict[str, set[str]]()
    for path, names in variables.items():
        leaves = {module.rpartition(".")[2] for module in module_names(path, roots)}
        for name in names:
            found.setdefault(name, set()).update(leaves)
    names = {target.canonical for target in targets if target.canonical and not target.exists}
    held = {name for name in names if any(map(has, module_paths(name.partition(".")[0], roots)))}
    modules = {each for name in held for each in above(name) if "." in each}
    return Sought(
        variables={name: frozenset(leaves) for name, leaves in found.items() if name not in known},
        modules=frozenset(owner for owner in _all_owners(config.migrations) if "." in owner),
        absent=frozenset(each for each in modules if not any(map(has, module_paths(each, roots)))),
    )  # fmt: skip


def _all_owners(migrations: Iterable[Migration]) -> set[str]:
    return {owner for migration in migrations for target in migration.targets for owner in _owners(target)}


def _owners(target: Target) -> Iterator[str]:
    """The modules that a target is in, or is."""
    name = target.name if target.kind is TargetKind.MODULE else target.name.rpartition(".")[0]
    while name:
        yield name
        name = name.rpartition(".")[0]


def _is_of(imported: Import, modules: Iterable[str], owners: set[str], index: Index) -> bool:
    """Whether an import brings one of ``owners`` under a name of its own."""
    if imported.name is None:
        dotted = imported.module.text
        return not owners.isdisjoint(above(dotted) if imported.local == dotted.partition(".")[0] else (dotted,))
    if imported.name == "*":
        return False
    names = [f"{module}.{imported.name}" for module in modules]
    return any(not owners.isdisjoint(index.resolution(name).names) for name in names)
