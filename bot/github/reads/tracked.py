"""What the evidence of a tracking issue's checklist is read from: checks, deployments, linked pull requests, history.

https://docs.github.com/en/rest/commits, https://docs.github.com/en/rest/deployments
"""

from datetime import datetime
from typing import Any

from bot.domain.references import RepoRef, Sha
from bot.domain.tracked import (
    CheckFact,
    CheckState,
    Deployment,
    DeploymentState,
    IssueFact,
    Origin,
    Pull,
    PullState,
    SubIssue,
    SubIssues,
)
from bot.github import operations as ops
from bot.github.client import GitHub
from bot.github.errors import NoCommonAncestor, NotFound, Refused
from bot.github.shrinking import all_pages

_LINKED_AT_ONCE = 100
_PASSED = frozenset({"success", "neutral", "skipped"})
_DEPLOYMENT_STATES = {
    "success": DeploymentState.SUCCEEDED,
    "error": DeploymentState.FAILED,
    "failure": DeploymentState.FAILED,
    "inactive": DeploymentState.FAILED,
}


async def commit_time(gh: GitHub, repo: RepoRef, sha: Sha) -> datetime:
    """When the commit was made (its committer's date)."""
    return await gh.call(ops.GET_COMMIT, repo, lambda data: _moment(data["committer"]["date"]), commit_sha=sha)


async def checks(gh: GitHub, repo: RepoRef, sha: Sha) -> tuple[CheckFact, ...]:
    """The newest check run of each name and suite on a commit, and the commit statuses, whoever made them.

    GitHub's ``filter=latest`` does not say what it is the latest of, so all runs are read.
    """
    runs = [run async for run in gh.pages(ops.LIST_CHECK_RUNS, repo, _suite_run, query={"filter": "all"}, ref=sha)]
    newest = {(check.name, suite): check for _, suite, check in sorted(runs, key=lambda run: run[0])}
    statuses = [status async for status in gh.pages(ops.COMBINED_STATUS, repo, _status, ref=sha)]
    return tuple(sorted((*newest.values(), *statuses), key=lambda check: (check.name, _age(check))))


async def deployment(gh: GitHub, repo: RepoRef, environment: str, commit: Sha) -> Deployment | None:
    """The newest deployment to an environment, and whether it holds ``commit``."""
    query: dict[str, str | int] = {"environment": environment, "per_page": 1}
    newest = await gh.call(ops.LIST_DEPLOYMENTS, repo, _first, query=query)
    if newest is None:
        return None
    number, sha, made_at = int(newest["id"]), Sha(str(newest["sha"])), _moment(newest["created_at"])
    status = await gh.call(ops.LIST_DEPLOYMENT_STATUSES, repo, _first, query={"per_page": 1}, deployment_id=number)
    return Deployment(
        environment=environment,
        state=DeploymentState.RUNNING
        if status is None
        else _DEPLOYMENT_STATES.get(str(status["state"]), DeploymentState.RUNNING),
        commit=sha,
        holds=await _holds(gh, repo, sha, commit),
        link=None if status is None else status.get("log_url") or status.get("target_url") or None,
        at=made_at if status is None else _moment(status["created_at"]),
    )


async def linked_pulls(gh: GitHub, repo: RepoRef, number: int) -> tuple[tuple[Pull, str], ...]:
    """The pull requests of this repository that an issue is linked with, each with its head branch; oldest first.

    Linked is what closes the issue, by its text or by hand, and what names it.
    """

    async def page(after: str | None, size: int) -> tuple[list[tuple[Pull, str]], str | None]:
        return await gh.graphql(
            ops.LINKED_PULLS,
            repo,
            _linked,
            owner=repo.owner,
            name=repo.name,
            number=number,
            after=after,
            size=size,
        )

    found: dict[int, tuple[Pull, str]] = {}
    for pull, branch in await all_pages(page, _LINKED_AT_ONCE):
        if pull.number not in found or pull.closes:
            found[pull.number] = (pull, branch)
    return tuple(found[number] for number in sorted(found))


async def numbered_pull(gh: GitHub, repo: RepoRef, number: int) -> Pull | None:
    """One pull request as evidence; ``None`` if there is none of this number."""
    try:
        return await gh.call(ops.GET_PULL, repo, _pull, pull_number=number)
    except NotFound:
        return None


async def issue_fact(gh: GitHub, repo: RepoRef, number: int) -> IssueFact | None:
    """An issue as evidence; ``None`` if there is none of this number."""
    try:
        return await gh.call(ops.GET_ISSUE, repo, _issue, issue_number=number)
    except NotFound:
        return None


async def sub_issues(gh: GitHub, repo: RepoRef, number: int) -> SubIssues | None:
    """The sub-issues of an issue; ``None`` if there is no issue of this number.

    GitHub lists those that the App may read, and counts all.  Raises ``Refused`` where it has no sub-issues.
    """
    try:
        total, link = await gh.call(ops.GET_ISSUE, repo, _counted, issue_number=number)
    except NotFound:
        return None

    def read(data: Any) -> SubIssue:
        return _sub_issue(data, repo)

    try:
        found = [each async for each in gh.pages(ops.LIST_SUB_ISSUES, repo, read, issue_number=number)]
    except NotFound as error:
        raise Refused(404, "there are no sub-issues here") from error
    return SubIssues(parent=number, total=max(total, len(found)), issues=tuple(found), link=link)


async def last_change(gh: GitHub, repo: RepoRef, path: str, commit: Sha) -> Origin | None:
    """Who changed a file last, as seen from ``commit``, and in which pull request."""
    query: dict[str, str | int] = {"path": path, "sha": commit, "per_page": 1}
    newest = await gh.call(ops.LIST_COMMITS, repo, _first, query=query)
    if newest is None:
        return None
    sha = Sha(str(newest["sha"]))
    author = str((newest["author"] or {}).get("login") or "")
    pulls = await gh.call(ops.PULLS_OF_COMMIT, repo, _numbers, commit_sha=sha)
    return Origin(commit=sha, author=author, pull=next(iter(pulls), None))


async def _holds(gh: GitHub, repo: RepoRef, deployed: Sha, commit: Sha) -> bool | None:
    if deployed == commit:
        return True
    try:
        status = await gh.call(
            ops.COMPARE,
            repo,
            lambda data: str(data["status"]),
            basehead=f"{commit}...{deployed}",
            query={"per_page": 1},
        )
    except (NotFound, NoCommonAncestor):
        return None
    return status in ("ahead", "identical")


def _first(data: Any) -> Any:
    return data[0] if data else None


def _numbers(data: Any) -> list[int]:
    """Those that were merged come first."""
    return [int(each["number"]) for each in sorted(data, key=lambda each: each["merged_at"] is None)]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _suite_run(data: Any) -> tuple[int, int, CheckFact]:
    """A run's number, which grows; that of its suite; the run."""
    return int(data["id"]), int((data["check_suite"] or {"id": 0})["id"]), _check_run(data)


def _check_run(data: Any) -> CheckFact:
    done = data["status"] == "completed"
    state = CheckState.PASSED if data["conclusion"] in _PASSED else CheckState.FAILED
    at = data["completed_at"] or data["started_at"]
    return CheckFact(
        name=str(data["name"]),
        state=state if done else CheckState.RUNNING,
        link=data["html_url"] or data["details_url"],
        at=None if at is None else _moment(at),
    )


def _status(data: Any) -> CheckFact:
    states = {"success": CheckState.PASSED, "pending": CheckState.RUNNING}
    return CheckFact(
        name=str(data["context"]),
        state=states.get(str(data["state"]), CheckState.FAILED),
        link=data["target_url"],
        at=_moment(data["updated_at"]),
    )


def _age(check: CheckFact) -> float:
    return check.at.timestamp() if check.at else 0.0


def _linked(data: Any) -> tuple[list[tuple[Pull, str]], str | None]:
    issue = (data["repository"] or {}).get("issue")
    if issue is None:
        raise NotFound("there is no such issue")
    timeline = issue["timelineItems"]
    closing = [(node, True) for node in (issue["closedByPullRequestsReferences"] or {"nodes": []})["nodes"] if node]
    naming = [(node["source"], False) for node in timeline["nodes"] if node and not node.get("isCrossRepository", True)]
    pulls = [
        (_node(node, closes=closes), str(node["headRefName"]))
        for node, closes in (*closing, *naming)
        if node["__typename"] == "PullRequest"
    ]
    page = timeline["pageInfo"]
    return pulls, page["endCursor"] if page["hasNextPage"] else None


def _node(node: Any, *, closes: bool) -> Pull:
    state = {"OPEN": PullState.OPEN, "MERGED": PullState.MERGED, "CLOSED": PullState.CLOSED}[node["state"]]
    author = node["author"] or {"login": "", "__typename": "User", "databaseId": None}
    bot = author["__typename"] == "Bot"
    return Pull(
        number=int(node["number"]),
        title=str(node["title"]),
        author=f"{author['login'].removesuffix('[bot]')}[bot]" if bot else str(author["login"]),
        author_id=author.get("databaseId"),
        state=state,
        link=str(node["url"]),
        at=_moment(node["mergedAt"] or node["closedAt"] or node["createdAt"]),
        linked=True,
        closes=closes,
        draft=bool(node["isDraft"]),
    )


def _pull(data: Any) -> Pull:
    state = PullState.MERGED if data["merged"] else PullState(str(data["state"]))
    return Pull(
        number=int(data["number"]),
        title=str(data["title"]),
        author=str((data["user"] or {}).get("login", "")),
        author_id=(data["user"] or {}).get("id"),
        state=state,
        link=str(data["html_url"]),
        at=_moment(data["merged_at"] or data["closed_at"] or data["created_at"]),
        draft=bool(data.get("draft")),
    )


def _counted(data: Any) -> tuple[int, str]:
    """How many sub-issues there are, and the issue's page."""
    return int((data.get("sub_issues_summary") or {"total": 0})["total"]), str(data["html_url"])


def _sub_issue(data: Any, repo: RepoRef) -> SubIssue:
    """Closed without a reason is how completed issues were closed before there were reasons."""
    closed = data["state"] == "closed"
    where = "/".join(str(data["repository_url"]).rsplit("/", 2)[-2:])
    return SubIssue(
        name=f"#{data['number']}" if where.lower() == repo.full_name.lower() else f"{where}#{data['number']}",
        closed=closed,
        completed=closed and data.get("state_reason") in (None, "completed"),
        link=str(data["html_url"]),
        at=_moment(data["closed_at"] or data["created_at"]),
    )


def _issue(data: Any) -> IssueFact:
    return IssueFact(
        number=int(data["number"]),
        closed=data["state"] == "closed",
        link=str(data["html_url"]),
        at=_moment(data["closed_at"] or data["created_at"]),
    )
