"""The records as the types of the GraphQL schema.  What takes arguments is a function, which graphql-core calls."""

from collections.abc import Callable, Sequence
from typing import Any

from bot.sandbox.linking import closes, mentions
from bot.sandbox.model import (
    CheckRun,
    CheckSuite,
    Comment,
    ForcePush,
    Issue,
    IssueEdit,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    ReviewThread,
)
from bot.sandbox.objects import Commit
from bot.sandbox.people import User
from bot.sandbox.shapes import stamp, stamp_or_none
from bot.sandbox.shapes.connections import Refusal, connection
from bot.sandbox.shapes.repositories import page
from bot.sandbox.world import Obj

_WINDOW = frozenset({"first", "last", "after", "before", "skip"})


def missing(node_id: str) -> Refusal:
    return Refusal("NOT_FOUND", f"Could not resolve to a node with the global id of '{node_id}'")


def issue(of: Issue, url: str) -> Obj:
    def closing(_info: object, includeClosedPrs: bool = False, **window: Any) -> Obj:  # noqa: ANN401, N803 - the schema
        pulls = [pull for pull in of.repo.pulls if closes(pull, of)]
        shown = [p for p in pulls if includeClosedPrs or p.issue.state == "open"]
        nodes, info = connection(shown, **{k: v for k, v in window.items() if k in _WINDOW})
        return {"nodes": [pull_request(pull, url) for pull in nodes], "pageInfo": info}

    def timeline(_info: object, **window: Any) -> Obj:  # noqa: ANN401 - first, last, after, before, itemTypes
        pulls = [pull for pull in of.repo.pulls if mentions(pull, of)]
        nodes, info = connection(pulls, **{k: v for k, v in window.items() if k in _WINDOW})
        return {"nodes": [cross_reference(pull, of, url) for pull in nodes], "pageInfo": info}

    def edits(_info: object, **window: Any) -> Obj:  # noqa: ANN401 - first, last, after, before
        nodes, info = connection(of.edits[::-1], **window)
        return {"nodes": [issue_edit(each) for each in nodes], "pageInfo": info}

    return {
        "userContentEdits": edits,
        "__typename": "Issue",
        "closedByPullRequestsReferences": closing,
        "timelineItems": timeline,
        "id": f"I_{of.id}",
        "number": of.number,
        "body": of.body or "",
        "state": of.state.upper(),
        "updatedAt": stamp(of.updated_at),
        "lastEditedAt": stamp_or_none(of.edited_at),
    }


def issue_edit(of: IssueEdit) -> Obj:
    """GitHub's ``diff`` is the whole text of the version."""
    return {"editedAt": stamp(of.at), "editor": actor(of.editor), "diff": of.body}


def cross_reference(pull: PullRequest, issue: Issue, url: str) -> Obj:
    return {
        "__typename": "CrossReferencedEvent",
        "isCrossRepository": False,
        "source": pull_request(pull, url),
        "willCloseTarget": closes(pull, issue),
    }


Among = Callable[[Sequence[Any]], Sequence[Any]]


def pull_request(of: PullRequest, url: str, among: Among = lambda all_: all_, *, hides_app: bool = False) -> Obj:
    """``among``: of its threads, comments and reviews those that are shown."""

    def threads(_info: object, **window: Any) -> Obj:  # noqa: ANN401 - first, last, after, before
        nodes, info = connection(among(of.threads), **window)
        return {"nodes": [review_thread(thread, hides_app=hides_app) for thread in nodes], "pageInfo": info}

    def comments(_info: object, **window: Any) -> Obj:  # noqa: ANN401 - first, last, after, before
        nodes, info = connection(among(of.issue.comments), **window)
        return {"nodes": [conversation_comment(each, url) for each in nodes], "pageInfo": info}

    def reviews(_info: object, **window: Any) -> Obj:  # noqa: ANN401 - first, last, after, before
        nodes, info = connection(among(of.reviews), **window)
        return {"nodes": [review(each, url) for each in nodes], "pageInfo": info}

    async def commits(_info: object, **window: Any) -> Obj:  # noqa: ANN401 - first, last, after, before
        shas, info = connection(await of.repo.git.commits(of.base_sha, of.head_sha), **window)
        found = [commit(await of.repo.git.commit(sha), of.repo, url) for sha in shas]
        return {"nodes": [{"commit": each} for each in found], "pageInfo": info}

    def timeline(_info: object, since: Any = None, **window: Any) -> Obj:  # noqa: ANN401 - what the schema has
        """Of all that may happen only the pushes that took commits away."""
        found = [each for each in of.forced if since is None or stamp(each.at) >= since]
        nodes, info = connection(found, **{k: v for k, v in window.items() if k in _WINDOW})
        return {"nodes": [force_push(each, of, url) for each in nodes], "pageInfo": info}

    return {
        **_pull_request(of, url),
        "timelineItems": timeline,
        "commits": commits,
        "comments": comments,
        "reviews": reviews,
        "reviewThreads": threads,
    }


def state_of(of: PullRequest) -> str:
    return "MERGED" if of.merged_at else of.issue.state.upper()


def _pull_request(of: PullRequest, url: str) -> Obj:
    """What takes no arguments."""
    return {
        "__typename": "PullRequest",
        "title": of.issue.title,
        "author": actor(of.issue.author),
        "state": state_of(of),
        "isDraft": of.draft,
        "createdAt": stamp(of.issue.created_at),
        "closedAt": stamp_or_none(of.issue.closed_at),
        "mergedAt": stamp_or_none(of.merged_at),
        "id": f"PR_{of.issue.id}",
        "number": of.number,
        "isInMergeQueue": of.queued,
        "baseRefName": of.base_ref,
        "baseRefOid": of.base_sha,
        "headRefName": of.head_ref,
        "headRepository": (of.head_repo and not of.head_repo.deleted and repository(of.head_repo)) or None,
        "locked": of.issue.locked,
        "merged": of.merged_at is not None,
        "headRefOid": of.head_sha,
        "isCrossRepository": of.head_repo is not of.repo,
        "maintainerCanModify": of.maintainer_can_modify,
        "url": f"{page(of.repo, url)}/pull/{of.number}",
    }


def force_push(of: ForcePush, pull: PullRequest, url: str) -> Obj:
    async def before(_info: object) -> Obj:
        return commit(await pull.repo.git.commit(of.before), pull.repo, url)

    async def after(_info: object) -> Obj:
        return commit(await pull.repo.git.commit(of.after), pull.repo, url)

    return {
        "__typename": "HeadRefForcePushedEvent",
        "createdAt": stamp(of.at),
        "beforeCommit": before,
        "afterCommit": after,
    }


def repository(of: Repository) -> Obj:
    return {"id": of.node_id, "databaseId": of.id, "nameWithOwner": of.full_name}


def review(of: Review, url: str) -> Obj:
    return {
        "__typename": "PullRequestReview",
        "id": f"PRR_{of.id}",
        "fullDatabaseId": str(of.id),
        "author": actor(of.author),
        "body": of.body,
        "submittedAt": stamp_or_none(of.submitted_at),
        "url": f"{page(of.pull.repo, url)}/pull/{of.pull.number}#pullrequestreview-{of.id}",
    }


def actor(of: User) -> Obj:
    """GraphQL names a bot without the suffix."""
    return {"__typename": of.type, "login": of.login.removesuffix("[bot]"), "databaseId": of.id}


def check_run(of: CheckRun) -> Obj:
    return {
        "__typename": "CheckRun",
        "id": f"CR_{of.id}",
        "databaseId": of.id,
        "name": of.name,
        "status": of.status.upper(),
        "conclusion": of.conclusion and of.conclusion.upper(),
        "startedAt": stamp(of.started_at),
        "externalId": of.external_id,
        "title": of.title,
        "summary": of.summary,
    }


def check_suite(of: CheckSuite, among: Among) -> Obj:
    def runs(_info: object, filterBy: Obj | None = None, **window: Any) -> Obj:  # noqa: ANN401, N803 - GitHub's name
        """``checkType`` says whether a name is there once, with its latest run, which is the default."""
        wanted = filterBy or {}
        found = [
            run
            for run in among(list(of.repo.check_runs.values()))
            if run.suite is of
            and wanted.get("appId") in (None, of.app.id)
            and wanted.get("checkName") in (None, run.name)
        ]
        if wanted.get("checkType", "LATEST") == "LATEST":
            found = list({run.name: run for run in found}.values())
        nodes, info = connection(found, **window)
        return {"nodes": [check_run(run) for run in nodes], "pageInfo": info}

    branch = of.head_branch and {"id": f"REF_{of.repo.id}:refs/heads/{of.head_branch}", "name": of.head_branch}
    there = bool(of.head_branch) and of.repo.git.branch(of.head_branch or "") is not None
    return {
        "id": f"CS_{of.id}",
        "branch": branch if there else None,
        "createdAt": stamp(of.created_at),
        "checkRuns": runs,
    }


def _resolver(of: User) -> Obj:
    return {"login": of.login.removesuffix("[bot]"), "databaseId": of.id}


def review_thread(of: ReviewThread, *, hides_app: bool = False) -> Obj:
    def comments(_info: object, **window: Any) -> Obj:  # noqa: ANN401 - first, last, after, before
        return {"nodes": [review_comment(each) for each in connection(of.comments, **window)[0]]}

    now, resolver = of.current, of.resolved_by
    if resolver is not None and resolver.login.endswith("[bot]") and hides_app:
        resolver = None
    return {
        "id": f"PRRT_{of.id}",
        "path": of.path,
        "diffSide": of.original.side,
        "isOutdated": now is None,
        "isResolved": of.resolved_by is not None,
        "resolvedBy": None if resolver is None else _resolver(resolver),
        "line": None if now is None else now.line,
        "startLine": None if now is None else now.start_line,
        "comments": comments,
    }


def review_comment(of: ReviewComment | Comment) -> Obj:
    kind, prefix = ("PullRequestReviewComment", "PRRC") if isinstance(of, ReviewComment) else ("IssueComment", "IC")
    return {
        "__typename": kind,
        "id": f"{prefix}_{of.id}",
        "databaseId": of.id,
        "author": actor(of.author),
        "body": of.body,
        "isMinimized": of.minimized is not None,
        "minimizedReason": of.minimized,
    }


MAX_TEXT = 512_000
"""Characters of a blob's ``text``."""


def conversation_comment(of: Comment, url: str) -> Obj:
    kind = "pull" if of.issue.pull else "issues"
    return {
        **review_comment(of),
        "fullDatabaseId": str(of.id),
        "createdAt": stamp(of.created_at),
        "updatedAt": stamp(of.updated_at),
        "url": f"{page(of.issue.repo, url)}/{kind}/{of.issue.number}#issuecomment-{of.id}",
    }


def blob(sha: str, data: bytes) -> Obj:
    """``text`` is what the site shows: decoded, whatever the encoding, and cut."""
    binary = b"\0" in data
    text = None if binary else _decoded(data)
    return {
        "__typename": "Blob",
        "oid": sha,
        "byteSize": len(data),
        "isBinary": binary,
        "isTruncated": text is not None and len(text) > MAX_TEXT,
        "text": text and text[:MAX_TEXT],
    }


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def commit(
    of: Commit,
    repo: Repository,
    url: str,
    admit: Callable[[str], None] = lambda _: None,
    among: Among = lambda all_: all_,
) -> Obj:
    """``admit`` refuses what the caller has no permission for; ``among``: of the check runs those that are shown."""

    async def parents(_info: object, **window: Any) -> Obj:  # noqa: ANN401 - first, last, after, before
        shas, info = connection(of.parents, **window)
        return {"nodes": [commit(await repo.git.commit(sha), repo, url) for sha in shas], "pageInfo": info}

    def suites(_info: object, filterBy: Obj | None = None, **window: Any) -> Obj:  # noqa: ANN401, N803 - GitHub's name
        admit("checks:read")
        app = (filterBy or {}).get("appId")
        mine = [suite for suite in repo.suites if suite.head_sha == of.sha and app in (None, suite.app.id)]
        found, info = connection(mine, **window)
        return {"nodes": [check_suite(suite, among) for suite in found], "pageInfo": info}

    signed = {"isValid": True, "state": "VALID"} if of.sha in repo.verified else None
    return {
        "__typename": "Commit",
        "oid": of.sha,
        "checkSuites": suites,
        "message": of.message,
        "parents": parents,
        "url": f"{page(repo, url)}/commit/{of.sha}",
        "signature": signed and {"__typename": "GpgSignature", **signed},
    }


def ref(repo: Repository, name: str, at: Commit, url: str) -> Obj:
    short = name.removeprefix("refs/heads/").removeprefix("refs/tags/")
    return {"id": f"REF_{repo.id}:{name}", "name": short, "target": commit(at, repo, url)}
