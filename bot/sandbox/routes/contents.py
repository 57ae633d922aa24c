"""File contents.  https://docs.github.com/rest/repos/contents"""

import base64
import posixpath
from urllib.parse import quote

from bot.sandbox.errors import ApiError, not_found
from bot.sandbox.model import Repository
from bot.sandbox.objects import SUBMODULE, SYMLINK, TREE, TreeEntry
from bot.sandbox.routing import Answer, Call, Router
from bot.sandbox.shapes.repositories import api, page
from bot.sandbox.world import Obj

router = Router()
INLINE = 1 << 20
"""Bytes up to which the content is in the JSON answer."""
LARGEST = 100 << 20
"""Bytes up to which the raw media type hands it out."""
MAX_LINKS = 8
"""Symbolic links that are followed one after the other."""
MAX_ENTRIES = 1_000
"""Entries of a directory listing."""


@router.route("GET", "/repos/{owner}/{repo}/contents/{path}", "contents:read", "raw")
async def get_contents(call: Call) -> Answer:
    repo, path = call.repo, call.params["path"].strip("/")
    ref = call.query.get("ref") or repo.default_branch
    commit = await repo.git.resolve(ref)
    if commit is None:
        raise ApiError(404, f"No commit found for the ref {ref}")
    tree = (await repo.git.commit(commit)).tree
    entry = await repo.git.store.lookup(tree, path)
    if entry is None:
        raise not_found()
    if entry.mode == SYMLINK:
        entry = await _followed(repo, tree, path, entry)
    if entry.mode == TREE:
        found = await repo.git.store.tree(entry.sha)
        prefix = f"{path}/" if path else ""
        listed = sorted(found.items())[:MAX_ENTRIES]
        return Answer(body=[await _listed(call, repo, prefix + name, each, ref) for name, each in listed])
    if entry.mode == SUBMODULE:
        return Answer(body=common(repo, path, entry, 0, ref, call.url) | _submodule(repo, path, call.url))
    data = await repo.git.store.blob(entry.sha)
    return _file(call, repo, path, entry, data, ref, raw=call.media == "raw")


async def _followed(repo: Repository, tree: str, path: str, link: TreeEntry) -> TreeEntry:
    """The normal file that a symbolic link leads to, through others too; the link itself where it leads elsewhere."""
    at, entry = path, link
    for _ in range(MAX_LINKS):
        target = (await repo.git.store.blob(entry.sha)).decode(errors="surrogateescape")
        at = posixpath.normpath(posixpath.join(posixpath.dirname(at), target))
        found = None if at == ".." or at.startswith(("/", "../")) else await repo.git.store.lookup(tree, at)
        if found is None or found.kind != "blob":
            return link
        if found.mode != SYMLINK:
            return found
        entry = found
    return link


def _file(call: Call, repo: Repository, path: str, entry: TreeEntry, data: bytes, ref: str, *, raw: bool) -> Answer:
    if len(data) > LARGEST:
        error = {"resource": "Blob", "field": "data", "code": "too_large"}
        raise ApiError(
            403,
            "This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API, but "
            "you can always clone the repository via Git to obtain it.",
            errors=[error],
        )
    if raw:
        return Answer(body=data, content_type="application/vnd.github.raw; charset=utf-8")
    body = common(repo, path, entry, len(data), ref, call.url)
    if entry.mode == SYMLINK:
        return Answer(body=body | {"type": "symlink", "target": data.decode(errors="replace")})
    small = len(data) <= INLINE
    content = base64.encodebytes(data).decode() if small else ""
    return Answer(body=body | {"type": "file", "content": content, "encoding": "base64" if small else "none"})


def common(repo: Repository, path: str, entry: TreeEntry, size: int, ref: str, url: str) -> Obj:
    """What files, links, submodules and the entries of a listing have in common."""
    quoted = quote(path)
    kind = "trees" if entry.mode == TREE else "blobs"
    here = f"{api(repo, url)}/contents/{quoted}?ref={quote(ref)}"
    stored = None if entry.mode == SUBMODULE else f"{api(repo, url)}/git/{kind}/{entry.sha}"
    site = f"{page(repo, url)}/{'tree' if entry.mode == TREE else 'blob'}/{quote(ref)}/{quoted}"
    download = f"{url}/raw/{repo.full_name}/{quote(ref)}/{quoted}" if kind == "blobs" and stored else None
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": entry.sha,
        "size": size,
        "url": here,
        "html_url": site,
        "git_url": stored,
        "download_url": download,
        "_links": {"self": here, "git": stored, "html": site},
    }


def _submodule(repo: Repository, path: str, url: str) -> Obj:
    return {"type": "submodule", "submodule_git_url": f"{url}/{repo.owner.login}/{path.rpartition('/')[2]}.git"}


async def _listed(call: Call, repo: Repository, path: str, entry: TreeEntry, ref: str) -> Obj:
    """An entry of a listing; a submodule calls itself a file there, as it does on GitHub."""
    size = 0 if entry.kind != "blob" else len(await repo.git.store.blob(entry.sha))
    kind = {TREE: "dir", SYMLINK: "symlink", SUBMODULE: "file"}.get(entry.mode, "file")
    return common(repo, path, entry, size, ref, call.url) | {"type": kind}
