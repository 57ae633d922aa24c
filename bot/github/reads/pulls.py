"""Pull requests and their files.  https://docs.github.com/en/rest/pulls."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bot.domain.facts import AppIdentity, BranchCommit, Commit, ForcePush, OwnIssue, OwnPullRequest, PullBranch
from bot.domain.references import PullRequest, PullRequestRef, RepoRef, RepositoryId, Sha
from bot.github import operations as ops
from bot.github.at_once import pages
from bot.github.begun import may_be_begun
from bot.github.client import PAGE_SIZE, GitHub
from bot.github.errors import MissingPermission, NameTaken, NoCommonAncestor, NotFound
from bot.github.reads.app import ourselves
from bot.github.shrinking import answered
from bot.identity.checks import CHECK_NAME
from bot.identity.external_ids import pull_number


@may_be_begun
async def pull_request(gh: GitHub, ref: PullRequestRef) -> PullRequest:
    """The pull request as it is now."""
    return await gh.call(ops.GET_PULL, ref.repo, lambda data: _pull(ref.repo, data), pull_number=ref.number)


async def open_pull_requests(gh: GitHub, repo: RepoRef, *, head: str | None = None) -> tuple[PullRequestRef, ...]:
    """The open pull requests, newest first; with ``head``, only those from that branch of the same repository."""
    query = {"state": "open", **({"head": f"{repo.owner}:{head}"} if head else {})}

    def parse(data: Any) -> tuple[int, str]:
        _require(repo, data)
        return int(data["number"]), str(data["head"]["ref"])

    pages = gh.pages(ops.LIST_PULLS, repo, parse, query=query)
    # Checked again: GitHub ignores a head filter that it cannot read and lists everything.
    return tuple([PullRequestRef(repo=repo, number=n) async for n, branch in pages if head in (None, branch)])


async def pull_requests_of_branch(gh: GitHub, repo: RepoRef, branch: str) -> tuple[PullRequestRef, ...]:
    """All pull requests that ever came from that branch of the same repository, open or not, newest first.

    GitHub lists them also when the branch is gone.
    """

    def parse(data: Any) -> tuple[int, bool]:
        _require(repo, data)
        source = data["head"]["repo"]
        return int(data["number"]), data["head"]["ref"] == branch and (source is None or int(source["id"]) == repo.id)

    pages = gh.pages(ops.LIST_PULLS, repo, parse, query={"state": "all", "head": f"{repo.owner}:{branch}"})
    return tuple([PullRequestRef(repo=repo, number=number) async for number, ours in pages if ours])


@may_be_begun
async def open_heads(gh: GitHub, repo: RepoRef, *, about: int = 0) -> tuple[tuple[PullRequestRef, Sha], ...]:
    """The open pull requests with their heads.  If there are ``about`` so many, all of their pages come at once."""

    def parse(data: Any) -> list[tuple[PullRequestRef, Sha]]:
        for each in data:
            _require(repo, each)
        return [(PullRequestRef(repo=repo, number=int(n["number"])), Sha(str(n["head"]["sha"]))) for n in data]

    async def page(number: int) -> list[tuple[PullRequestRef, Sha]]:
        query: dict[str, str | int] = {"state": "open", "direction": "asc", "per_page": PAGE_SIZE, "page": number}
        return await gh.call(ops.LIST_PULLS, repo, parse, query=query)

    return tuple(dict.fromkeys(await pages(page, about=about, size=PAGE_SIZE)))


async def own_pull_requests(gh: GitHub, repo: RepoRef) -> tuple[OwnPullRequest, ...]:
    """All pull requests that the App ever opened, newest first.

    Pull requests are issues, and issues can be listed by who opened them; pull requests themselves cannot.
    https://docs.github.com/en/rest/issues/issues#list-repository-issues
    """
    us = await ourselves(gh, repo, now=True)  # GitHub looks for the name of now
    pages = gh.pages(ops.LIST_ISSUES, repo, lambda data: _own(us, data), query={"state": "all", "creator": us.login})
    return tuple([pull async for pull in pages if pull is not None])


async def own_issues(gh: GitHub, repo: RepoRef) -> tuple[OwnIssue, ...]:
    """All issues that the App ever opened, newest first; pull requests are not among them."""
    us = await ourselves(gh, repo, now=True)

    def parse(data: Any) -> OwnIssue | None:
        if "pull_request" in data or (data["user"] or {}).get("id") != us.bot_id:
            return None
        return OwnIssue(number=int(data["number"]), body=str(data["body"] or ""))

    pages = gh.pages(ops.LIST_ISSUES, repo, parse, query={"state": "all", "creator": us.login})
    return tuple([issue async for issue in pages if issue is not None])


async def commits_ahead(gh: GitHub, repo: RepoRef, base: Sha, head: Sha) -> tuple[Commit, ...] | None:
    """The commits of ``head`` that ``base`` does not have, oldest first.

    ``None``: there are more than 100, or the two have no commit in common.

    https://docs.github.com/en/rest/commits/commits#compare-two-commits
    """
    us = await ourselves(gh, repo)

    def parse(data: Any) -> tuple[Commit, ...] | None:
        commits = tuple(_commit(us, each) for each in data["commits"])
        return commits if len(commits) == int(data["total_commits"]) else None

    try:
        return await gh.call(ops.COMPARE, repo, parse, basehead=f"{base}...{head}", query={"per_page": 100})
    except NoCommonAncestor:
        return None


async def pull_branch(gh: GitHub, ref: PullRequestRef, *, size: int = 100) -> PullBranch:
    """The newest commits of the pull request, its last force-pushes, and whether it is being merged by the queue.

    ``size``: how many of each; half as many where GitHub finds that too large.  An installation that does not let the
    App see the queue is one without.
    """
    try:
        return await _pull_branch(gh, ref, size, ops.PULL_BRANCH)
    except MissingPermission:
        return await _pull_branch(gh, ref, size, ops.PULL_BRANCH_ALONE)


async def _pull_branch(gh: GitHub, ref: PullRequestRef, size: int, operation: ops.Operation) -> PullBranch:
    repo = ref.repo

    async def query(most: int) -> PullBranch:
        return await gh.graphql(
            operation,
            repo,
            lambda data: _branch(ref, data),
            owner=repo.owner,
            name=repo.name,
            number=ref.number,
            app=gh.app_id,
            check=CHECK_NAME,
            size=most,
            queue=operation is ops.PULL_BRANCH,
        )

    return await answered(query, size)


def _branch(ref: PullRequestRef, data: Any) -> PullBranch:
    pull = (data["repository"] or {}).get("pullRequest")
    if pull is None:
        raise NotFound("there is no such pull request")
    branch, timeline = str(pull["headRefName"]), pull["timelineItems"]
    pushes = [event for event in timeline["nodes"] if event]
    return PullBranch(
        commits=tuple(_pushed(ref, branch, node["commit"]) for node in pull["commits"]["nodes"]),
        in_merge_queue=bool(pull.get("isInMergeQueue")),
        forced=tuple(
            ForcePush(
                at=datetime.fromisoformat(push["createdAt"]),
                before=None if push["beforeCommit"] is None else _pushed(ref, branch, push["beforeCommit"]),
            )
            for push in pushes
        ),
        all_forced=not timeline["pageInfo"]["hasPreviousPage"] and len(pushes) == len(timeline["nodes"]),
    )


def _pushed(ref: PullRequestRef, branch: str, commit: Any) -> BranchCommit:
    return BranchCommit(
        sha=Sha(str(commit["oid"])),
        parent=next((Sha(str(parent["oid"])) for parent in commit["parents"]["nodes"]), None),
        message=str(commit.get("message", "")),
        head_at=min(_as_head(ref, branch, commit["checkSuites"]), default=None),
    )


def _as_head(ref: PullRequestRef, branch: str, suites: Any) -> Iterator[datetime]:
    """Moments at which the commit was the head of this very pull request.

    A push makes a suite for its head, of the branch that was pushed: the same commit may have been on another one
    before.  A fork's push makes none here.  Our check run names the pull request whose head it was.
    """
    for suite in (suites or {"nodes": []})["nodes"]:
        if suite["branch"] is not None and suite["branch"]["name"] == branch:
            yield datetime.fromisoformat(suite["createdAt"])
        for run in (suite["checkRuns"] or {"nodes": []})["nodes"]:
            ours = pull_number(str(run["externalId"] or ""), ref.repo.id) == ref.number
            if ours and run["startedAt"] is not None:
                yield datetime.fromisoformat(run["startedAt"])


def _require(repo: RepoRef, pull: Any) -> None:
    """Raise ``NameTaken`` where the pull request is another repository's, which has the name now."""
    if int(pull["base"]["repo"]["id"]) != repo.id:
        raise NameTaken(repo.full_name)


def _pull(repo: RepoRef, data: Any) -> PullRequest:
    head, base = data["head"], data["base"]
    _require(repo, data)
    return PullRequest(
        ref=PullRequestRef(repo=repo, number=int(data["number"])),
        node_id=str(data["node_id"]),
        title=str(data["title"]),
        html_url=str(data["html_url"]),
        state=str(data["state"]),
        draft=bool(data.get("draft")),
        merged=bool(data["merged"]),
        author=str((data["user"] or {}).get("login", "")),
        author_id=(data["user"] or {}).get("id"),
        base_ref=str(base["ref"]),
        base_sha=Sha(str(base["sha"])),
        head_ref=str(head["ref"]),
        head_sha=Sha(str(head["sha"])),
        head_repo=None if head["repo"] is None else str(head["repo"]["full_name"]),
        head_repo_id=None if head["repo"] is None else RepositoryId(int(head["repo"]["id"])),
        maintainer_can_modify=bool(data["maintainer_can_modify"]),
        changed_files=int(data["changed_files"]),
        locked=bool(data["locked"]),
    )


def _own(us: AppIdentity, data: Any) -> OwnPullRequest | None:
    """An entry of the list of issues; ``None`` for a plain issue, and for what somebody else opened."""
    pull = data.get("pull_request")
    if pull is None or (data["user"] or {}).get("id") != us.bot_id:
        return None
    return OwnPullRequest(
        number=int(data["number"]),
        title=str(data["title"]),
        body=str(data["body"] or ""),
        open=data["state"] == "open",
        merged=pull.get("merged_at") is not None,
    )


_WEB_FLOW = "web-flow"
"""Who commits what is committed at GitHub itself, and signs it."""


def _commit(us: AppIdentity, data: Any) -> Commit:
    author, committer = data["author"] or {}, data["committer"] or {}
    at_github = committer.get("id") == us.bot_id or committer.get("login") == _WEB_FLOW
    return Commit(sha=Sha(str(data["sha"])), ours=author.get("id") == us.bot_id and at_github)
