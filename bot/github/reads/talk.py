"""Issues, comments, reviews and review threads.

``ours`` is decided by the author's id alone: an App that is renamed writes under another name, and knows its own.
"""

from datetime import UTC, datetime
from typing import Any

from bot.domain.facts import AppIdentity, Comment, Issue, IssueEdit, ReviewThread, ThreadComment
from bot.domain.references import PullRequestRef, RepoRef
from bot.github import operations as ops
from bot.github.begun import may_be_begun
from bot.github.client import GitHub
from bot.github.errors import NotFound
from bot.github.reads.app import ourselves
from bot.github.shrinking import all_pages

_THREADS, _THREAD_COMMENTS = 50, 100


@may_be_begun
async def issue(gh: GitHub, repo: RepoRef, number: int) -> Issue:
    """An issue, or a pull request seen as one."""
    us = await ourselves(gh, repo)
    return await gh.call(ops.GET_ISSUE, repo, lambda data: _issue(repo, us, data), issue_number=number)


@may_be_begun
async def issue_comment(gh: GitHub, repo: RepoRef, comment_id: int) -> Comment:
    """One comment of an issue or conversation as it is now.  ``NotFound``: it was deleted."""
    us = await ourselves(gh, repo)
    return await gh.call(ops.GET_COMMENT, repo, lambda data: _comment(us, data), comment_id=comment_id)


@may_be_begun
async def review_comment(gh: GitHub, repo: RepoRef, comment_id: int) -> Comment:
    """One comment on a line of a pull request's diff as it is now.  ``NotFound``: it was deleted."""
    us = await ourselves(gh, repo)
    return await gh.call(ops.GET_REVIEW_COMMENT, repo, lambda data: _comment(us, data), comment_id=comment_id)


async def issue_comments(
    gh: GitHub, repo: RepoRef, number: int, *, since: datetime | None = None
) -> tuple[Comment, ...]:
    """As :func:`listed_comments`, with those of ours that are not listed yet and were not deleted."""
    named = {} if since is None else {"since": since}
    found = await listed_comments(gh, repo, number, **named)
    listed, more = {comment.id for comment in found}, []
    for written in gh.written.on(repo.id, number):
        if written.id in listed or (since and written.created_at and written.created_at < since):
            continue
        try:
            more.append(await issue_comment(gh, repo, written.id))
        except NotFound:
            gh.written.forget(repo.id, number, written.id)
    return tuple(sorted((*found, *more), key=lambda comment: comment.id)) if more else found


@may_be_begun
async def listed_comments(
    gh: GitHub, repo: RepoRef, number: int, *, since: datetime | None = None
) -> tuple[Comment, ...]:
    """The comments of an issue, or of a pull request's conversation, oldest first.

    ``since``: only those that were written or changed at that (aware) time or later.
    """
    us = await ourselves(gh, repo)
    query = {"since": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"} if since else None
    pages = gh.pages(ops.LIST_COMMENTS, repo, lambda data: _comment(us, data), query=query, issue_number=number)
    return tuple([comment async for comment in pages])


@may_be_begun
async def reviews(gh: GitHub, ref: PullRequestRef) -> tuple[Comment, ...]:
    """The submitted reviews of a pull request, oldest first, by their bodies."""
    return (await written_reviews(gh, ref))[0]


async def written_reviews(gh: GitHub, ref: PullRequestRef) -> tuple[tuple[Comment, ...], tuple[Comment, ...]]:
    """The submitted reviews of a pull request, and the App's own that are pending, which nobody else sees."""
    us = await ourselves(gh, ref.repo)

    def parse(data: Any) -> tuple[Comment, bool]:
        return _comment(us, data), data.get("submitted_at") is not None

    found = [each async for each in gh.pages(ops.LIST_REVIEWS, ref.repo, parse, pull_number=ref.number)]
    submitted = tuple(review for review, done in found if done)
    return submitted, tuple(review for review, done in found if not done and review.ours)


@may_be_begun
async def review_threads(gh: GitHub, ref: PullRequestRef) -> tuple[ReviewThread, ...]:
    """All review threads of a pull request, with up to 100 comments each."""
    us, repo = await ourselves(gh, ref.repo), ref.repo

    async def page(after: str | None, size: int) -> tuple[list[ReviewThread], str | None]:
        return await gh.graphql(
            ops.REVIEW_THREADS,
            repo,
            lambda data: thread_page(us, data),
            owner=repo.owner,
            name=repo.name,
            number=ref.number,
            after=after,
            size=size,
        )

    return tuple(await all_pages(page, _THREADS))


def _author(us: AppIdentity, user: Any) -> tuple[str, bool]:
    """Login and whether it is us, of a REST user (``None``: a deleted account)."""
    return ("", False) if user is None else (str(user["login"]), user["id"] == us.bot_id)


def _moment(text: Any) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _comment(us: AppIdentity, data: Any) -> Comment:
    author, ours = _author(us, data["user"])
    return Comment(
        id=int(data["id"]),
        node_id=str(data["node_id"]),
        author=author,
        ours=ours,
        body=str(data["body"] or ""),
        author_id=None if data["user"] is None else int(data["user"]["id"]),
        html_url=str(data["html_url"]),
        created_at=_moment(data.get("created_at")),
        updated_at=_moment(data.get("updated_at") or data.get("submitted_at")),
        path=data.get("path"),
        line=data.get("line"),
    )


def _issue(repo: RepoRef, us: AppIdentity, data: Any) -> Issue:
    author, ours = _author(us, data["user"])
    return Issue(
        repo=repo,
        number=int(data["number"]),
        node_id=str(data["node_id"]),
        title=str(data["title"]),
        body=str(data["body"] or ""),
        state=str(data["state"]),
        locked=bool(data["locked"]),
        author=author,
        ours=ours,
        is_pull_request=data.get("pull_request") is not None,
        updated_at=datetime.fromisoformat(data["updated_at"]),
        repository="/".join(str(data["repository_url"]).split("/")[-2:]),
        author_id=(data["user"] or {}).get("id"),
        closed_by=(data.get("closed_by") or {}).get("login"),
        closed_by_id=(data.get("closed_by") or {}).get("id"),
    )


def thread_page(us: AppIdentity, data: Any) -> tuple[list[ReviewThread], str | None]:
    """The threads of a GraphQL answer, and where those that follow begin."""
    repository = data["repository"]
    if repository is None or repository["pullRequest"] is None:
        raise NotFound("there is no such pull request")
    threads = repository["pullRequest"]["reviewThreads"]
    page = threads["pageInfo"]
    return [_thread(us, node) for node in threads["nodes"]], page["endCursor"] if page["hasNextPage"] else None


def comment_of(us: AppIdentity, node: Any) -> Comment:
    """A comment or review of a GraphQL answer, as far as one is asked for there: not the author's id."""
    author, ours = actor(us, node["author"])
    return Comment(
        id=int(node["fullDatabaseId"] or 0),
        node_id=str(node["id"]),
        author=author,
        ours=ours,
        body=str(node["body"]),
        html_url=str(node["url"]),
        created_at=_moment(node.get("createdAt")),
        updated_at=_moment(node.get("updatedAt") or node.get("submittedAt")),
    )


def actor(us: AppIdentity, node: Any) -> tuple[str, bool]:
    """Login, as REST has it, and whether it is us, of a GraphQL ``Actor`` (``None``: a deleted account)."""
    if node is None:
        return "", False
    bot = node["__typename"] == "Bot"
    login = f"{node['login'].removesuffix('[bot]')}[bot]" if bot else str(node["login"])
    return login, bot and node["databaseId"] == us.bot_id


def _thread(us: AppIdentity, node: Any) -> ReviewThread:
    comments = tuple(_thread_comment(us, comment) for comment in node["comments"]["nodes"])
    return ReviewThread(
        id=str(node["id"]),
        path=str(node["path"]),
        line=node["line"],
        resolved=bool(node["isResolved"]),
        resolved_by_us=_is_us(us, node["resolvedBy"]),
        resolver_known=node["resolvedBy"] is not None,
        outdated=bool(node["isOutdated"]),
        comments=comments,
        complete=len(comments) < _THREAD_COMMENTS,
    )


def _is_us(us: AppIdentity, user: Any) -> bool:
    """A ``User`` in the schema, which has no ``Bot`` here; without an id by its login, the App's slug."""
    if user is None or user["databaseId"] is not None:
        return user is not None and bool(user["databaseId"] == us.bot_id)
    return str(user["login"]).removesuffix("[bot]") == us.slug


def _thread_comment(us: AppIdentity, node: Any) -> ThreadComment:
    author, ours = actor(us, node["author"])
    return ThreadComment(id=node["databaseId"], author=author, ours=ours, body=str(node["body"]))


async def issue_edits(gh: GitHub, repo: RepoRef, number: int) -> tuple[IssueEdit, ...]:
    """The last two versions of an issue's body, the newest first; none if it was never edited.

    GitHub's ``diff`` is the whole text of the version.
    """
    us = await ourselves(gh, repo)
    return await gh.graphql(
        ops.ISSUE_EDITS, repo, lambda data: _edits(us, data), owner=repo.owner, name=repo.name, number=number
    )


def _edits(us: AppIdentity, data: Any) -> tuple[IssueEdit, ...]:
    issue = (data["repository"] or {}).get("issue")
    if issue is None:
        raise NotFound("there is no such issue")
    nodes = (issue["userContentEdits"] or {"nodes": []})["nodes"]
    return tuple(_edit(us, node) for node in nodes if node)


def _edit(us: AppIdentity, node: Any) -> IssueEdit:
    _, ours = actor(us, node["editor"])
    return IssueEdit(at=datetime.fromisoformat(node["editedAt"]), ours=ours, body=node["diff"])
