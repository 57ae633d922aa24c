"""Which files a pull request, or one commit on top of another, changes: all of them."""

from collections.abc import Iterable
from typing import Any

from bot.domain.facts import ListedFiles, TreeEntry
from bot.domain.references import ChangedFile, PullRequest, PullRequestRef, RepoRef, Sha
from bot.github import operations as ops
from bot.github.at_once import pages
from bot.github.begun import may_be_begun
from bot.github.client import PAGE_SIZE, GitHub
from bot.github.errors import Unprocessable
from bot.github.reads.contents import whole_tree
from bot.github.reads.repository import merge_base

LISTED = 3_000
"""Files of a pull request that GitHub lists."""
COMPARED = 300
"""Files that GitHub lists when it compares two commits."""


async def changed_files(gh: GitHub, pull: PullRequest) -> tuple[ChangedFile, ...]:
    """The files that a pull request changes, three-dot, renames detected; a path comes once.

    GitHub lists 3,000, and for some pull requests none because the diff takes it too long (422).  The others are found
    by comparing the two trees: these have no patch, and a file counts as renamed only if its content is the same.
    """
    try:
        listed = await listed_files(gh, pull)
    except Unprocessable:
        listed = None
    if listed is not None and not listed.not_listed:
        return listed.files
    known = {file.path for file in listed.files} if listed else set()
    whole = await _by_trees(gh, pull.ref.repo, pull.base_ref, pull.head_sha)
    return (*(listed.files if listed else ()), *(file for file in whole if file.path not in known))


async def listed_files(gh: GitHub, pull: PullRequest) -> ListedFiles:
    """The changed files that GitHub lists: at most 3,000, and how many more there are.

    https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
    """
    files = await files_of(gh, pull.ref)
    return ListedFiles(files=files, not_listed=max(0, pull.changed_files - len(files)))


@may_be_begun
async def files_of(gh: GitHub, ref: PullRequestRef, *, about: int = 0) -> tuple[ChangedFile, ...]:
    """Those of :func:`listed_files`.  If there are ``about`` so many, all of their pages come at once."""

    async def page(number: int) -> list[ChangedFile]:
        if (number - 1) * PAGE_SIZE >= LISTED:
            return []
        query: dict[str, str | int] = {"per_page": PAGE_SIZE, "page": number}
        return await gh.call(ops.LIST_FILES, ref.repo, _files, query=query, pull_number=ref.number)

    return tuple(await pages(page, about=min(about, LISTED), size=PAGE_SIZE))


async def changed_between(gh: GitHub, repo: RepoRef, base: Sha, head: Sha) -> tuple[ChangedFile, ...]:
    """The files that ``head`` changes since its merge base with ``base``.

    GitHub lists up to 300, with the first page of the commits alone; of more, the two trees are compared.
    https://docs.github.com/en/rest/commits/commits#compare-two-commits
    """

    def parse(data: Any) -> tuple[ChangedFile, ...] | None:
        files = tuple(_file(file) for file in data["files"])
        return files if len(files) < COMPARED else None

    listed = await gh.call(ops.COMPARE, repo, parse, basehead=f"{base}...{head}", query={"per_page": 1})
    return await _by_trees(gh, repo, base, head) if listed is None else listed


async def _by_trees(gh: GitHub, repo: RepoRef, base: str, head: Sha) -> tuple[ChangedFile, ...]:
    start = await merge_base(gh, repo, base, head)
    return differing(await whole_tree(gh, repo, start), await whole_tree(gh, repo, head))


def differing(before: Iterable[TreeEntry], after: Iterable[TreeEntry]) -> tuple[ChangedFile, ...]:
    """The files that differ between two trees; one whose content went to another path as a whole was renamed."""
    old, new = _by_path(before), _by_path(after)
    gone: dict[Sha, list[str]] = {}
    for path in sorted(old.keys() - new.keys(), reverse=True):
        gone.setdefault(old[path].sha, []).append(path)
    found = []
    for path in sorted(new):
        entry = new[path]
        if path not in old:
            sources = gone.get(entry.sha)
            found.append(_entry(entry, "renamed", sources.pop()) if sources else _entry(entry, "added"))
        elif old[path].sha != entry.sha:
            found.append(_entry(entry, "modified"))
    left = sorted(path for paths in gone.values() for path in paths)
    return (*found, *(_entry(old[path], "removed") for path in left))


def _by_path(entries: Iterable[TreeEntry]) -> dict[str, TreeEntry]:
    return {entry.path: entry for entry in entries}


def _entry(entry: TreeEntry, status: str, previous: str | None = None) -> ChangedFile:
    return ChangedFile(path=entry.path, previous_path=previous, status=status, blob_sha=entry.sha, patch=None)


def _files(data: Any) -> list[ChangedFile]:
    return [_file(each) for each in data]


def _file(data: Any) -> ChangedFile:
    return ChangedFile(
        path=str(data["filename"]),
        previous_path=data.get("previous_filename"),
        status=str(data["status"]),
        blob_sha=None if data["sha"] is None else Sha(str(data["sha"])),
        patch=data.get("patch"),
    )
