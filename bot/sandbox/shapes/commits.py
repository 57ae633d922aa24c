"""Commits, refs, trees, and the files of a diff."""

from urllib.parse import quote

from bot.sandbox.diffs import FileDiff
from bot.sandbox.model import Repository
from bot.sandbox.objects import Commit, Signature, TreeEntry
from bot.sandbox.shapes import accounts, stamp
from bot.sandbox.shapes.repositories import api, page
from bot.sandbox.world import Obj, World


def when(signature: Signature) -> Obj:
    return {"name": signature.name, "email": signature.email, "date": signature.at.isoformat().replace("+00:00", "Z")}


def verification(of: Commit, repo: Repository) -> Obj:
    verified = of.sha in repo.verified
    return {
        "verified": verified,
        "reason": "valid" if verified else "unsigned",
        "signature": "-----BEGIN PGP SIGNATURE-----\n\nsandbox\n-----END PGP SIGNATURE-----\n" if verified else None,
        "payload": f"tree {of.tree}\n" if verified else None,
        "verified_at": stamp(of.committer.at) if verified else None,
    }


def git_commit(of: Commit, repo: Repository, url: str) -> Obj:
    """git-commit: the git database's view."""
    here, site = api(repo, url), page(repo, url)
    return {
        "sha": of.sha,
        "node_id": f"C_{of.sha}",
        "url": f"{here}/git/commits/{of.sha}",
        "html_url": f"{site}/commit/{of.sha}",
        "author": when(of.author),
        "committer": when(of.committer),
        "tree": {"sha": of.tree, "url": f"{here}/git/trees/{of.tree}"},
        "message": of.message,
        "parents": [
            {"sha": sha, "url": f"{here}/git/commits/{sha}", "html_url": f"{site}/commit/{sha}"} for sha in of.parents
        ],
        "verification": verification(of, repo),
    }


def commit(of: Commit, repo: Repository, world: World, files: tuple[FileDiff, ...] | None = None) -> Obj:
    """commit: the repository's view; with ``files`` also the statistics."""
    here, site = api(repo, world.url), page(repo, world.url)
    git = git_commit(of, repo, world.url)
    body: Obj = {
        "url": f"{here}/commits/{of.sha}",
        "sha": of.sha,
        "node_id": git["node_id"],
        "html_url": git["html_url"],
        "comments_url": f"{here}/commits/{of.sha}/comments",
        "commit": {
            **{key: git[key] for key in ("url", "author", "committer", "message", "tree", "verification")},
            "comment_count": 0,
        },
        "author": account(of.author, world),
        "committer": account(of.committer, world),
        "parents": [
            {"sha": sha, "url": f"{here}/commits/{sha}", "html_url": f"{site}/commit/{sha}"} for sha in of.parents
        ],
    }
    if files is not None:
        added, deleted = sum(f.additions for f in files), sum(f.deletions for f in files)
        body["stats"] = {"total": added + deleted, "additions": added, "deletions": deleted}
        body["files"] = [diff_entry(f, repo, of.sha, world.url) for f in files]
    return body


def account(signature: Signature, world: World) -> Obj | None:
    """The user whose address signed, ``None`` for a stranger's."""
    number, plus, _ = signature.email.partition("+")
    for user in world.users.values():
        if plus and number == str(user.id):
            return accounts.user(user, world.url)
    return None


def diff_entry(of: FileDiff, repo: Repository, head: str, url: str) -> Obj:
    """diff-entry: one file of a pull request, a commit or a comparison."""
    path = quote(of.path)
    gone = of.status == "removed"
    body: Obj = {
        "sha": of.old_sha if gone else of.new_sha,
        "filename": of.path,
        "status": of.status,
        "additions": of.additions,
        "deletions": of.deletions,
        "changes": of.additions + of.deletions,
        "blob_url": f"{page(repo, url)}/blob/{head}/{path}",
        "raw_url": f"{page(repo, url)}/raw/{head}/{path}",
        "contents_url": f"{api(repo, url)}/contents/{path}?ref={head}",
    }
    if of.patch is not None:
        body["patch"] = of.patch
    if of.previous_path is not None:
        body["previous_filename"] = of.previous_path
    return body


def ref(name: str, sha: str, repo: Repository, url: str) -> Obj:
    here = api(repo, url)
    return {
        "ref": name,
        "node_id": f"REF_{repo.id}:{name}",
        "url": f"{here}/git/{quote(name)}",
        "object": {"type": "commit", "sha": sha, "url": f"{here}/git/commits/{sha}"},
    }


def tree_entry(path: str, entry: TreeEntry, size: int | None, repo: Repository, url: str) -> Obj:
    body: Obj = {"path": path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha}
    if entry.kind == "commit":
        return body
    if size is not None:
        body["size"] = size
    return {**body, "url": f"{api(repo, url)}/git/{entry.kind}s/{entry.sha}"}


def head_commit(of: Commit) -> Obj:
    """The ``head_commit`` of a check suite."""
    return {
        "id": of.sha,
        "tree_id": of.tree,
        "message": of.message,
        "timestamp": of.committer.at.isoformat(),
        "author": {"name": of.author.name, "email": of.author.email},
        "committer": {"name": of.committer.name, "email": of.committer.email},
    }


def pushed_commit(of: Commit, repo: Repository, files: tuple[FileDiff, ...], world: World) -> Obj:
    """The entry of a push webhook's ``commits``."""
    return {
        "id": of.sha,
        "tree_id": of.tree,
        "distinct": True,
        "message": of.message,
        "timestamp": of.committer.at.isoformat(),
        "url": f"{page(repo, world.url)}/commit/{of.sha}",
        "author": {"name": of.author.name, "email": of.author.email},
        "committer": {"name": of.committer.name, "email": of.committer.email},
        "added": [f.path for f in files if f.status in ("added", "renamed", "copied")],
        "removed": [f.previous_path or f.path for f in files if f.status in ("removed", "renamed")],
        "modified": [f.path for f in files if f.status in ("modified", "changed")],
    }
