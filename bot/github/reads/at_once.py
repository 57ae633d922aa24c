"""What a review reads, by two queries: the pull request with all that was said, and how its commit stands."""

from dataclasses import dataclass
from typing import Any, TypeVar

from bot.domain.facts import AppIdentity, CheckRunFact, Comment, ReviewThread
from bot.domain.references import PullRequest, PullRequestRef, RepoRef, RepositoryId, Sha
from bot.github import operations as ops
from bot.github.client import GitHub
from bot.github.errors import NotFound
from bot.github.reads.app import ourselves
from bot.github.reads.contents import exact, may_be_link
from bot.github.reads.talk import actor, comment_of, thread_page
from bot.github.shrinking import answered

T = TypeVar("T")

PAGE = 100
"""Comments, reviews and threads of one query; halved where GitHub finds it too large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A pull request, its base branch and what was said, at one moment.  ``None`` is what the query could not tell."""

    pull: PullRequest
    tip: Sha | None
    """The head of the base branch."""
    config: bytes | None
    """The configuration file there."""
    comments: tuple[Comment, ...] | None
    """Without the ids of their authors."""
    reviews: tuple[Comment, ...] | None
    threads: tuple[ReviewThread, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands at a commit of a repository.  ``None`` is what the query could not tell."""

    heads: tuple[tuple[PullRequestRef, Sha], ...] | None
    """All open pull requests with their heads."""
    open: int
    """How many there are."""
    runs: tuple[CheckRunFact, ...] | None
    """The App's check runs of one name, newest first."""


async def conversation(
    gh: GitHub, ref: PullRequestRef, base_ref: str, config: str, *, page: int = PAGE
) -> Conversation:
    """The pull request and, at its base branch ``base_ref``, the file ``config``.  ``NotFound``: there is none."""
    us, repo = await ourselves(gh, ref.repo), ref.repo
    branch = f"refs/heads/{base_ref}"

    async def query(size: int) -> Conversation:
        return await gh.graphql(
            ops.CONVERSATION,
            repo,
            lambda data: _conversation(us, ref, data),
            owner=repo.owner,
            name=repo.name,
            number=ref.number,
            branch=branch,
            config=f"{branch}:{config}",
            page=size,
        )

    return await answered(query, page)


async def standing(gh: GitHub, repo: RepoRef, head: Sha, check: str) -> Standing:
    """The open pull requests, and the App's check runs called ``check`` on ``head``."""
    return await gh.graphql(
        ops.STANDING,
        repo,
        lambda data: _standing(gh.app_id, repo, head, data),
        owner=repo.owner,
        name=repo.name,
        head=head,
        app=gh.app_id,
        check=check,
    )


def _conversation(us: AppIdentity, ref: PullRequestRef, data: Any) -> Conversation:
    repository = data["repository"] or {}
    pull = repository.get("pullRequest")
    if pull is None:
        raise NotFound("there is no such pull request")
    branch, file = repository["ref"], repository["config"]
    content = exact(file) if file and file["__typename"] == "Blob" else None
    threads, more = thread_page(us, data)
    return Conversation(
        pull=_pull(us, ref, pull),
        tip=Sha(str(branch["target"]["oid"])) if branch and branch["target"] else None,
        config=None if content is None or may_be_link(content) else content,
        comments=_comments(us, pull["comments"]),
        reviews=_submitted(us, pull["reviews"]),
        threads=tuple(threads) if more is None else None,
    )


def _pull(us: AppIdentity, ref: PullRequestRef, node: Any) -> PullRequest:
    head = node["headRepository"]
    return PullRequest(
        ref=ref,
        node_id=str(node["id"]),
        title=str(node["title"]),
        html_url=str(node["url"]),
        state="open" if node["state"] == "OPEN" else "closed",
        draft=bool(node["isDraft"]),
        merged=bool(node["merged"]),
        author=actor(us, node["author"])[0],
        author_id=(node["author"] or {}).get("databaseId"),
        base_ref=str(node["baseRefName"]),
        base_sha=Sha(str(node["baseRefOid"])),
        head_ref=str(node["headRefName"]),
        head_sha=Sha(str(node["headRefOid"])),
        head_repo=None if head is None else str(head["nameWithOwner"]),
        head_repo_id=None if head is None else RepositoryId(int(head["databaseId"])),
        maintainer_can_modify=bool(node["maintainerCanModify"]),
        changed_files=int(node["changedFiles"]),
        locked=bool(node["locked"]),
    )


def _comments(us: AppIdentity, connection: Any) -> tuple[Comment, ...] | None:
    nodes = _whole(connection)
    return None if nodes is None else tuple(comment_of(us, node) for node in nodes)


def _submitted(us: AppIdentity, connection: Any) -> tuple[Comment, ...] | None:
    """Without the App's pending ones: nobody has seen what these say."""
    nodes = _whole(connection)
    return None if nodes is None else tuple(comment_of(us, node) for node in nodes if node["submittedAt"] is not None)


def _whole(connection: Any) -> list[Any] | None:
    """The nodes of a connection, if these are all."""
    if connection is None or connection["pageInfo"]["hasNextPage"] or None in connection["nodes"]:
        return None
    return list(connection["nodes"])


def _standing(app: int, repo: RepoRef, head: Sha, data: Any) -> Standing:
    pulls, commit = data["repository"]["pullRequests"], data["repository"]["object"]
    heads = [(PullRequestRef(repo=repo, number=int(n["number"])), Sha(str(n["headRefOid"]))) for n in pulls["nodes"]]
    suites = _whole(commit["checkSuites"]) if commit else None
    runs = None if suites is None else [_whole(suite["checkRuns"]) for suite in suites]
    return Standing(
        heads=tuple(heads) if len(heads) == pulls["totalCount"] else None,
        open=int(pulls["totalCount"]),
        runs=None if runs is None or None in runs else _runs(app, head, [run for some in runs for run in some or ()]),
    )


def _runs(app: int, head: Sha, nodes: list[Any]) -> tuple[CheckRunFact, ...]:
    found = [
        CheckRunFact(
            id=int(node["databaseId"]),
            name=str(node["name"]),
            head_sha=head,
            status=str(node["status"]).lower(),
            conclusion=node["conclusion"] and str(node["conclusion"]).lower(),
            external_id=str(node["externalId"] or ""),
            app_id=app,
            title=node["title"],
            summary=node["summary"],
        )
        for node in nodes
    ]
    return tuple(sorted(found, key=lambda run: run.id, reverse=True))
