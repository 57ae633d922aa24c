"""The Python files of one commit: a few of them by their blobs, many from the one stream of its archive.

What is asked of their content is asked in a worker, while the stream comes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

from bot import memory
from bot.context import Bot
from bot.domain.finding import Skipped
from bot.domain.references import RepoRef, Sha
from bot.engine.prefilter.terms import ImportWords, PrefilterTerm
from bot.engine.program.collect import unread
from bot.engine.program.facts import Facts
from bot.engine.program.sought import Sought
from bot.engine.survey import facts_if, of_interest, search_file
from bot.github import reads
from bot.github.reads.contents import is_blob
from bot.github.sift import LARGEST_FILE, sift

T = TypeVar("T")

MANY = 60
"""Files up to which they are fetched one by one."""
AT_ONCE = 2
"""Pieces of an archive that are looked at at the same time; so much of it is in memory."""
MOST_KEPT = 64 << 20
"""Bytes of all kept files together; further files are skipped."""
REGULAR = frozenset({"100644", "100755"})
Source = tuple[str, bytes]
Look = Callable[[Sequence[Source]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """What a search found."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    import_words: dict[str, ImportWords] = field(default_factory=dict)
    """By path, what files add to the prefilter terms, whether they match or not."""
    broken: dict[str, Skipped] = field(default_factory=dict)
    """Files that could not be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitSources:
    """Reads at one commit.  Symbolic links and submodules are no sources."""

    bot: Bot
    repo: RepoRef
    commit: Sha
    blobs: Mapping[str, Sha] = field(repr=False)
    """All Python and project files of the commit, or what else is of interest."""
    modes: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Their modes, as git writes them."""
    passed_over: dict[str, str] = field(default_factory=dict)
    """Skipped files (too big, or over the limit for all files together), with the reason."""

    @classmethod
    async def at(cls, bot: Bot, repo: RepoRef, commit: Sha, interest: Callable[[str], bool] = of_interest) -> Self:
        """Lists the commit's files whose path is of ``interest``.  Raises ``NotFound`` when there is no such commit."""
        entries = await reads.whole_tree(bot.github, repo, commit)
        files = [entry for entry in entries if entry.mode in REGULAR and interest(entry.path)]
        big = {entry.path: "too big" for entry in files if (entry.size or 0) > LARGEST_FILE}
        blobs = {entry.path: entry.sha for entry in files}
        modes = {entry.path: entry.mode for entry in files}
        return cls(bot=bot, repo=repo, commit=commit, blobs=blobs, modes=modes, passed_over=big)

    async def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The content of those of ``paths`` that exist and can be read."""
        requested = self._there(paths)
        if len(requested) <= MANY:
            return await self._by_blob(requested)
        kept = _Kept(self.passed_over)

        async def look(piece: Sequence[Source]) -> None:
            for path, content in piece:
                await kept.add(path, content)

        await self._stream(requested, look)
        return kept.files

    async def search(self, terms: Sequence[PrefilterTerm], paths: Iterable[str]) -> Caught:
        """Those of ``paths`` that match a prefilter term."""
        caught, kept = Caught(), _Kept(self.passed_over)

        async def look(piece: Sequence[Source]) -> None:
            found = await self.bot.scanner.each(search_file, piece, terms)
            for (path, content), seen in zip(piece, found, strict=True):
                if isinstance(seen, Skipped):
                    caught.broken[path] = seen
                    continue
                hit, words = seen
                if words:
                    caught.import_words[path] = words
                if hit:
                    await kept.add(path, content)

        await self._stream(self._there(paths), look)
        return replace(caught, files=kept.files)

    async def facts(self, looked_for: Sought, paths: Iterable[str]) -> Mapping[str, Facts]:
        """The facts of those of ``paths`` that may have a say; of one that breaks the engine only its words."""
        facts: dict[str, Facts] = {}

        async def look(piece: Sequence[Source]) -> None:
            found = await self.bot.scanner.each(facts_if, piece, looked_for)
            for (path, content), seen in zip(piece, found, strict=True):
                if seen is not None:
                    facts[path] = unread(content) if isinstance(seen, Skipped) else seen

        await self._stream(self._there(paths), look)
        return facts

    async def find(self, function: Callable[..., bool], paths: Iterable[str], *args: object) -> frozenset[str]:
        """Those of ``paths`` for which ``function(source, path, *args)`` holds, or that break it."""
        found: set[str] = set()

        async def look(piece: Sequence[Source]) -> None:
            answers = await self.bot.scanner.each(function, piece, *args)
            found.update(path for (path, _), holds in zip(piece, answers, strict=True) if holds)

        await self._stream(self._there(paths), look)
        return frozenset(found)

    async def answers(self, function: Callable[..., T], paths: Iterable[str]) -> Mapping[str, T]:
        """What ``function(source, path)`` says of each of ``paths``, sorted, where it says anything.

        Of what breaks it nothing is known.
        """
        said: dict[str, T] = {}

        async def look(piece: Sequence[Source]) -> None:
            found = await self.bot.scanner.each(function, piece)
            for (path, _), answer in zip(piece, found, strict=True):
                if answer and not isinstance(answer, Skipped):
                    said[path] = answer

        await self._stream(self._there(paths), look)
        return dict(sorted(said.items()))

    def _there(self, paths: Iterable[str]) -> frozenset[str]:
        return frozenset(path for path in paths if path in self.blobs and path not in self.passed_over)

    async def _stream(self, requested: Collection[str], look: Look) -> None:
        """Hands all requested files to ``look``, in pieces.

        An archive may lack files (``export-ignore``) and hold others changed (``eol``, ``export-subst``): what it lacks
        is fetched, and what it changed has another id and is fetched as well.
        https://git-scm.com/docs/git-archive#ATTRIBUTES
        """
        if not requested:
            return
        changed: list[str] = []

        async def take(piece: Sequence[Source]) -> None:
            true = [(path, content) for path, content in piece if is_blob(content, self.blobs[path])]
            changed.extend({path for path, _ in piece} - {path for path, _ in true})
            await pieces.put(true)

        pieces = _Pieces(look)
        try:
            async with await reads.tarball(self.bot.github, self.repo, self.commit) as chunks:
                found = await sift(chunks, self.bot.github.clock, wants=requested.__contains__, take=take)
            self.passed_over.update(found.passed_over)
            lacking = [path for path in requested if path not in found.seen and path not in found.passed_over]
            await pieces.put(list((await self._by_blob([*lacking, *changed])).items()))
            await pieces.done()
        finally:
            await pieces.cancel()

    async def _by_blob(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        ids = {path: self.blobs[path] for path in paths}
        content = await reads.blobs(self.bot.github, self.repo, ids.values())
        return {path: content[sha] for path, sha in ids.items()}


class _Kept:
    """Files up to a number of bytes for all of them together."""

    def __init__(self, passed_over: dict[str, str]) -> None:
        self.files: dict[str, bytes] = {}
        self._held, self._passed_over = 0, passed_over

    async def add(self, path: str, content: bytes) -> None:
        if self._held + len(content) > MOST_KEPT:
            self._passed_over[path] = "over the limit for all files together"
            return
        await memory.take(len(content))
        self.files[path] = content
        self._held += len(content)


class _Pieces:
    """A few pieces of an archive that are looked at at the same time."""

    def __init__(self, look: Look) -> None:
        self._look, self._room = look, asyncio.Semaphore(AT_ONCE)
        self._tasks: list[asyncio.Task[None]] = []
        self._cancelled = False

    async def put(self, piece: Sequence[Source]) -> None:
        """Returns when there is room for it.  Raises what looking at an earlier one raised."""
        await memory.take(_size(piece))
        await self._room.acquire()
        if self._cancelled:  # the archive's thread handed it over meanwhile
            return
        ended = [task for task in self._tasks if task.done()]
        self._tasks = [task for task in self._tasks if not task.done()]
        task = asyncio.create_task(self._run(piece))
        self._tasks.append(task)
        for each in ended:
            each.result()

    async def _run(self, piece: Sequence[Source]) -> None:
        try:
            await self._look(piece)
        finally:
            memory.give_back(_size(piece))
            self._room.release()

    async def done(self) -> None:
        """Once all were looked at."""
        await asyncio.gather(*self._tasks)

    async def cancel(self) -> None:
        self._cancelled = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _size(piece: Sequence[Source]) -> int:
    return sum(len(content) for _, content in piece)
