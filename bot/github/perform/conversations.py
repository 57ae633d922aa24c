"""Issues, comments and reactions.  https://docs.github.com/en/rest/issues."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.effects import EditIssue, NewComment, NewIssue, NewReaction
from bot.domain.facts import Comment
from bot.github import operations as ops
from bot.github import reads
from bot.github.client import GitHub


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueEdited:
    """The result of replacing an issue's body."""

    body: str
    """As GitHub has it afterwards: others may have written since."""
    buried: str | None = None
    """What somebody wrote between the reading and the writing; ``None`` if nobody did, or it is not known."""


async def comment(gh: GitHub, new: NewComment) -> int:
    """Comment on an issue or in a pull request's conversation; returns the comment's id."""
    us, body = await reads.identity(gh), {"body": new.body}

    def made(data: Any) -> Comment:
        at = datetime.fromisoformat(data["created_at"]) if data.get("created_at") else None
        return Comment(id=int(data["id"]), node_id="", author=us.login, ours=True, body=new.body, created_at=at)

    written = await gh.call(ops.CREATE_COMMENT, new.repo, made, body=body, issue_number=new.number)
    gh.written.add(new.repo.id, new.number, written)
    return written.id


async def open_issue(gh: GitHub, new: NewIssue) -> int:
    """Open an issue; returns its number."""
    body = {"title": new.title, "body": new.body}
    return await gh.call(ops.CREATE_ISSUE, new.repo, lambda data: int(data["number"]), body=body)


async def react(gh: GitHub, reaction: NewReaction) -> None:
    """React to a comment; the same reaction again changes nothing."""
    body = {"content": str(reaction.content)}
    operation = ops.REACT_ON_LINE if reaction.on_line else ops.REACT
    await gh.call(operation, reaction.repo, lambda data: int(data["id"]), body=body, comment_id=reaction.comment_id)


async def edit_issue(gh: GitHub, edit: EditIssue) -> IssueEdited:
    """Replace the body of an issue, check whether that overwrote somebody's edit, and read the body back."""
    body = {"body": edit.body}
    await gh.call(ops.UPDATE_ISSUE, edit.repo, lambda data: int(data["number"]), body=body, issue_number=edit.number)
    buried = await _buried(gh, edit)
    return IssueEdited(body=(await reads.issue(gh, edit.repo, edit.number)).body, buried=buried)


async def _buried(gh: GitHub, edit: EditIssue) -> str | None:
    edits = await reads.issue_edits(gh, edit.repo, edit.number)
    if len(edits) < 2 or not edits[0].ours or edits[0].body != edit.body:
        return None
    theirs = edits[1]
    if theirs.ours or theirs.body is None or theirs.body == edit.replaces or theirs.at < edit.updated_at:
        return None
    return theirs.body
