"""The deprecated names of several migrations, asked about together."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.domain.migration import Migration, Rewrite, Target, TargetKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A dotted name that is deprecated, or stands below a deprecated module."""

    migration: Migration
    target: Target
    symbol: str
    resolves: bool | None = None
    """Whether the name exists where the file looks for it; ``None`` when the index does not know."""


@dataclass(frozen=True, slots=True)
class Targets:
    """All targets of ``migrations``."""

    migrations: Sequence[Migration]
    leaves: frozenset[str] = field(init=False)
    """The last components, one of which stands in every file that uses a target by its own name."""
    holders: frozenset[str] = field(init=False)
    """The last components of the classes that targets are members of."""

    def __post_init__(self) -> None:
        leaves = frozenset(target.leaf for migration in self.migrations for target in migration.targets)
        object.__setattr__(self, "leaves", leaves)
        holders = (target.holder for migration in self.migrations for target in migration.targets)
        object.__setattr__(self, "holders", frozenset(name for name in holders if name and name[:1].isupper()))

    def match(self, resolutions: Iterable[Sequence[str]]) -> tuple[Match, ...]:
        """The targets that one of the names (see ``Resolution.names``) leads to: the most specific of each migration.

        What comes through the successor is no usage, though the successor may only pass the deprecated thing on.
        """
        found: dict[str, Match] = {}
        for name, before in ((name, names[:n]) for names in resolutions for n, name in enumerate(names)):
            for migration in self.migrations:
                for target in migration.targets:
                    if not covers(target, name) or (before and _leads_through(target, name, before)):
                        continue
                    other = found.get(migration.name)
                    if other is None or len(other.target.name) < len(target.name):
                        found[migration.name] = Match(migration=migration, target=target, symbol=name)
        return tuple(found.values())

    def defined_in(self, modules: Sequence[str]) -> frozenset[Target]:
        """The targets that a file with these dotted names defines: its own names are no usages of them."""
        return frozenset(
            target
            for migration in self.migrations
            for target in migration.targets
            if not target.keeps_name and any(_defines(module, target) for module in modules)
        )

    def kept(self) -> frozenset[str]:
        """The targets that keep their name, and what those that are members belong to."""
        names = {t.name for migration in self.migrations for t in migration.targets if t.keeps_name}
        return frozenset(names | {name.rpartition(".")[0] for name in names})

    def modules_to(self) -> frozenset[str]:
        """What takes the place of modules."""
        modules = (t for migration in self.migrations for t in migration.targets if t.kind is TargetKind.MODULE)
        return frozenset(target.canonical for target in modules if target.canonical)


_STRING = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_PATH = re.compile(r"(?<![\w.$*])[^\W\d]\w*(?:\.[^\W\d]\w*)+")


def brought(rewrite: Rewrite) -> tuple[str, ...]:
    """The dotted names that the result of a rewrite may need imports for, besides its successor."""
    return (*rewrite.imports, *_PATH.findall(_STRING.sub("''", rewrite.replace or "")))


def covers(target: Target, dotted: str) -> bool:
    """Whether ``dotted`` is the target, or below it if it is a module; its successor may be below it, and is not."""
    if dotted == target.name or target.kind is not TargetKind.MODULE:
        return dotted == target.name
    return dotted.startswith(f"{target.name}.") and not is_moved(target, dotted)


def is_moved(target: Target, dotted: str) -> bool:
    """Whether ``dotted`` is the successor of a module that moves below itself, or below that."""
    successor = target.canonical or ""
    return successor.startswith(f"{target.name}.") and f"{dotted}.".startswith(f"{successor}.")


def _leads_through(target: Target, dotted: str, before: Sequence[str]) -> bool:
    """Whether the successor of ``dotted`` is among the names ``before`` it on its resolution."""
    return target.canonical is not None and target.canonical + dotted[len(target.name) :] in before


def _defines(module: str, target: Target) -> bool:
    if target.kind is TargetKind.MODULE:
        return covers(target, module)
    return module == target.name.rpartition(".")[0]
