"""One file while its usages are collected: what all ways of finding them ask."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.engine.exports import list_entries
from bot.engine.index import Index
from bot.engine.resolve import Resolver
from bot.engine.scope import Scopes
from bot.engine.source import SourceMap
from bot.engine.targets import Match, Targets
from bot.migration import Target
from bot.model import Range


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
    wanted: set[str] = field(default_factory=set)
    """The modules that the index lacked when they were asked about."""
    entries: list[tuple[ast.Constant, ast.stmt]] = field(init=False)
    """The entries of ``__all__`` with their statements."""

    def __post_init__(self) -> None:
        self.entries = list_entries(self.tree) or []

    def matches(self, dotted: Sequence[str]) -> tuple[Match, ...]:
        """The targets that one of ``dotted`` leads to, without those that this file defines."""
        trails = [self.index.trail(name) for name in dotted if not self.interest.isdisjoint(name.split("."))]
        found = self.targets.match(name for trail in trails for name in trail.names)
        if not found:
            for trail in trails:
                self.wanted |= trail.wanted
        return tuple(match for match in found if match.target not in self.exempt)

    def place(self, node: ast.AST) -> Range:
        """Where ``node`` stands."""
        return self.source.range_of(node)
