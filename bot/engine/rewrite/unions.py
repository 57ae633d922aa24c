"""Disjoint sets: what has to go together, found by joining."""

from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(eq=False)
class Union:
    """Sets of things that are compared by ``==``."""

    parent: dict[Hashable, Hashable] = field(default_factory=dict)

    def add(self, item: Hashable) -> None:
        self.parent.setdefault(item, item)

    def find(self, item: Hashable) -> Hashable:
        """What stands for the set of ``item``."""
        self.add(item)
        while self.parent[item] is not item:
            self.parent[item] = self.parent[self.parent[item]]
            item = self.parent[item]
        return item

    def join(self, one: Hashable, other: Hashable) -> None:
        self.parent[self.find(one)] = self.find(other)

    def __contains__(self, item: Hashable) -> bool:
        return item in self.parent
