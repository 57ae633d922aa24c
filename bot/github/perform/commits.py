"""Branches and commits."""

import base64
from typing import Any

from bot.domain.effects import FileCommit, MoveBranch, TreeCommit, TreeFile
from bot.domain.references import RepoRef, Sha
from bot.github import operations as ops
from bot.github.client import GitHub
from bot.github.errors import GraphQLError, HeadMoved, NotFound, Refused
from bot.github.reads.repository import branch_head, repository

_INLINE = 256 * 1024
"""Bytes of a file that go into the request that makes the tree; a larger one is a blob of its own."""


def _sha(data: Any) -> Sha:
    return Sha(str(data["sha"]))


async def commit_files(gh: GitHub, commit: FileCommit) -> Sha:
    """One signed commit on top of ``expected_head``, or :class:`HeadMoved` and none.

    https://docs.github.com/en/graphql/reference/mutations#createcommitonbranch
    """
    additions = [
        {"path": path, "contents": base64.b64encode(content).decode()} for path, content in commit.additions.items()
    ]
    message = {"headline": commit.headline, **({"body": commit.body} if commit.body else {})}
    given = {
        "branch": {"repositoryNameWithOwner": commit.repo.full_name, "branchName": commit.branch},
        "expectedHeadOid": commit.expected_head,
        "message": message,
        "fileChanges": {"additions": additions, "deletions": [{"path": path} for path in commit.deletions]},
    }
    try:
        return await gh.graphql(
            ops.COMMIT_FILES, commit.repo, lambda data: Sha(data["createCommitOnBranch"]["commit"]["oid"]), input=given
        )
    except GraphQLError as error:
        if error.kind == "STALE_DATA" or "expected branch to point to" in error.message.lower():
            raise HeadMoved(f"{commit.branch} is no longer at {commit.expected_head}") from error
        raise


async def commit_tree(gh: GitHub, commit: TreeCommit) -> Sha:
    """A commit with file modes, from git objects; the branch moves to it from ``before``, or :class:`HeadMoved`.

    Until the branch moves nobody sees anything: objects that nothing points to are collected by GitHub.
    https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-your-git-database
    """
    sha = await write_commit(gh, commit)
    await move_branch(gh, MoveBranch(repo=commit.repo, branch=commit.branch, before=commit.before, after=sha))
    return sha


async def write_commit(gh: GitHub, commit: TreeCommit) -> Sha:
    """The commit's objects alone: no branch moves.  GitHub signs it, since it names no author."""
    repo = commit.repo
    entries = [await _entry(gh, repo, file) for file in commit.files]
    base = await gh.call(ops.GET_COMMIT, repo, lambda data: _sha(data["tree"]), commit_sha=commit.parent)
    tree = await gh.call(ops.CREATE_TREE, repo, _sha, body={"base_tree": base, "tree": entries})
    made = {"message": commit.message, "tree": tree, "parents": [commit.parent]}
    return await gh.call(ops.CREATE_COMMIT, repo, _sha, body=made)


async def move_branch(gh: GitHub, move: MoveBranch) -> None:
    """Create, move or delete a branch if it is where it was seen.

    :class:`HeadMoved`: it is not at ``before`` any more, and nothing happened.
    https://docs.github.com/en/graphql/reference/mutations#updaterefs
    """
    nothing = "0" * len(move.before or move.after or "")
    update = {
        "name": f"refs/heads/{move.branch}",
        "beforeOid": move.before or nothing,
        "afterOid": move.after or nothing,
        "force": True,
    }
    given = {"repositoryId": (await repository(gh, move.repo)).node_id, "refUpdates": [update]}
    try:
        await gh.graphql(ops.UPDATE_REFS, move.repo, lambda _data: None, input=given)
    except GraphQLError as error:
        # GitHub does not document this error: where the branch is now decides.
        if await _head(gh, move.repo, move.branch) != move.before:
            raise HeadMoved(f"{move.branch} is no longer at {move.before}") from error
        if move.before is None and (other := await _in_the_way(gh, move)):
            reason = f"the branch {other} stands in the way of {other}/…; rename or delete it ({error.message})"
            raise Refused(error.status, reason) from error
        raise


async def _in_the_way(gh: GitHub, move: MoveBranch) -> str | None:
    """The branch whose name is a directory of the new one's: git can hold only one of the two."""
    parts = move.branch.split("/")
    for name in ("/".join(parts[:n]) for n in range(1, len(parts))):
        if await _head(gh, move.repo, name) is not None:
            return name
    return None


async def _head(gh: GitHub, repo: RepoRef, branch: str) -> Sha | None:
    try:
        return await branch_head(gh, repo, branch)
    except NotFound:
        return None


async def _entry(gh: GitHub, repo: RepoRef, file: TreeFile) -> dict[str, Any]:
    """A tree entry; without an object (``sha`` null) the path is deleted.  Text that is not long travels in it."""
    entry = {"path": file.path, "mode": file.mode, "type": "blob"}
    if (text := _inline(file.content)) is not None:
        return {**entry, "content": text}
    sha = None
    if file.content is not None:
        blob = {"content": base64.b64encode(file.content).decode(), "encoding": "base64"}
        sha = await gh.call(ops.CREATE_BLOB, repo, _sha, body=blob)
    return {**entry, "sha": sha}


def _inline(content: bytes | None) -> str | None:
    """The content as text, where GitHub makes the same bytes of it again."""
    if content is None or len(content) > _INLINE:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None
