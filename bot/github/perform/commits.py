"""Branches, commits and pull requests."""

import base64
from typing import Any

from bot.effects import FileCommit, NewPullRequest, TreeCommit, TreeFile
from bot.github import operations as ops
from bot.github.client import GitHub
from bot.github.errors import AlreadyExists, GraphQLError, HeadMoved, Unprocessable
from bot.model import PullRequestRef, RepoRef, Sha


def _sha(data: Any) -> Sha:
    return Sha(str(data["sha"]))


async def commit_files(gh: GitHub, repo: RepoRef, commit: FileCommit) -> Sha:
    """One signed commit on top of ``expected_head``, or :class:`HeadMoved` and none.

    https://docs.github.com/en/graphql/reference/mutations#createcommitonbranch
    """
    additions = [
        {"path": path, "contents": base64.b64encode(content).decode()} for path, content in commit.additions.items()
    ]
    message = {"headline": commit.headline, **({"body": commit.body} if commit.body else {})}
    given = {
        "branch": {"repositoryNameWithOwner": repo.full_name, "branchName": commit.branch},
        "expectedHeadOid": commit.expected_head,
        "message": message,
        "fileChanges": {"additions": additions, "deletions": [{"path": path} for path in commit.deletions]},
    }
    try:
        return await gh.graphql(
            ops.COMMIT_FILES, repo, lambda data: Sha(data["createCommitOnBranch"]["commit"]["oid"]), input=given
        )
    except GraphQLError as error:
        if error.kind == "STALE_DATA" or "expected branch to point to" in error.message.lower():
            raise HeadMoved(f"{commit.branch} is not at {commit.expected_head} any more") from error
        raise


async def commit_tree(gh: GitHub, repo: RepoRef, commit: TreeCommit) -> Sha:
    """A commit with file modes, from git objects; the branch moves to it from ``parent``, or :class:`HeadMoved`.

    Until the branch moves nobody sees anything: objects that nothing points to are collected by GitHub.
    https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-your-git-database
    """
    entries = [await _entry(gh, repo, file) for file in commit.files]
    base = await gh.call(ops.GET_COMMIT, repo, lambda data: _sha(data["tree"]), commit_sha=commit.parent)
    tree = await gh.call(ops.CREATE_TREE, repo, _sha, body={"base_tree": base, "tree": entries})
    made = {"message": commit.message, "tree": tree, "parents": [commit.parent]}
    sha = await gh.call(ops.CREATE_COMMIT, repo, _sha, body=made)
    try:
        await gh.call(
            ops.UPDATE_REF,
            repo,
            lambda data: _sha(data["object"]),
            body={"sha": sha, "force": False},
            ref=f"heads/{commit.branch}",
        )
    except Unprocessable as error:
        raise HeadMoved(f"{commit.branch} is not at {commit.parent} any more") from error
    return sha


async def create_ref(gh: GitHub, repo: RepoRef, branch: str, sha: Sha) -> None:
    """Create a branch.  :class:`AlreadyExists`: there is one of that name, wherever it points."""
    body = {"ref": f"refs/heads/{branch}", "sha": sha}
    try:
        await gh.call(ops.CREATE_REF, repo, lambda data: _sha(data["object"]), body=body)
    except Unprocessable as error:
        raise _existing(error) from error


async def open_pull_request(gh: GitHub, repo: RepoRef, new: NewPullRequest) -> PullRequestRef:
    """Open a pull request.  :class:`AlreadyExists`: there is one from that branch."""
    body = {"title": new.title, "head": new.head, "base": new.base, "body": new.body, "draft": new.draft}
    try:
        number = await gh.call(ops.CREATE_PULL, repo, lambda data: int(data["number"]), body=body)
    except Unprocessable as error:
        raise _existing(error) from error
    return PullRequestRef(repo=repo, number=number)


def _existing(error: Unprocessable) -> Unprocessable:
    return AlreadyExists(error.message, error.errors) if error.mentions("already exists") else error


async def _entry(gh: GitHub, repo: RepoRef, file: TreeFile) -> dict[str, Any]:
    """A tree entry; without an object (``sha`` null) the path is deleted."""
    sha = None
    if file.content is not None:
        blob = {"content": base64.b64encode(file.content).decode(), "encoding": "base64"}
        sha = await gh.call(ops.CREATE_BLOB, repo, _sha, body=blob)
    return {"path": file.path, "mode": file.mode, "type": "blob", "sha": sha}
