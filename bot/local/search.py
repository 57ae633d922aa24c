"""The quick look at every file: which of them hold a name as text."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.local.files import Reader
from bot.local.parallel import Counter, Task
from bot.migration import Config

Progress = Callable[[int, int], None]
"""Files done, files in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Files that hold a name that is looked for."""

    sources: Mapping[str, bytes]
    unreadable: Mapping[str, str]
    """Path to reason."""


class Search:
    """A search for ``names`` in all of ``paths``, begun on ``jobs`` cores."""

    def __init__(
        self, root: Path, paths: Sequence[str], names: Iterable[str], jobs: int, progress: Progress | None = None
    ) -> None:
        needles = sorted(name.encode() for name in names)
        shares = split(paths, jobs)
        self._files = len(paths)
        self._progress = progress
        self._counter = Counter(len(shares))
        counter = self._counter if progress else None
        self._tasks = [
            Task(partial(_search, root, part, needles, counter, place), alone=jobs > 1)
            for place, part in enumerate(shares)
        ]

    def result(self) -> Found:
        """Wait for it."""
        sources: dict[str, bytes] = {}
        unreadable: dict[str, str] = {}
        for task in self._tasks:
            found = task.result(self._tell if self._progress else None)
            sources.update(found.sources)
            unreadable.update(found.unreadable)
        return Found(sources=sources, unreadable=unreadable)

    def _tell(self) -> None:
        if self._progress:
            self._progress(self._counter.total(), self._files)


def names_of(config: Config) -> frozenset[str]:
    """The last components of all deprecated names, one of which stands in every file that uses one by its own name."""
    return frozenset(target.leaf for migration in config.migrations for target in migration.targets)


def split(paths: Sequence[str], jobs: int) -> list[Sequence[str]]:
    """``paths`` in at most ``jobs`` shares of like size and kind."""
    return [paths[n::jobs] for n in range(max(min(jobs, len(paths)), 1))]


def _search(root: Path, paths: Sequence[str], needles: Sequence[bytes], counter: Counter | None, place: int) -> Found:
    find = Reader(root).find
    sources, unreadable = {}, {}
    for path in paths:
        try:
            source = find(path, needles)
        except OSError as error:
            unreadable[path] = error.strerror or str(error)
        else:
            if source is not None:
                sources[path] = source
        if counter:
            counter.add(place)
    return Found(sources=sources, unreadable=unreadable)
