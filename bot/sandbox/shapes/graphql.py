"""The records as the types of the GraphQL schema.  What takes arguments is a function, which graphql-core calls."""

from collections.abc import Sequence
from typing import Any, TypeVar

from bot.sandbox.linking import closes, mentions
from bot.sandbox.model import Comment, Issue, IssueEdit, PullRequest, Repository, ReviewComment, ReviewThread
from bot.sandbox.objects import Commit
from bot.sandbox.shapes import stamp, stamp_or_none
from bot.sandbox.shapes.repositories import page
from bot.sandbox.world import Obj

T = TypeVar("T")
_WINDOW = frozenset({"first", "last", "after", "before", "skip"})
MAX_NODES = 100
"""``first`` and ``last`` of a connection."""


class Refusal(Exception):
    """An entry of ``errors`` with a ``type``."""

    def __init__(self, type: str, message: str) -> None:  # noqa: A002 - GitHub's word
        super().__init__(message)
        self.type = type


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
    login = of.editor.login.removesuffix("[bot]")
    return {
        "editedAt": stamp(of.at),
        "editor": {"__typename": of.editor.type, "login": login},
        "diff": of.body,
    }


def cross_reference(pull: PullRequest, issue: Issue, url: str) -> Obj:
    return {
        "__typename": "CrossReferencedEvent",
        "isCrossRepository": False,
        "source": pull_request(pull, url),
        "willCloseTarget": closes(pull, issue),
    }


def pull_request(of: PullRequest, url: str, listed: Sequence[ReviewThread] | None = None) -> Obj:
    """``listed``: its threads, where they are not all that there are."""

    def threads(_info: object, **window: Any) -> Obj:  # noqa: ANN401 - first, last, after, before
        nodes, info = connection(of.threads if listed is None else listed, **window)
        return {"nodes": [review_thread(thread) for thread in nodes], "pageInfo": info}

    async def commits(_info: object, **window: Any) -> Obj:  # noqa: ANN401 - first, last, after, before
        shas, info = connection(await of.repo.git.commits(of.base_sha, of.head_sha), **window)
        found = [commit(await of.repo.git.commit(sha), of.repo, url) for sha in shas]
        return {"nodes": [{"commit": each} for each in found], "pageInfo": info}

    login = of.issue.author.login.removesuffix("[bot]")  # GraphQL names a bot without the suffix
    return {
        "__typename": "PullRequest",
        "title": of.issue.title,
        "author": {"__typename": of.issue.author.type, "login": login},
        "state": "MERGED" if of.merged_at else of.issue.state.upper(),
        "isDraft": of.draft,
        "createdAt": stamp(of.issue.created_at),
        "closedAt": stamp_or_none(of.issue.closed_at),
        "mergedAt": stamp_or_none(of.merged_at),
        "id": f"PR_{of.issue.id}",
        "number": of.number,
        "commits": commits,
        "isInMergeQueue": of.queued,
        "headRefName": of.head_ref,
        "headRefOid": of.head_sha,
        "isCrossRepository": of.head_repo is not of.repo,
        "maintainerCanModify": of.maintainer_can_modify,
        "reviewThreads": threads,
        "url": f"{page(of.repo, url)}/pull/{of.number}",
    }


def connection(
    items: Sequence[T],
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    before: str | None = None,
    skip: int | None = None,
) -> tuple[Sequence[T], Obj]:
    """A window of a list and its ``pageInfo``; cursors are positions.  ``first`` or ``last`` is compulsory."""
    if first is None and last is None:
        raise Refusal(
            "MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value to properly paginate."
        )
    if not 1 <= (first or last or 0) <= MAX_NODES:
        raise Refusal("EXCESSIVE_PAGINATION", f"Requesting more than {MAX_NODES} records exceeds the limit.")
    low = (int(after) if after else 0) + (skip or 0)
    high = int(before) - 1 if before else len(items)
    if first is not None:
        high = min(high, low + first)
    elif last is not None:
        low = max(low, high - last)
    return items[low:high], {"endCursor": str(high) if high > low else None, "hasNextPage": high < len(items)}


def review_thread(of: ReviewThread) -> Obj:
    def comments(_info: object, **window: Any) -> Obj:  # noqa: ANN401 - first, last, after, before
        return {"nodes": [review_comment(each) for each in connection(of.comments, **window)[0]]}

    now = of.current
    return {
        "id": f"PRRT_{of.id}",
        "path": of.path,
        "diffSide": of.original.side,
        "isOutdated": now is None,
        "isResolved": of.resolved_by is not None,
        "resolvedBy": of.resolved_by and {"login": of.resolved_by.login.removesuffix("[bot]")},
        "line": None if now is None else now.line,
        "startLine": None if now is None else now.start_line,
        "comments": comments,
    }


def review_comment(of: ReviewComment | Comment) -> Obj:
    kind, prefix = ("PullRequestReviewComment", "PRRC") if isinstance(of, ReviewComment) else ("IssueComment", "IC")
    login = of.author.login.removesuffix("[bot]")  # GraphQL names a bot without the suffix
    return {
        "__typename": kind,
        "id": f"{prefix}_{of.id}",
        "databaseId": of.id,
        "author": {"__typename": of.author.type, "login": login},
        "body": of.body,
        "isMinimized": of.minimized is not None,
        "minimizedReason": of.minimized,
    }


MAX_TEXT = 512_000
"""Characters of a blob's ``text``."""


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


def commit(of: Commit, repo: Repository, url: str) -> Obj:
    async def parents(_info: object, **window: Any) -> Obj:  # noqa: ANN401 - first, last, after, before
        shas, info = connection(of.parents, **window)
        return {"nodes": [commit(await repo.git.commit(sha), repo, url) for sha in shas], "pageInfo": info}

    def suites(_info: object, filterBy: Obj | None = None, **window: Any) -> Obj:  # noqa: ANN401, N803 - GitHub's name
        app = (filterBy or {}).get("appId")
        mine = [suite for suite in repo.suites if suite.head_sha == of.sha and app in (None, suite.app.id)]
        found, info = connection(mine, **window)
        return {"nodes": [{"id": f"CS_{s.id}", "createdAt": stamp(s.created_at)} for s in found], "pageInfo": info}

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
