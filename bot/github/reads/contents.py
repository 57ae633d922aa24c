"""Git content: blobs, files at a revision, trees, archives.  https://docs.github.com/en/rest/git."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

from bot.domain.facts import NotAFile, Tree, TreeEntry
from bot.domain.references import RepoRef, Sha
from bot.github import operations as ops
from bot.github.client import GitHub
from bot.github.errors import NotFound

_AT_ONCE = 8
"""Blobs asked for at the same time; GitHub allows 100 requests in flight for all of an App."""
_LONGEST_PATH = 4096
"""Bytes: PATH_MAX of Linux, where git makes symbolic links."""
_LOOKUPS = 100
"""Paths in one GraphQL request: far below its limits of 500,000 nodes and 10 s."""


async def blob(gh: GitHub, repo: RepoRef, sha: Sha) -> bytes:
    """The bytes of a blob, up to 100 MB at GitHub's and 48 MB at our end (``Refused``)."""
    return await gh.call(ops.GET_BLOB, repo, _decoded, file_sha=sha)


async def blobs(gh: GitHub, repo: RepoRef, shas: Iterable[Sha]) -> Mapping[Sha, bytes]:
    """Several blobs, each once, at most eight at a time.  The first error ends it."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def fetch(sha: Sha) -> bytes:
        async with places:
            return await blob(gh, repo, sha)

    requested = tuple(dict.fromkeys(shas))
    tasks = [asyncio.create_task(fetch(sha)) for sha in requested]
    try:
        return dict(zip(requested, await asyncio.gather(*tasks), strict=True))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # nothing of it goes on behind the caller's back


async def file_at(gh: GitHub, repo: RepoRef, path: str, rev: str) -> bytes | NotAFile | None:
    """The bytes of the file at ``path`` in a revision; ``None`` if there is nothing.

    Files over 1 MB come by their blob, as GitHub sends none of their content here.  A symbolic link to a file of the
    same repository is followed by GitHub; only one that leads elsewhere is reported as a link.
    https://docs.github.com/en/rest/repos/contents#get-repository-content
    """
    try:
        found = await gh.call(ops.GET_CONTENT, repo, _content, path=path, query={"ref": rev})
    except NotFound:
        return None
    return found if isinstance(found, bytes | NotAFile) else await blob(gh, repo, found)


async def files_at(gh: GitHub, repo: RepoRef, paths: Iterable[str], rev: Sha) -> Mapping[str, bytes | None]:
    """Many paths at once, where most of them do not exist: ``None`` for those and for what is no file.

    One GraphQL request for each 100 paths finds out what is there; only that is fetched.  A symbolic link is a blob
    too, and no file: content that looks like a link's target is checked once more.
    """
    requested = tuple(dict.fromkeys(paths))
    found: dict[str, Sha] = {}
    for start in range(0, len(requested), _LOOKUPS):
        found |= await _lookup(gh, repo, requested[start : start + _LOOKUPS], rev)
    content = await blobs(gh, repo, found.values())
    read = {path: content[sha] for path, sha in found.items()}
    for path in [path for path, content in read.items() if _may_be_link(content)]:
        if await file_at(gh, repo, path, rev) != read[path]:
            del read[path]
    return {path: read.get(path) for path in requested}


def _may_be_link(content: bytes) -> bool:
    """Whether a blob can be a link's target: a path, without the line break that files end with."""
    return 0 < len(content) <= _LONGEST_PATH and not content.endswith(b"\n") and b"\0" not in content


async def tree(gh: GitHub, repo: RepoRef, sha: str) -> Tree:
    """Everything below a commit, branch or tree, except directories."""
    return await gh.call(ops.GET_TREE, repo, _tree, tree_sha=sha, query={"recursive": 1})


async def whole_tree(gh: GitHub, repo: RepoRef, sha: str) -> tuple[TreeEntry, ...]:
    """Everything below a commit, branch or tree, except directories, however much it is.

    What GitHub cuts short it gives piece by piece: https://docs.github.com/en/rest/git/trees#get-a-tree
    """
    at_once = await tree(gh, repo, sha)
    if not at_once.truncated:
        return at_once.entries
    here = await gh.call(ops.GET_TREE, repo, lambda data: data["tree"], tree_sha=sha)
    entries = [_entry(each) for each in here if each["type"] != "tree"]
    for each in here:
        if each["type"] == "tree":
            below = await whole_tree(gh, repo, Sha(str(each["sha"])))
            entries += [replace(entry, path=f"{each['path']}/{entry.path}") for entry in below]
    return tuple(entries)


async def tarball(gh: GitHub, repo: RepoRef, sha: Sha) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
    """The tree of a commit as a ``.tar.gz`` stream below one directory: ``async with await tarball(…) as chunks``.

    https://docs.github.com/en/rest/repos/contents#download-a-repository-archive-tar
    """
    return await gh.archive(ops.TARBALL, repo, ref=sha)


async def _lookup(gh: GitHub, repo: RepoRef, paths: tuple[str, ...], rev: Sha) -> Mapping[str, Sha]:
    """The blobs at ``paths``.  Paths travel as variables: nothing of them is ever part of a document."""
    names = [f"p{number}" for number in range(len(paths))]
    document = (ops.OBJECTS_AT.document or "") % {
        "variables": "".join(f", ${name}: String!" for name in names),
        "fields": " ".join(f"{name}: object(expression: ${name}) {{ __typename oid }}" for name in names),
    }

    def parse(data: Any) -> Mapping[str, Sha]:
        repository = data["repository"]
        nodes = {path: repository[name] for path, name in zip(paths, names, strict=True)}
        return {path: Sha(node["oid"]) for path, node in nodes.items() if node and node["__typename"] == "Blob"}

    expressions = {name: f"{rev}:{path}" for path, name in zip(paths, names, strict=True)}
    return await gh.graphql(
        ops.OBJECTS_AT, repo, parse, document=document, owner=repo.owner, name=repo.name, **expressions
    )


def _decoded(data: Any) -> bytes:
    encoding = data["encoding"]
    if encoding == "base64":
        return base64.b64decode(data["content"])
    if encoding == "utf-8":
        return str(data["content"]).encode()
    raise ValueError(f"unknown encoding {encoding!r}")


def _content(data: Any) -> bytes | NotAFile | Sha:
    """What the contents endpoint found; a blob's id where it leaves the content out."""
    if isinstance(data, list):
        return NotAFile.DIRECTORY
    match data["type"]:
        case "file" if data["encoding"] == "none":
            return Sha(str(data["sha"]))
        case "file":
            return _decoded(data)
        case "symlink":
            return NotAFile.SYMLINK
        case "submodule":
            return NotAFile.SUBMODULE
        case other:
            raise ValueError(f"unknown type {other!r}")


def _tree(data: Any) -> Tree:
    entries = tuple(_entry(each) for each in data["tree"] if each["type"] != "tree")
    return Tree(sha=Sha(str(data["sha"])), entries=entries, truncated=bool(data["truncated"]))


def _entry(data: Any) -> TreeEntry:
    return TreeEntry(path=str(data["path"]), mode=str(data["mode"]), sha=Sha(str(data["sha"])), size=data.get("size"))
