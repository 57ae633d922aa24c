"""The git database: blobs, trees, commits, refs.  https://docs.github.com/rest/git"""

import base64
import binascii
import re
from datetime import datetime

from bot.sandbox.errors import ApiError, invalid, malformed, not_found
from bot.sandbox.objects import BLOB, EXECUTABLE, SUBMODULE, SYMLINK, TREE, Signature, TreeEntry
from bot.sandbox.pushing import move_ref, signature
from bot.sandbox.routing import NO_CONTENT, Answer, Call, Router
from bot.sandbox.shapes import commits
from bot.sandbox.shapes.repositories import api
from bot.sandbox.world import Obj

router = Router()
MAX_TREE_ENTRIES = 100_000
"""https://docs.github.com/rest/git/trees#get-a-tree"""
MODES = {BLOB: "blob", EXECUTABLE: "blob", SYMLINK: "blob", TREE: "tree", SUBMODULE: "commit"}


@router.route("GET", "/repos/{owner}/{repo}/git/blobs/{file_sha}", "contents:read", "raw")
async def get_blob(call: Call) -> Answer:
    sha = call.params["file_sha"]
    found = await call.repo.git.store.read(sha)
    if found is None or found.kind != "blob":
        raise not_found()
    if call.media == "raw":
        return Answer(body=found.data, content_type="application/vnd.github.raw; charset=utf-8")
    body: Obj = {
        "sha": sha,
        "node_id": f"B_{sha}",
        "size": len(found.data),
        "url": f"{api(call.repo, call.url)}/git/blobs/{sha}",
        "content": base64.encodebytes(found.data).decode(),
        "encoding": "base64",
    }
    return Answer(body=body)


@router.route("POST", "/repos/{owner}/{repo}/git/blobs", "contents:write")
async def create_blob(call: Call) -> Answer:
    content, encoding = call.take("content", str), call.take("encoding", str, "utf-8")
    if encoding not in ("utf-8", "base64"):
        raise malformed(f'"{encoding}" is not a valid encoding.')
    try:
        data = content.encode() if encoding == "utf-8" else base64.b64decode(content, validate=False)
    except binascii.Error:
        raise malformed("content is not valid Base64") from None
    sha = call.repo.git.store.write("blob", data)
    return Answer(status=201, body={"sha": sha, "url": f"{api(call.repo, call.url)}/git/blobs/{sha}"})


@router.route("GET", "/repos/{owner}/{repo}/git/trees/{tree_sha}", "contents:read")
async def get_tree(call: Call) -> Answer:
    """``tree_sha`` may also be a commit or a ref."""
    git = call.repo.git
    name = call.params["tree_sha"]
    found = await git.store.read(name)
    if found is None or found.kind != "tree":
        commit = await git.resolve(name)
        if commit is None:
            raise not_found()
        name = (await git.commit(commit)).tree
    if "recursive" in call.query:
        entries = await git.store.walk_all(name)
    else:
        entries = await git.store.tree(name)
    return Answer(body=await _tree(call, name, entries))


async def _tree(call: Call, sha: str, entries: dict[str, TreeEntry]) -> Obj:
    shown = list(entries.items())[:MAX_TREE_ENTRIES]
    listed = [commits.tree_entry(path, entry, await _size(call, entry), call.repo, call.url) for path, entry in shown]
    url = f"{api(call.repo, call.url)}/git/trees/{sha}"
    return {"sha": sha, "url": url, "tree": listed, "truncated": len(entries) > len(shown)}


async def _size(call: Call, entry: TreeEntry) -> int | None:
    return await call.repo.git.store.size(entry.sha) if entry.kind == "blob" else None


@router.route("POST", "/repos/{owner}/{repo}/git/trees", "contents:write")
async def create_tree(call: Call) -> Answer:
    """On top of ``base_tree``: an entry with ``sha`` null is a deletion, one with ``content`` a new blob."""
    store = call.repo.git.store
    base = call.maybe("base_tree", str)
    if base is not None:
        found = await store.read(base)
        if found is None or found.kind not in ("tree", "commit"):
            raise invalid("Tree", "base_tree", "base_tree is not a valid tree oid", code="invalid")
        base = base if found.kind == "tree" else (await call.repo.git.commit(base)).tree
    changes = dict([await _requested(call, each) for each in call.take("tree", list)])
    sha = await store.edit_tree(base, changes)
    return Answer(status=201, body=await _tree(call, sha, await store.tree(sha)))


async def _requested(call: Call, each: Obj) -> tuple[str, TreeEntry | None]:
    path, mode = each.get("path"), each.get("mode")
    if not isinstance(path, str) or not path or any(part in ("", ".", "..", ".git") for part in path.split("/")):
        raise ApiError(422, "tree.path contains a malformed path component")
    if mode not in MODES or each.get("type", MODES[mode]) != MODES[mode]:
        raise ApiError(422, "Must supply a valid tree.mode")
    store = call.repo.git.store
    if "content" in each:
        return path, TreeEntry(mode=mode, sha=store.write("blob", each["content"].encode()))
    if "sha" not in each:
        raise ApiError(422, "Must supply either tree.sha or tree.content")
    if each["sha"] is None:
        return path, None
    found = await store.read(each["sha"])
    if mode != SUBMODULE and (found is None or found.kind != MODES[mode]):
        raise ApiError(422, f"tree.sha {each['sha']} is not a valid {MODES[mode]}")
    return path, TreeEntry(mode=mode, sha=each["sha"])


@router.route("GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}", "contents:read")
async def get_commit(call: Call) -> Answer:
    found = await call.repo.git.store.commit(call.params["commit_sha"])
    if found is None:
        raise not_found()
    return Answer(body=commits.git_commit(found, call.repo, call.url))


@router.route("POST", "/repos/{owner}/{repo}/git/commits", "contents:write")
async def create_commit(call: Call) -> Answer:
    """What an App commits without naming an author is signed by GitHub."""
    git = call.repo.git
    tree, parents = call.take("tree", str), tuple(call.take("parents", list, []))
    found = await git.store.read(tree)
    if found is None or found.kind != "tree":
        raise ApiError(422, "Tree SHA does not exist")
    for sha in parents:
        if await git.store.commit(sha) is None:
            raise ApiError(422, "Parent SHA does not exist or is not a commit object")
    mine = signature(call.world, call.actor.user)
    author = _signature(call.maybe("author", dict), mine)
    committer = _signature(call.maybe("committer", dict), author)
    message = call.take("message", str)
    sha = git.store.write_commit(tree=tree, parents=parents, author=author, committer=committer, message=message)
    if call.actor.app is not None and "author" not in call.body and "committer" not in call.body:
        call.repo.verified.add(sha)
    return Answer(status=201, body=commits.git_commit(await git.commit(sha), call.repo, call.url))


def _signature(given: Obj | None, default: Signature) -> Signature:
    if given is None:
        return default
    at = datetime.fromisoformat(given["date"]) if "date" in given else default.at
    return Signature(name=given.get("name", default.name), email=given.get("email", default.email), at=at)


@router.route("GET", "/repos/{owner}/{repo}/git/ref/{ref}", "contents:read")
async def get_ref(call: Call) -> Answer:
    name = f"refs/{call.params['ref']}"
    sha = call.repo.git.refs.get(name)
    if sha is None:
        raise not_found()
    return Answer(body=commits.ref(name, sha, call.repo, call.url))


@router.route("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref}", "contents:read")
async def matching_refs(call: Call) -> Answer:
    prefix = f"refs/{call.params['ref']}"
    found = sorted((name, sha) for name, sha in call.repo.git.refs.items() if name.startswith(prefix))
    return call.page(found, lambda each: commits.ref(*each, call.repo, call.url))


@router.route("POST", "/repos/{owner}/{repo}/git/refs", "contents:write")
async def create_ref(call: Call) -> Answer:
    name, sha = call.take("ref", str), call.take("sha", str)
    if not re.match(r"refs/[^/]+/.", name):
        raise ApiError(422, "Reference name must start with 'refs/' and have at least two slashes.")
    if name in call.repo.git.refs:
        raise ApiError(422, "Reference already exists")
    if call.repo.git.ref_conflict(name):
        raise ApiError(422, f"{name} is not a valid ref name.")
    await _require_commit(call, sha)
    await move_ref(call.world, call.repo, name, sha, call.actor)
    return Answer(status=201, body=commits.ref(name, sha, call.repo, call.url))


@router.route("PATCH", "/repos/{owner}/{repo}/git/refs/{ref}", "contents:write")
async def update_ref(call: Call) -> Answer:
    """Only forward, unless ``force``."""
    git, name, sha = call.repo.git, f"refs/{call.params['ref']}", call.take("sha", str)
    before = git.refs.get(name)
    if before is None:
        raise ApiError(422, "Reference does not exist")
    await _require_commit(call, sha)
    if name.removeprefix("refs/heads/") in call.repo.protected:
        raise ApiError(422, "Changes must be made through a pull request.")
    if not call.take("force", bool, default=False) and not await git.contains(sha, before):
        raise ApiError(422, "Update is not a fast forward")
    await move_ref(call.world, call.repo, name, sha, call.actor)
    return Answer(body=commits.ref(name, sha, call.repo, call.url))


@router.route("DELETE", "/repos/{owner}/{repo}/git/refs/{ref}", "contents:write")
async def delete_ref(call: Call) -> Answer:
    name = f"refs/{call.params['ref']}"
    if name not in call.repo.git.refs:
        raise ApiError(422, "Reference does not exist")
    await move_ref(call.world, call.repo, name, None, call.actor)
    return NO_CONTENT


async def _require_commit(call: Call, sha: str) -> None:
    if await call.repo.git.store.commit(sha) is None:
        raise ApiError(422, "Object does not exist")
