"""Deprecated names that are a façade's: followed to the definition, so that its usages count under every name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.domain.migration import Migration, Target, TargetKind
from bot.engine.program.index import Index


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOn:
    """A usage of a file, as those see it that pass the name on to it."""

    line: int
    names: frozenset[str] | None
    """The dotted names that it goes through; ``None`` for a variable of the file, which may hold any of them."""
    differs: bool
    """The successor would do something else here, or be told apart."""
    passes: frozenset[str] = frozenset()
    """The variables of the file that hold the same then: others may take them from there."""


def definition_behind(target: Target, index: Index, listed: frozenset[str]) -> str | None:
    """The dotted name of the definition that a façade passes on as ``target``; ``None``: it is none, or not certain.

    Only what keeps its name on every step is followed: what a module gives another name may be meant under that name
    alone.  Neither is what the successor leads to as well: then it is the façade's name that is given up.  ``listed``
    are the deprecated names: of those each is what it says.
    """
    if target.kind is TargetKind.MODULE or target.keeps_name:
        return None
    names = index.resolution(target.name).names
    if len(names) < 2 or any(name.rpartition(".")[2] != target.leaf for name in names):
        return None
    if not listed.isdisjoint(names[1:]):
        return None
    linear = all(index.resolution(name).names == names[n:] for n, name in enumerate(names))
    same = target.canonical is not None and not set(index.resolution(target.canonical).names).isdisjoint(names)
    if not linear or same or index.has(names[-1]) or not _is_known(index, names[-1]):
        return None
    return names[-1]


def _is_known(index: Index, dotted: str) -> bool:
    parts = dotted.split(".")
    return any(index.has(".".join(parts[:cut])) for cut in range(1, len(parts)))


def followed(migrations: Iterable[Migration], index: Index) -> Sequence[Migration]:
    """The migrations with the definition's name in the place of each façade's; the same values where there is none."""
    given = tuple(migrations)
    asked = tuple(map(id, given))  # to compare them would cost as much as to follow them
    if asked not in index.followed:
        listed = frozenset(target.name for migration in given for target in migration.targets)
        index.followed[asked] = given, tuple(_followed(migration, index, listed) for migration in given)
    return index.followed[asked][1]


def _followed(migration: Migration, index: Index, listed: frozenset[str]) -> Migration:
    behind = {t.name: name for t in migration.targets if (name := definition_behind(t, index, listed)) is not None}
    if not behind:
        return migration
    targets = tuple(replace(t, name=behind.get(t.name, t.name)) for t in migration.targets)
    rewrites = tuple(
        replace(rule, targets=tuple(behind.get(name, name) for name in rule.targets)) for rule in migration.rewrites
    )
    return replace(migration, targets=targets, rewrites=rewrites)
