"""One file while its usages are collected: what all ways of finding them ask."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.finding import Range
from bot.domain.migration import Target, TargetKind
from bot.engine.program.index import Index, Resolution
from bot.engine.resolve.exports import list_entries
from bot.engine.resolve.resolver import Resolver
from bot.engine.resolve.scope import Scopes
from bot.engine.source.text import SourceMap
from bot.engine.usages.targets import Match, Targets


@dataclass(slots=True, kw_only=True, eq=False)
class File:
    """A parsed file, its scopes, and the targets that are looked for."""

    path: str
    targets: Targets
    index: Index
    interest: frozenset[str]
    """The last components of the targets, and what known modules call them; no other dotted name is followed."""
    names: frozenset[str]
    """The variables and members that are worth resolving: see ``candidate_names``."""
    source: SourceMap
    tree: ast.Module
    scopes: Scopes
    resolver: Resolver
    exempt: frozenset[Target]
    """The targets that this file defines."""
    own: frozenset[str]
    """The dotted names that this file may define of targets that keep their name: those, and their classes."""
    members: frozenset[str] = frozenset()
    """The last components of the targets that are members of a class."""
    sparse: bool = False
    """The scopes leave out what has none of ``names`` on its lines."""
    missing_modules: set[str] = field(default_factory=set)
    """The modules that the index lacked when they were asked about."""
    _modules: dict[str, bool] = field(default_factory=dict)
    """What targets stand in, each with whether it is a module."""
    entries: list[tuple[ast.Constant, ast.stmt]] = field(init=False)
    """The entries of ``__all__`` with their statements."""

    def __post_init__(self) -> None:
        targets = [t for migration in self.targets.migrations for t in migration.targets if t.holder]
        self.members = frozenset(t.leaf for t in targets if not self.owned_by_module(t))
        self.entries = list_entries(self.tree) or []

    def matches(self, dotted: Sequence[str]) -> tuple[Match, ...]:
        """The targets that one of ``dotted`` leads to or was meant for, without those that this file defines."""
        resolutions = {name: self._resolution(name) for name in dotted if not self.interest.isdisjoint(name.split("."))}
        found = self.targets.match(resolution.names for resolution in resolutions.values())
        if found:
            resolves = next(
                (resolution.exists for resolution in resolutions.values() if resolution.exists is not None), None
            )
            found = tuple(replace(match, resolves=resolves) for match in found)
            if resolves is None:  # what is said of the usage depends on it
                self.missing_modules.update(*(each.missing_modules for each in resolutions.values()))
        else:
            found = tuple(
                match for name, resolution in resolutions.items() for match in self._misdirected(name, resolution)
            )
            for name, resolution in resolutions.items():
                self.missing_modules |= resolution.missing_modules | self._facades(name)
        return tuple(match for match in found if match.target not in self.exempt)

    def _resolution(self, dotted: str) -> Resolution:
        """What a name stands for: a module that its package has by the same name is itself, whoever passes it on."""
        found = self.index.resolution(dotted)
        if len(found.names) > 1 and self.index.names_module(dotted):
            return replace(found, names=(dotted,))
        return found

    def _facades(self, dotted: str) -> set[str]:
        """The modules that may pass ``dotted`` on under a target's name, as far as the index lacks them."""
        package, leaf = dotted.partition(".")[0], dotted.rpartition(".")[2]
        targets = (target for migration in self.targets.migrations for target in migration.targets)
        same = [target for target in targets if target.leaf == leaf and target.name.partition(".")[0] == package]
        return {module for target in same for module in self.index.resolution(target.name).missing_modules}

    def _misdirected(self, dotted: str, resolution: Resolution) -> Iterator[Match]:
        """The targets that a name means where they do not exist: in another module of the target's own package.

        Where that module has something of this name, it is another thing and no usage.
        """
        if resolution.exists is not False:
            return
        package, leaf = dotted.partition(".")[0], dotted.rpartition(".")[2]
        for migration in self.targets.migrations:
            for target in migration.targets:
                same = target.leaf == leaf and target.name.partition(".")[0] == package
                if same and target.kind is TargetKind.SYMBOL and self.owned_by_module(target):
                    yield Match(migration=migration, target=target, symbol=target.name, resolves=False)

    def owned_by_module(self, target: Target) -> bool:
        """Whether a target stands at the top level of its module; a method's name says nothing elsewhere.

        A module that is gone by now was one; what an existing module has under that name is a class.
        """
        owner = target.name.rpartition(".")[0]
        found = self._modules.get(owner)
        if found is None:
            known = self.index.source_of(owner)
            is_class = owner.rpartition(".")[2][:1].isupper() or (known is None and self.index.resolution(owner).exists)
            found = self._modules[owner] = isinstance(known, tuple) or not is_class
        return found

    def place(self, node: ast.AST) -> Range:
        """Where ``node`` stands."""
        return self.source.range_of(node)
