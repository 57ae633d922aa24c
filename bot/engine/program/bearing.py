"""Which of the files that hold a deprecated name may have a say where only a few of them are rewritten.

Of the others is asked what they import: that decides what runs when, and which modules there are.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from bot.domain.migration import Config, TargetKind
from bot.engine.program.facts import Facts, Import
from bot.engine.program.index import Index
from bot.engine.program.order import above, begun
from bot.engine.program.sought import has_star, is_in_path
from bot.engine.program.unparsed import hands_over, speaks_of, writes_one
from bot.engine.source.mentions import occurrences
from bot.engine.source.names import absolute, is_package, module_paths
from bot.engine.source.taken import is_taken

_AT_LARGE = re.compile(
    rb"\b(?:setattr|delattr|modules|meta_path|path_hooks|spy)\b"
    rb"|[Ss]tub|[Mm]ock|[Pp]atch|__(?:dict|globals|setattr|delattr|setitem|delitem|import|subclasses)__"
    rb"|\b(?:exec|eval|globals|vars|multiple|object|replace|swap)\s*\(|\}[.:]\{|%s[.:]%s|'[.:]'|\"[.:]\""
)
"""What may write, or stand in for, something that it does not name, or put such a name together."""


@dataclass(frozen=True, kw_only=True)
class Bearing:
    """What is looked for in a file that holds a deprecated name, and is not rewritten itself."""

    edited: frozenset[str]
    """What the rewritten modules may be called: their last components, and other names for them."""
    packages: tuple[str, ...]
    """The directories of those that are packages: a file in one need not name it."""
    values: frozenset[str]
    """Dotted names that matter if something gives them another value: targets, successors, what is imported."""
    owners: frozenset[str]
    """The modules of targets and successors: they may be handed over."""
    homes: frozenset[str]
    """The files of these: they need not name themselves."""
    loaded: frozenset[str]
    """The last components of modules in packages whose import may go from a rewritten file: others may rely on it."""

    @cached_property
    def _edited(self) -> re.Pattern[bytes]:
        return re.compile(b"|".join(re.escape(name.encode()) for name in sorted(self.edited)) or rb"(?!)")

    @cached_property
    def _quoted(self) -> re.Pattern[bytes]:
        """A string that ends with the last component of one of the values, or begins with the module of one."""
        parts = sorted({part for name in self.values for part in (f"{name.rpartition('.')[2]}", name)})
        ends = b"|".join(re.escape(part.encode()) for part in parts)
        begins = b"|".join(re.escape(owner.encode()) for owner in sorted(self.owners))
        return re.compile(rb"\b(?:%b)['\"]|\b(?:%b)[.:](?:['\"{]|%%s)" % (ends, begins))

    def of(self, path: str, source: bytes) -> bool:
        """Whether the file may have a say by more than its imports."""
        return bool(
            path in self.homes
            or self._edited.search(source)
            or (b"from ." in source and path.startswith(self.packages))
            or has_star(source)
            or _AT_LARGE.search(source)
            or self._quoted.search(source)
            or any(speaks_of(source, owner) and hands_over(source, owner.rpartition(".")[2]) for owner in self.owners)
            or any(writes_one(source, name) for name in self.values)
            or any(
                is_taken(source, start, end) and not is_in_path(source, start, end)  # that file loads it itself
                for start, end in occurrences(source, self.loaded)
            )
        )


def bearing(config: Config, index: Index, edited: Mapping[str, Facts]) -> Bearing | None:
    """What is looked for, where the files ``edited`` are rewritten; ``None``: everything.

    That is where whole modules are replaced, or a rewritten file has a star import: then any name may matter.
    """
    kinds = {target.kind for migration in config.migrations for target in migration.targets}
    imports = [(path, imported) for path, facts in edited.items() for imported in facts.imports]
    if TargetKind.MODULE in kinds or any(each.name == "*" for _, each in imports):
        return None
    names = {name for given in begun(config) for name in index.resolution(given).names}
    imported = {name for path, each in imports if each.name for name in _brought(index, path, each)}
    going = {
        name for path, each in imports for name in _brought(index, path, each) if _may_go(index, each, name, names)
    }
    leaves = frozenset(module.rpartition(".")[2] for path in edited for module in index.modules_of(path))
    owners = frozenset(name.rpartition(".")[0] for name in names)
    return Bearing(
        edited=index.aliases(leaves) if leaves else leaves,
        packages=tuple(path.rpartition("__init__")[0] for path in edited if is_package(path)),
        values=frozenset(names | imported),
        owners=owners,
        homes=frozenset(path for owner in owners for path in module_paths(owner, index.roots)),
        loaded=frozenset(each.rpartition(".")[2] for name in going for each in above(name) if "." in each),
    )


def _brought(index: Index, path: str, imported: Import) -> Iterator[str]:
    """What an import brings: a module, and what it takes of that."""
    name = imported.module
    for module in absolute(name.text or None, name.level, index.modules_of(path), package=is_package(path)):
        yield f"{module}.{imported.name}" if imported.name else module


def _may_go(index: Index, imported: Import, brought: str, names: Iterable[str]) -> bool:
    """Whether an import may be one of those by which a file has a target, which go when that is rewritten."""
    bound = {brought} if imported.name or imported.local != brought.partition(".")[0] else set(above(brought))
    found = bound.union(*(index.resolution(each).names for each in bound))
    return any(f"{name}.".startswith(f"{each}.") for name in names for each in found)
