"""Reviews and review comments.  https://docs.github.com/rest/pulls/reviews and …/comments"""

from bot.sandbox import pulling, reviewing, talking
from bot.sandbox.diffs import FileDiff
from bot.sandbox.errors import ApiError, invalid, not_found
from bot.sandbox.model import Anchor, PullRequest, Review, ReviewComment
from bot.sandbox.reviewing import MAX_BODY
from bot.sandbox.routing import NO_CONTENT, Answer, Call, Router
from bot.sandbox.shapes import conversation, pulls
from bot.sandbox.world import Obj

router = Router()
STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
Checked = tuple[FileDiff, Anchor, str]
"""A comment that may be made: file, place, body."""


@router.route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", "pull_requests:read")
async def list_reviews(call: Call) -> Answer:
    """A pending one is its author's alone."""
    shown = [each for each in call.pull().reviews if each.state != "PENDING" or each.author is call.actor.user]
    return call.page(shown, lambda review: pulls.review(review, call.url))


@router.route("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", "pull_requests:write")
async def create_review(call: Call) -> Answer:
    """One review with all of its comments, or none of them."""
    pull = call.pull()
    call.unlocked(pull.issue)
    body, event = call.take("body", str, ""), call.maybe("event", str)
    if event is not None and event not in STATES:
        raise invalid("PullRequestReview", "event", code="invalid")
    commit = await _commit(call, pull)
    _refuse_while_pending(call, pull)
    changed = {file.path: file for file in await pulling.files(call.world, pull)}
    try:
        checked = [_checked(changed, each) for each in call.take("comments", list, [])]
    except ApiError:
        if state := call.world.orphan_state:
            _record(call, pull, [], body=body, state=state, commit=commit)
        raise
    _refuse_empty(event, body, checked)
    if len(body) > MAX_BODY:
        raise ApiError(422, "Unprocessable Entity", errors=[f"Body is too long (maximum is {MAX_BODY} characters)"])
    if event in ("APPROVE", "REQUEST_CHANGES") and pull.issue.author is call.actor.user:
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise ApiError(422, "Unprocessable Entity", errors=[f"Can not {verb} your own pull request"])
    review = _record(call, pull, checked, body=body, state=STATES.get(event or "", "PENDING"), commit=commit)
    return Answer(body=pulls.review(review, call.url))


def _record(call: Call, pull: PullRequest, checked: list[Checked], *, body: str, state: str, commit: str) -> Review:
    world, author = call.world, call.actor.user
    review = reviewing.add_review(world, pull, author, body=body, state=state, commit=commit)
    made: list[ReviewComment] = []
    for file, anchor, text in checked:
        thread = reviewing.start_thread(world, pull, file, anchor, commit=commit)
        made.append(reviewing.add_comment(world, thread, author, text, review))
    if state != "PENDING":
        reviewing.tell_review(world, review, "submitted", author)
        for comment in made:
            reviewing.tell_comment(world, comment, "created", author)
    return review


def _refuse_while_pending(call: Call, pull: PullRequest) -> None:
    """Somebody whose review is pending can neither begin another nor comment outside of it."""
    if any(each.state == "PENDING" and each.author is call.actor.user for each in pull.reviews):
        raise ApiError(422, "Unprocessable Entity", errors=["User can only have one pending review per pull request"])


@router.route("DELETE", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}", "pull_requests:write")
async def delete_pending_review(call: Call) -> Answer:
    """https://docs.github.com/rest/pulls/reviews#delete-a-pending-review-for-a-pull-request"""
    pull, number = call.pull(), call.number("review_id")
    for review in pull.reviews:
        if review.id == number and review.author is call.actor.user:
            if review.state != "PENDING":
                raise ApiError(422, "Can not delete a non-pending pull request review")
            pull.reviews.remove(review)
            pull.threads[:] = [thread for thread in pull.threads if thread.comments[0].review is not review]
            return Answer(body=pulls.review(review, call.url))
    raise not_found()


def _refuse_empty(event: str | None, body: str, checked: list[Checked]) -> None:
    if event in ("REQUEST_CHANGES", "COMMENT") and not body and not (checked and event == "COMMENT"):
        raise ApiError(422, "Unprocessable Entity", errors=["Review body can't be blank"])


async def _commit(call: Call, pull: PullRequest) -> str:
    """``commit_id``, by default the head; it must be a commit that is or was part of the pull request."""
    given = call.maybe("commit_id", str)
    if given is None or given == pull.head_sha:
        return pull.head_sha
    for head in pull.past_heads:
        if given in await call.repo.git.commits(pull.base_sha, head):
            return given
    raise ApiError(422, "Unprocessable Entity", errors=["Commit_id is not part of the pull request"])


def _checked(changed: dict[str, FileDiff], each: Obj) -> Checked:
    """A comment of a review, or the 422 that refuses all of them.  Says what is wrong, but not with which."""
    file = changed.get(str(each.get("path")))
    body = each.get("body")
    if not isinstance(body, str) or not body.strip():
        raise ApiError(422, "Unprocessable Entity", errors=["Pull request review comment body can't be blank"])
    if len(body) > MAX_BODY:
        raise ApiError(422, "Unprocessable Entity", errors=[f"Body is too long (maximum is {MAX_BODY} characters)"])
    if file is None:
        raise ApiError(422, "Unprocessable Entity", errors=["Path could not be resolved"])
    anchor = _anchor(file, each)
    if anchor is None:
        raise ApiError(422, "Unprocessable Entity", errors=["Position could not be resolved"])
    if wrong := reviewing.problems(anchor, file):
        subject = "Pull request review thread"
        raise ApiError(
            422,
            "Unprocessable Entity",
            errors=[_sentence([f"{subject} {field.replace('_', ' ')} {why}" for field, why in wrong])],
        )
    return file, anchor, body


def _sentence(parts: list[str]) -> str:
    """``a``, ``a and b``, ``a, b, and c``."""
    if len(parts) < 3:
        return " and ".join(parts)
    return ", ".join(parts[:-1]) + f", and {parts[-1]}"


def _anchor(file: FileDiff, each: Obj) -> Anchor | None:
    """The place that a comment asks for: by ``line``, by ``position``, or the whole file.  ``None``: no such place."""
    if each.get("subject_type") == "file":
        return Anchor(line=None)
    if each.get("line") is None:
        requested = each.get("position")
        for (side, line), place in file.places.items():
            if place.position == requested:
                return Anchor(line=line, side=side)
        return None
    for field in ("line", "start_line"):
        if not isinstance(each.get(field), int | None) or isinstance(each.get(field), bool):
            raise invalid("PullRequestReviewComment", field, f"{field} is not a number", code="invalid")
    for field in ("side", "start_side"):
        if each.get(field, "RIGHT") not in ("LEFT", "RIGHT", None):
            raise invalid("PullRequestReviewComment", field, f"{field} is not LEFT or RIGHT", code="invalid")
    side = each.get("side") or "RIGHT"
    return Anchor(line=each["line"], side=side, start_line=each.get("start_line"), start_side=each.get("start_side"))


@router.route("PUT", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}", "pull_requests:write")
async def update_review(call: Call) -> Answer:
    """The body of somebody's own review, which cannot become empty."""
    body, number = call.take("body", str), call.number("review_id")
    for review in call.pull().reviews:
        if review.id == number:
            if review.author is not call.actor.user:
                raise ApiError(403, "Resource not accessible by integration")
            if not body.strip():
                raise ApiError(422, "Unprocessable Entity", errors=["Review body can't be blank"])
            if len(body) > MAX_BODY:
                raise ApiError(
                    422, "Unprocessable Entity", errors=[f"Body is too long (maximum is {MAX_BODY} characters)"]
                )
            reviewing.edit_review(call.world, review, body, call.actor.user)
            return Answer(body=pulls.review(review, call.url))
    raise not_found()


@router.route("PUT", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/dismissals", "pull_requests:write")
async def dismiss_review(call: Call) -> Answer:
    message, number = call.take("message", str), call.number("review_id")
    for review in call.pull().reviews:
        if review.id == number:
            if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
                raise ApiError(422, "Unprocessable Entity", errors=["Can not dismiss a commented pull request review"])
            review.state = "DISMISSED"
            reviewing.tell_review(call.world, review, "dismissed", call.actor.user)
            return Answer(body=pulls.review(review, call.url) | ({"body": review.body or message}))
    raise not_found()


@router.route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/comments", "pull_requests:read")
async def list_review_comments(call: Call) -> Answer:
    found = [c for c in call.pull().review_comments if c.review is None or c.review.state != "PENDING"]
    return call.page(found, lambda comment: pulls.review_comment(comment, call.url))


@router.route("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/comments", "pull_requests:write")
async def create_review_comment(call: Call) -> Answer:
    """A single comment.  Refusals name the field, as ``pull_request_review_thread.<field>``."""
    pull = call.pull()
    call.unlocked(pull.issue)
    body = _body(call)
    if (answered := call.maybe("in_reply_to", int)) is not None:
        return _reply(call, pull, answered, body)
    call.take("commit_id", str)
    commit = await _commit(call, pull)
    _refuse_while_pending(call, pull)
    path = call.take("path", str)
    file = next((each for each in await pulling.files(call.world, pull) if each.path == path), None)
    if file is None:
        raise _thread_error([("path", "is invalid")])
    anchor = _anchor(file, call.body)
    if anchor is None:
        raise _thread_error([("position", "is invalid")])
    if wrong := reviewing.problems(anchor, file):
        raise _thread_error(wrong)
    review = reviewing.add_review(call.world, pull, call.actor.user, body="", state="COMMENTED", commit=commit)
    thread = reviewing.start_thread(call.world, pull, file, anchor, commit=commit)
    comment = reviewing.add_comment(call.world, thread, call.actor.user, body, review)
    reviewing.tell_review(call.world, review, "submitted", call.actor.user)
    reviewing.tell_comment(call.world, comment, "created", call.actor.user)
    return Answer(status=201, body=pulls.review_comment(comment, call.url))


def _thread_error(wrong: list[tuple[str, str]]) -> ApiError:
    errors = [
        {
            "resource": "PullRequestReviewComment",
            "code": "custom",
            "field": f"pull_request_review_thread.{field}",
            "message": f"pull_request_review_thread.{field} {why}",
        }
        for field, why in wrong
    ]
    return ApiError(422, "Validation Failed", errors=errors)


def _body(call: Call) -> str:
    body = call.take("body", str)
    if not body.strip():
        raise invalid("PullRequestReviewComment", "body", "body can't be blank")
    if len(body) > MAX_BODY:
        raise invalid("PullRequestReviewComment", "body", f"body is too long (maximum is {MAX_BODY} characters)")
    return body


@router.route("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies", "pull_requests:write")
async def reply(call: Call) -> Answer:
    pull = call.pull()
    call.unlocked(pull.issue)
    return _reply(call, pull, call.number("comment_id"), _body(call))


def _reply(call: Call, pull: PullRequest, answered: int, body: str) -> Answer:
    """Only the first comment of a thread can be answered; replies to replies are refused."""
    thread = next((t for t in pull.threads if t.comments[0].id == answered), None)
    if thread is None:
        raise not_found()
    author = call.actor.user
    review = reviewing.add_review(call.world, pull, author, body="", state="COMMENTED", commit=pull.head_sha)
    comment = reviewing.add_comment(call.world, thread, author, body, review)
    reviewing.tell_comment(call.world, comment, "created", author)
    return Answer(status=201, body=pulls.review_comment(comment, call.url))


@router.route("GET", "/repos/{owner}/{repo}/pulls/comments/{comment_id}", "pull_requests:read")
async def get_review_comment(call: Call) -> Answer:
    return Answer(body=pulls.review_comment(_comment(call), call.url))


@router.route("PATCH", "/repos/{owner}/{repo}/pulls/comments/{comment_id}", "pull_requests:write")
async def update_review_comment(call: Call) -> Answer:
    comment = _comment(call)
    reviewing.edit_comment(call.world, comment, _body(call), call.actor.user)
    return Answer(body=pulls.review_comment(comment, call.url))


@router.route("DELETE", "/repos/{owner}/{repo}/pulls/comments/{comment_id}", "pull_requests:write")
async def delete_review_comment(call: Call) -> Answer:
    reviewing.delete_comment(call.world, _comment(call), call.actor.user)
    return NO_CONTENT


@router.route("POST", "/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions", "pull_requests:write")
async def react(call: Call) -> Answer:
    made, new = talking.react(call.world, _comment(call), call.take("content", str), call.actor.user)
    return Answer(status=201 if new else 200, body=conversation.reaction(made, call.url))


def _comment(call: Call) -> ReviewComment:
    found = call.world.review_comments.get(call.number("comment_id"))
    if found is None or found.thread.pull.repo is not call.repo:
        raise not_found()
    return found
