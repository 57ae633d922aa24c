"""Issues, comments and reactions.  https://docs.github.com/en/rest/issues."""

from bot.effects import MAX_BODY, Minimized, Reaction
from bot.github import operations as ops
from bot.github.client import GitHub
from bot.refs import RepoRef


def _bounded(body: str) -> str:
    if len(body) > MAX_BODY:
        raise ValueError(f"a body has {len(body)} characters, {MAX_BODY} are allowed")
    return body


async def comment(gh: GitHub, repo: RepoRef, number: int, body: str) -> int:
    """Comment on an issue or in a pull request's conversation; returns the comment's id."""
    return await gh.call(
        ops.CREATE_COMMENT,
        repo,
        lambda data: int(data["id"]),
        body={"body": _bounded(body)},
        issue_number=number,
    )


async def update_comment(gh: GitHub, repo: RepoRef, comment_id: int, body: str) -> None:
    """Replace the text of a comment."""
    await gh.call(
        ops.UPDATE_COMMENT, repo, lambda data: int(data["id"]), body={"body": _bounded(body)}, comment_id=comment_id
    )


async def react(gh: GitHub, repo: RepoRef, comment_id: int, reaction: Reaction) -> None:
    """React to a comment of an issue or conversation; GitHub keeps one reaction of a kind by an author."""
    await gh.call(ops.REACT, repo, lambda data: int(data["id"]), body={"content": str(reaction)}, comment_id=comment_id)


async def minimize_comment(gh: GitHub, repo: RepoRef, node_id: str, why: Minimized) -> None:
    """Fold a comment away; it stays readable with a click."""
    await gh.graphql(
        ops.MINIMIZE,
        repo,
        lambda data: data["minimizeComment"]["minimizedComment"]["isMinimized"],
        id=node_id,
        classifier=str(why),
    )


async def update_issue(
    gh: GitHub, repo: RepoRef, number: int, *, body: str | None = None, title: str | None = None
) -> None:
    """Replace the body or title of an issue.

    GitHub compares nothing: what was written by others since it was read is lost.  Read, merge, write, read back.
    """
    changes = {"body": None if body is None else _bounded(body), "title": title}
    await gh.call(
        ops.UPDATE_ISSUE,
        repo,
        lambda data: int(data["number"]),
        body={name: value for name, value in changes.items() if value is not None},
        issue_number=number,
    )
