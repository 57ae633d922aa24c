"""Git content: blobs, files at a revision, trees, archives.  https://docs.github.com/en/rest/git."""

import base64
import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from typing import Any

from bot import memory
from bot.domain.facts import NotAFile, Tree, TreeEntry
from bot.domain.references import RepoRef, Sha
from bot.github import operations as ops
from bot.github.at_once import of_each
from bot.github.begun import may_be_begun
from bot.github.client import GitHub
from bot.github.errors import GraphQLError, NoAnswer, NotFound

Place = tuple[Sha, str]
"""A path at a commit."""
_LONGEST_PATH = 4096
"""Bytes: PATH_MAX of Linux, where git makes symbolic links."""
_LOOKUPS = 100
"""Files in one GraphQL request: far below its limits of 500,000 nodes and 10 s."""


async def blob(gh: GitHub, repo: RepoRef, sha: Sha) -> bytes:
    """The bytes of a blob, up to 100 MB at GitHub's and 48 MB at our end (``Refused``)."""
    found = await gh.call(ops.GET_BLOB, repo, _decoded, file_sha=sha)
    await memory.take(len(found))
    return found


async def blobs(gh: GitHub, repo: RepoRef, shas: Iterable[Sha]) -> Mapping[Sha, bytes]:
    """Several blobs, each once, at most eight at a time.  The first error ends it."""
    requested = tuple(dict.fromkeys(shas))
    return dict(zip(requested, await of_each(partial(blob, gh, repo), requested), strict=True))


@may_be_begun
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
    """Many paths at once, where most of them may not exist: ``None`` for those and for what is no file."""
    found = await files(gh, repo, ((rev, path) for path in paths))
    return {path: content for (_, path), content in found.items()}


async def files(
    gh: GitHub, repo: RepoRef, places: Iterable[Place], *, batch: int = _LOOKUPS
) -> Mapping[Place, bytes | None]:
    """The files at many places, each a commit and a path: ``None`` where there is nothing, or what is no file.

    One GraphQL request for each ``batch`` of places, all at once; where GitHub finds one too large, half as many.  It
    gives text as it decoded it, or a part of it: what does not have the blob's id is fetched as it is.  A symbolic
    link is a blob too, and no file: content that looks like a link's target is checked once more.
    """
    requested = tuple(dict.fromkeys(places))
    found = await _looked_up(gh, repo, requested, batch)
    content = await blobs(gh, repo, [sha for sha, text in found.values() if text is None])
    read = {place: content[sha] if text is None else text for place, (sha, text) in found.items()}
    doubtful = [place for place, data in read.items() if may_be_link(data)]
    checked = await of_each(lambda place: file_at(gh, repo, place[1], place[0]), doubtful)
    links = {place for place, data in zip(doubtful, checked, strict=True) if data != read[place]}
    return {place: None if place in links else read.get(place) for place in requested}


def may_be_link(content: bytes) -> bool:
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


_ID = "__typename oid"
_CONTENT = f"{_ID} ... on Blob {{ isBinary isTruncated text }}"
_Found = Mapping[Place, tuple[Sha, bytes | None]]


async def _looked_up(gh: GitHub, repo: RepoRef, places: Sequence[Place], batch: int) -> _Found:
    """The blobs at ``places``: their ids, and their bytes where GitHub gives them as they are."""

    async def look(some: Sequence[Place]) -> _Found:
        try:
            return await _lookup(gh, repo, some, _CONTENT)
        except NoAnswer:  # so much of it may take GitHub too long
            return await _lookup(gh, repo, some, _ID)
        except GraphQLError as error:
            if not error.too_large or len(some) == 1:
                raise
        return await _looked_up(gh, repo, some, (len(some) + 1) // 2)

    batches = [places[start : start + batch] for start in range(0, len(places), batch)]
    return {place: blob for found in await of_each(look, batches) for place, blob in found.items()}


async def _lookup(gh: GitHub, repo: RepoRef, places: Sequence[Place], fields: str) -> _Found:
    """Paths travel as variables: nothing of them is ever part of a document."""
    names = [f"p{number}" for number in range(len(places))]
    document = (ops.OBJECTS_AT.document or "") % {
        "variables": "".join(f", ${name}: String!" for name in names),
        "fields": " ".join(f"{name}: object(expression: ${name}) {{ {fields} }}" for name in names),
    }

    def parse(data: Any) -> _Found:
        repository = data["repository"]
        nodes = {place: repository[name] for place, name in zip(places, names, strict=True)}
        return {
            place: (Sha(node["oid"]), exact(node) if fields is _CONTENT else None)
            for place, node in nodes.items()
            if node and node["__typename"] == "Blob"
        }

    expressions = {name: f"{rev}:{path}" for (rev, path), name in zip(places, names, strict=True)}
    found = await gh.graphql(
        ops.OBJECTS_AT, repo, parse, document=document, owner=repo.owner, name=repo.name, **expressions
    )
    await memory.take(sum(len(text or b"") for _, text in found.values()))
    return found


def exact(node: Any) -> bytes | None:
    """The bytes of a GraphQL ``Blob``; ``None`` if its text is missing, cut, or was changed by decoding it."""
    if node["isTruncated"] or node["isBinary"] or node["text"] is None:
        return None
    data = str(node["text"]).encode("utf-8", "surrogatepass")
    return data if is_blob(data, Sha(node["oid"])) else None


def is_blob(content: bytes, sha: Sha) -> bool:
    """Whether ``sha`` is the git id of a blob with this content."""
    named = b"blob %d\0" % len(content) + content
    digest = hashlib.sha256(named) if len(sha) == 64 else hashlib.sha1(named, usedforsecurity=False)
    return digest.hexdigest() == sha


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
