"""The Python files of one commit: a few of them by their blobs, many from the one stream of its archive."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from bot.context import Bot
from bot.domain.references import RepoRef, Sha
from bot.engine.prefilter.terms import ImportWords, Prefilter, PrefilterTerm
from bot.engine.survey import of_interest
from bot.github import reads
from bot.github.sift import LARGEST_FILE, sift

MANY = 60
"""Files up to which they are fetched one by one."""
REGULAR = frozenset({"100644", "100755"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """What a search found."""

    files: Mapping[str, bytes]
    import_words: Mapping[str, ImportWords]
    """By path, what files add to the prefilter terms, whether they match or not."""


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
        requested = {path for path in paths if path in self.blobs and path not in self.passed_over}
        if len(requested) <= MANY:
            return await self._by_blob(requested)
        return await self._from_archive(requested, lambda *_: True)

    async def search(self, terms: Sequence[PrefilterTerm], paths: Iterable[str]) -> Caught:
        """Those of ``paths`` that match a prefilter term."""
        requested = {path for path in paths if path in self.blobs and path not in self.passed_over}
        prefilter, import_words = Prefilter(terms), dict[str, ImportWords]()

        def keeps(path: str, content: bytes) -> bool:
            hit, import_words[path] = prefilter.look(path, content, len(content))
            return hit

        files = await self._from_archive(requested, keeps)
        return Caught(files=files, import_words={path: to for path, to in import_words.items() if to})

    async def find(self, keeps: Callable[[bytes], bool], paths: Iterable[str]) -> Mapping[str, bytes]:
        """Those of ``paths`` whose content is wanted."""
        requested = {path for path in paths if path in self.blobs and path not in self.passed_over}
        return await self._from_archive(requested, lambda _, content: keeps(content))

    async def _from_archive(
        self, requested: Collection[str], keeps: Callable[[str, bytes], bool]
    ) -> Mapping[str, bytes]:
        """An archive may lack files (``export-ignore``) and hold others changed (``eol``, ``export-subst``).

        What it lacks is fetched and checked; what it changed has another id and is fetched as well.
        https://git-scm.com/docs/git-archive#ATTRIBUTES
        """
        if not requested:
            return {}
        stream = await reads.tarball(self.bot.github, self.repo, self.commit)
        async with stream as chunks:
            found = await sift(chunks, self.bot.github.clock, wants=requested.__contains__, keeps=keeps)
        self.passed_over.update(found.passed_over)
        true = {path: content for path, content in found.files.items() if is_blob(content, self.blobs[path])}
        lacking = [path for path in requested if path not in found.seen and path not in found.passed_over]
        fetched = await self._by_blob([*lacking, *(found.files.keys() - true.keys())])
        return {**true, **{path: content for path, content in fetched.items() if keeps(path, content)}}

    async def _by_blob(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        ids = {path: self.blobs[path] for path in paths}
        content = await reads.blobs(self.bot.github, self.repo, ids.values())
        return {path: content[sha] for path, sha in ids.items()}


def is_blob(content: bytes, sha: Sha) -> bool:
    """Whether ``sha`` is the git id of a blob with this content."""
    named = b"blob %d\0" % len(content) + content
    digest = hashlib.sha256(named) if len(sha) == 64 else hashlib.sha1(named, usedforsecurity=False)
    return digest.hexdigest() == sha
