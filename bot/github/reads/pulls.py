"""Pull requests and their files.  https://docs.github.com/en/rest/pulls."""

from typing import Any

from bot.facts import ChangedFiles
from bot.github import operations as ops
from bot.github.client import GitHub
from bot.model import ChangedFile, PullRequest, PullRequestRef, RepoRef, Sha


async def pull_request(gh: GitHub, ref: PullRequestRef) -> PullRequest:
    """The pull request as it is now."""
    return await gh.call(ops.GET_PULL, ref.repo, lambda data: _pull(ref.repo, data), pull_number=ref.number)


async def open_pull_requests(gh: GitHub, repo: RepoRef, *, head: str | None = None) -> tuple[PullRequestRef, ...]:
    """The open pull requests, newest first; with ``head``, only those from that branch of the same repository."""
    query = {"state": "open", **({"head": f"{repo.owner}:{head}"} if head else {})}
    pages = gh.pages(ops.LIST_PULLS, repo, lambda data: (int(data["number"]), str(data["head"]["ref"])), query=query)
    # Checked again: GitHub ignores a head filter that it cannot read and lists everything.
    return tuple([PullRequestRef(repo=repo, number=n) async for n, branch in pages if head in (None, branch)])


async def changed_files(gh: GitHub, pull: PullRequest) -> ChangedFiles:
    """The changed files, three-dot, renames detected: at most 3,000, and how many more there are.

    https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
    """
    pages = gh.pages(ops.LIST_FILES, pull.ref.repo, _file, pull_number=pull.ref.number)
    files = tuple([file async for file in pages])
    return ChangedFiles(files=files, not_listed=max(0, pull.changed_files - len(files)))


def _pull(repo: RepoRef, data: Any) -> PullRequest:
    head, base = data["head"], data["base"]
    return PullRequest(
        ref=PullRequestRef(repo=repo, number=int(data["number"])),
        node_id=str(data["node_id"]),
        title=str(data["title"]),
        html_url=str(data["html_url"]),
        state=str(data["state"]),
        draft=bool(data.get("draft")),
        merged=bool(data["merged"]),
        author=str((data["user"] or {}).get("login", "")),
        base_ref=str(base["ref"]),
        base_sha=Sha(str(base["sha"])),
        head_ref=str(head["ref"]),
        head_sha=Sha(str(head["sha"])),
        head_repo=None if head["repo"] is None else str(head["repo"]["full_name"]),
        maintainer_can_modify=bool(data["maintainer_can_modify"]),
        changed_files=int(data["changed_files"]),
        locked=bool(data["locked"]),
    )


def _file(data: Any) -> ChangedFile:
    return ChangedFile(
        path=str(data["filename"]),
        previous_path=data.get("previous_filename"),
        status=str(data["status"]),
        blob_sha=None if data["sha"] is None else Sha(str(data["sha"])),
        patch=data.get("patch"),
    )
