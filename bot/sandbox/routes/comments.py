"""Comments of issues and pull requests, and reactions.  https://docs.github.com/rest/issues/comments"""

from bot.sandbox import talking
from bot.sandbox.auth import UserIdentity
from bot.sandbox.errors import forbidden, invalid, not_found
from bot.sandbox.model import Comment
from bot.sandbox.people import Role
from bot.sandbox.reviewing import MAX_BODY
from bot.sandbox.routes.issues import READ, WRITE, admitted
from bot.sandbox.routing import NO_CONTENT, Answer, Call, Router
from bot.sandbox.shapes import conversation, stamp

router = Router()


@router.route("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", READ)
async def list_comments(call: Call) -> Answer:
    """Oldest first; ``since`` counts the last change."""
    found = admitted(call, call.issue(), "read").comments
    if since := call.query.get("since"):
        found = [comment for comment in found if stamp(comment.updated_at) >= since]
    return call.page(found, lambda comment: conversation.comment(comment, call.url))


@router.route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", WRITE)
async def create_comment(call: Call) -> Answer:
    issue = admitted(call, call.issue(), "write")
    call.unlocked(issue)
    comment = talking.comment(call.world, issue, _body(call), call.actor.user, call.actor.app)
    return Answer(status=201, body=conversation.comment(comment, call.url))


@router.route("GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}", READ)
async def get_comment(call: Call) -> Answer:
    return Answer(body=conversation.comment(_comment(call, "read"), call.url))


@router.route("PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}", WRITE)
async def update_comment(call: Call) -> Answer:
    comment = _own(call)
    talking.edit_comment(call.world, comment, _body(call), call.actor.user)
    return Answer(body=conversation.comment(comment, call.url))


@router.route("DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id}", WRITE)
async def delete_comment(call: Call) -> Answer:
    talking.delete_comment(call.world, _own(call), call.actor.user)
    return NO_CONTENT


@router.route("GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", READ)
async def list_reactions(call: Call) -> Answer:
    return call.page(_comment(call, "read").reactions, lambda each: conversation.reaction(each, call.url))


@router.route("POST", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", WRITE)
async def react(call: Call) -> Answer:
    comment = _comment(call, "write")
    call.unlocked(comment.issue)
    made, new = talking.react(call.world, comment, call.take("content", str), call.actor.user)
    return Answer(status=201 if new else 200, body=conversation.reaction(made, call.url))


@router.route("DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions/{reaction_id}", WRITE)
async def delete_reaction(call: Call) -> Answer:
    comment, number = _comment(call, "write"), call.number("reaction_id")
    for reaction in comment.reactions:
        if reaction.id == number:
            if reaction.user is not call.actor.user:
                raise forbidden()
            comment.reactions.remove(reaction)
            return NO_CONTENT
    raise not_found()


def _comment(call: Call, level: str) -> Comment:
    found = call.world.comments.get(call.number("comment_id"))
    if found is None or found.issue.repo is not call.repo or not call.there(found):
        raise not_found()
    admitted(call, found.issue, level)
    return found


def _own(call: Call) -> Comment:
    """One's own comment, or anybody's for a person who can write and for an App with the permission."""
    found = _comment(call, "write")
    person = call.identity.user if isinstance(call.identity, UserIdentity) else None
    if person not in (None, found.author) and call.repo.role_of(call.actor.user).level < Role.WRITE.level:
        raise forbidden("Must have admin rights to Repository.")
    return found


def _body(call: Call) -> str:
    body = call.take("body", str)
    if not body.strip():
        raise invalid("IssueComment", "body", code="missing_field")
    if len(body) > MAX_BODY:
        raise invalid("IssueComment", "body", f"body is too long (maximum is {MAX_BODY} characters)")
    return body
