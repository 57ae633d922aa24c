"""Splits paths into groups of limited size, by what they have in common."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.migrate.batches.models import Owners


@dataclass(frozen=True, slots=True, kw_only=True)
class PathGroup:
    """Paths that go together, sorted.  ``label`` is what they have in common: a directory, owners, or nothing."""

    label: str
    paths: tuple[str, ...]


def by_owner(paths: Iterable[str], owners: Owners, limit: int) -> Iterator[PathGroup]:
    """The files of each set of owners, split by directory where they are too many; those without owners last."""
    owned = sorted((" ".join(owners.of(path)), path) for path in paths)
    found = {label: [path for _, path in each] for label, each in groupby(owned, key=lambda pair: pair[0])}
    for label in sorted(found, key=lambda label: (not label, label)):
        for group in by_directory(found[label], limit):
            yield PathGroup(label=label or group.label, paths=group.paths)


def by_directory(paths: Iterable[str], limit: int) -> list[PathGroup]:
    """All in one if they fit; else directory by directory, neighbours together while they fit.

    A group never spans two directories of the top level, unless everything fits in it.
    """
    return _cut(sorted(paths), "", limit)


def _cut(paths: Sequence[str], directory: str, limit: int) -> list[PathGroup]:
    """Groups of ``paths``, which are sorted and lie below ``directory`` (empty, or with a slash at its end)."""
    if len(paths) <= limit:
        return [_group(paths)] if paths else []
    here = [path for path in paths if "/" not in path[len(directory) :]]
    groups = [_group(here[start : start + limit]) for start in range(0, len(here), limit)]
    below = (path for path in paths if "/" in path[len(directory) :])
    for name, each in groupby(below, key=lambda path: path[len(directory) :].partition("/")[0]):
        groups += _cut(list(each), f"{directory}{name}/", limit)
    return _joined(groups, limit) if directory else groups


def _joined(groups: Sequence[PathGroup], limit: int) -> list[PathGroup]:
    """Neighbours together, as long as they fit."""
    found: list[PathGroup] = []
    for group in groups:
        if found and len(found[-1].paths) + len(group.paths) <= limit:
            found[-1] = _group([*found[-1].paths, *group.paths])
        else:
            found.append(group)
    return found


def _group(paths: Sequence[str]) -> PathGroup:
    return PathGroup(label=common_directory(paths), paths=tuple(sorted(paths)))


def common_directory(paths: Sequence[str]) -> str:
    """The deepest directory that holds all of them, without a slash at its end; empty for the repository."""
    parents = [path.split("/")[:-1] for path in paths]
    common: list[str] = []
    for names in zip(*parents, strict=False):
        if len(set(names)) > 1:
            break
        common.append(names[0])
    return "/".join(common)
