"""Chains of successors: of ``{lib.f: lib.g, lib.g: lib.h}`` the first becomes ``lib.h`` at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bot.domain.migration import Migration, Target, TargetKind

MAX_LINKS = 50
"""How many successors one after the other are followed in one run."""


def to_the_end(migrations: Sequence[Migration]) -> tuple[Migration, ...]:
    """The migrations, each successor that is itself dropped in for replaced by what takes its place in the end.

    Rings are refused before.  A link counts only where it is the whole rule (``drop_in``, no rewrite for the name) and
    is looked at in the same paths.
    """
    return tuple(_followed(migration, migrations) for migration in migrations)


def _followed(migration: Migration, migrations: Sequence[Migration]) -> Migration:
    links = {link.name: link for each in migrations if _same_paths(migration, each) for link in _links(each)}
    targets = tuple(_at_the_end(target, links) for target in migration.targets) if links else migration.targets
    return migration if targets == migration.targets else replace(migration, targets=targets)


def _same_paths(one: Migration, other: Migration) -> bool:
    return (one.include, one.exclude) == (other.include, other.exclude)


def _links(migration: Migration) -> Iterator[Target]:
    """The targets of a migration whose successor takes their place as it is."""
    ruled = {name for rewrite in migration.rewrites for name in rewrite.targets}
    if migration.drop_in and all(rewrite.targets for rewrite in migration.rewrites):
        yield from (t for t in migration.targets if t.canonical and not t.keeps_name and t.name not in ruled)


def _at_the_end(target: Target, links: Mapping[str, Target]) -> Target:
    """The target, its successor the last name of the chain that begins with it."""
    name, seen = target.canonical, {target.name}
    while name is not None and (link := _link(name, links)) is not None and link.name not in seen:
        seen.add(link.name)
        name = f"{link.canonical}{name[len(link.name) :]}"
        if len(seen) > MAX_LINKS:
            break
    return target if name == target.canonical else replace(target, canonical=name)


def _link(name: str, links: Mapping[str, Target]) -> Target | None:
    """What has a successor for a name: itself, or the nearest module around it; a module may move below itself."""
    if name in links:
        return links[name]
    cut = name.rfind(".")
    while cut > 0:
        link = links.get(name[:cut])
        if link is not None and link.kind is TargetKind.MODULE:
            return None if f"{name}.".startswith(f"{link.canonical}.") else link
        cut = name.rfind(".", 0, cut)
    return None
