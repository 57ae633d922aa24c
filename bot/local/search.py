"""A quick text search: which files contain a name."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.engine.prefilter.terms import ImportWords, Prefilter, PrefilterTerm, terms_to
from bot.engine.prefilter.terms import joined as all_import_words
from bot.local.files import NO_FILE, Listing, Reader
from bot.local.parallel import Counter, ForkedCall

if TYPE_CHECKING:
    from bot.domain.migration import Config

Progress = Callable[[int, int], None]
"""Files done, files in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Files that one of the prefilter terms leads to."""

    sources: Mapping[str, bytes]
    unreadable: Mapping[str, str]
    """Path to reason."""
    opened: ImportWords
    """`PrefilterTerm.opened_by` of all files together."""
    absent: frozenset[str] = frozenset()
    """What is no file."""


_SAMPLE = 200
"""Files that are searched to estimate how common a name is."""
_RARE = 0.05
"""The share of them up to which it is not."""


class Search:
    """A search for ``prefilter terms`` in all of ``paths``, begun on ``jobs`` cores.

    ``before``: the terms by which nothing was found in these files.
    """

    def __init__(
        self,
        root: Path,
        paths: Sequence[str],
        terms: Sequence[PrefilterTerm],
        jobs: int,
        progress: Progress | None = None,
        before: Sequence[PrefilterTerm] = (),
    ) -> None:
        self.terms = terms
        shares = split(paths, jobs)
        self._files = len(paths)
        self._progress = progress
        self._counter = Counter(len(shares))
        counter = self._counter if progress else None
        self._tasks = [
            ForkedCall(partial(_search, root, part, Prefilter(terms, before), counter, place), alone=jobs > 1)
            for place, part in enumerate(shares)
        ]

    @classmethod
    def of(
        cls, root: Path, listing: Listing, config: "Config", jobs: int, progress: Progress | None = None
    ) -> "Search":  # fmt: skip
        """The search for all deprecated names of ``config``."""
        terms = _needed(root, listing.paths, terms_to(config, listing.paths, listing.projects))
        return cls(root, listing.paths, terms, jobs, progress)

    def result(self) -> Found:
        """Wait for it."""
        return joined([task.result(self._tell if self._progress else None) for task in self._tasks])

    def _tell(self) -> None:
        if self._progress:
            self._progress(self._counter.total(), self._files)


def _needed(root: Path, paths: Sequence[str], terms: Sequence[PrefilterTerm]) -> Sequence[PrefilterTerm]:
    """The prefilter terms without the gates that are not worth looking for.

    Gates keep most files from being parsed for a name like ``float``, but finding them takes several passes over every
    file.  A name that is in few files leads to those directly.
    """
    if not any(term.opening_words for term in terms):
        return terms
    sample = list(_contents(root, paths[:: max(len(paths) // _SAMPLE, 1)]))
    return [
        replace(term, opening_words=frozenset()) if term.opening_words and _is_rare(term, sample) else term
        for term in terms
    ]


def _contents(root: Path, paths: Sequence[str]) -> Iterator[bytes]:
    reader = Reader(root)
    return (content for path in paths if (content := reader.read(path)))


def _is_rare(term: PrefilterTerm, sample: Sequence[bytes]) -> bool:
    left = len(sample) * _RARE
    for source in sample:
        left -= term.stands_in(source)
        if left < 0:
            return False
    return True


def joined(parts: Iterable[Found]) -> Found:
    """All that several searches found."""
    sources: dict[str, bytes] = {}
    unreadable: dict[str, str] = {}
    absent: set[str] = set()
    opened: list[ImportWords] = []
    for part in parts:
        sources |= part.sources
        absent |= part.absent
        unreadable |= part.unreadable
        opened.append(part.opened)
    return Found(sources=sources, unreadable=unreadable, opened=all_import_words(opened), absent=frozenset(absent))


def split(paths: Sequence[str], jobs: int) -> list[Sequence[str]]:
    """``paths`` in at most ``jobs`` shares of like size and kind."""
    return [paths[n::jobs] for n in range(max(min(jobs, len(paths)), 1))]


def _search(root: Path, paths: Sequence[str], prefilter: Prefilter, counter: Counter | None, place: int) -> Found:
    reader = Reader(root)
    sources, unreadable, absent = {}, {}, set()
    opened: list[ImportWords] = []
    for path in paths:
        try:
            buffer, size = reader.look(path)
        except OSError as error:
            if error.errno in NO_FILE:
                absent.add(path)
            else:
                unreadable[path] = error.strerror or str(error)
        else:
            found, import_words = prefilter.look(path, buffer, size)
            opened += [import_words] if import_words else []
            if found:
                sources[path] = bytes(memoryview(buffer)[:size])
        if counter:
            counter.add(place)
    return Found(sources=sources, unreadable=unreadable, opened=all_import_words(opened), absent=frozenset(absent))
