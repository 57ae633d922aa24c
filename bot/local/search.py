"""The quick look at every file: which of them hold a name as text."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.engine.prefilter import Clue, Sieve, Ways, clues_to
from bot.engine.prefilter import joined as all_ways
from bot.local.files import NO_FILE, Listing, Reader
from bot.local.parallel import Counter, ForkedCall

if TYPE_CHECKING:
    from bot.domain.migration import Config

Progress = Callable[[int, int], None]
"""Files done, files in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Files that one of the clues leads to."""

    sources: Mapping[str, bytes]
    unreadable: Mapping[str, str]
    """Path to reason."""
    opened: Ways
    """`Clue.opened_by` of all files together."""
    absent: frozenset[str] = frozenset()
    """What is no file."""


_SAMPLE = 200
"""Files that are looked at to see how common a name is."""
_RARE = 0.05
"""The share of them up to which it is not."""


class Search:
    """A search for ``clues`` in all of ``paths``, begun on ``jobs`` cores."""

    def __init__(
        self, root: Path, paths: Sequence[str], clues: Sequence[Clue], jobs: int, progress: Progress | None = None
    ) -> None:
        self.clues = clues
        shares = split(paths, jobs)
        self._files = len(paths)
        self._progress = progress
        self._counter = Counter(len(shares))
        counter = self._counter if progress else None
        self._tasks = [
            ForkedCall(partial(_search, root, part, clues, counter, place), alone=jobs > 1)
            for place, part in enumerate(shares)
        ]

    @classmethod
    def of(
        cls, root: Path, listing: Listing, config: "Config", jobs: int, progress: Progress | None = None
    ) -> "Search":  # fmt: skip
        """The search for all deprecated names of ``config``."""
        clues = _needed(root, listing.paths, clues_to(config, listing.paths, listing.projects))
        return cls(root, listing.paths, clues, jobs, progress)

    def result(self) -> Found:
        """Wait for it."""
        return joined([task.result(self._tell if self._progress else None) for task in self._tasks])

    def _tell(self) -> None:
        if self._progress:
            self._progress(self._counter.total(), self._files)


def _needed(root: Path, paths: Sequence[str], clues: Sequence[Clue]) -> Sequence[Clue]:
    """The clues without the gates that are not worth looking for.

    Gates keep most files from being parsed for a name like ``float``; to find them all takes several looks at every
    file.  A name that stands in few files anyway leads to those at once.
    """
    if not any(clue.gates for clue in clues):
        return clues
    sample = list(_contents(root, paths[:: max(len(paths) // _SAMPLE, 1)]))
    return [replace(clue, gates=frozenset()) if clue.gates and _is_rare(clue, sample) else clue for clue in clues]


def _contents(root: Path, paths: Sequence[str]) -> Iterator[bytes]:
    reader = Reader(root)
    return (content for path in paths if (content := reader.read(path)))


def _is_rare(clue: Clue, sample: Sequence[bytes]) -> bool:
    left = len(sample) * _RARE
    for source in sample:
        left -= clue.stands_in(source)
        if left < 0:
            return False
    return True


def joined(parts: Iterable[Found]) -> Found:
    """All that several searches found."""
    sources: dict[str, bytes] = {}
    unreadable: dict[str, str] = {}
    absent: set[str] = set()
    opened: list[Ways] = []
    for part in parts:
        sources |= part.sources
        absent |= part.absent
        unreadable |= part.unreadable
        opened.append(part.opened)
    return Found(sources=sources, unreadable=unreadable, opened=all_ways(opened), absent=frozenset(absent))


def split(paths: Sequence[str], jobs: int) -> list[Sequence[str]]:
    """``paths`` in at most ``jobs`` shares of like size and kind."""
    return [paths[n::jobs] for n in range(max(min(jobs, len(paths)), 1))]


def _search(root: Path, paths: Sequence[str], clues: Sequence[Clue], counter: Counter | None, place: int) -> Found:
    reader = Reader(root)
    sieve = Sieve(clues)
    sources, unreadable, absent = {}, {}, set()
    opened: list[Ways] = []
    for path in paths:
        try:
            buffer, size = reader.look(path)
        except OSError as error:
            if error.errno in NO_FILE:
                absent.add(path)
            else:
                unreadable[path] = error.strerror or str(error)
        else:
            found, ways = sieve.look(path, buffer, size)
            opened += [ways] if ways else []
            if found:
                sources[path] = bytes(memoryview(buffer)[:size])
        if counter:
            counter.add(place)
    return Found(sources=sources, unreadable=unreadable, opened=all_ways(opened), absent=frozenset(absent))
