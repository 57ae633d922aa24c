"""Reviews.  https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request."""

from dataclasses import dataclass, replace
from typing import Any

from bot.domain.effects import EditReview, ResolveThread, Review, ReviewComment, ThreadReply, UnresolveThread
from bot.github import operations as ops
from bot.github.client import GitHub
from bot.github.errors import Unprocessable
from bot.github.reads.talk import written_reviews


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The result of a review.  ``rejected``: comments that GitHub accepts neither on their lines nor on the file."""

    review_id: int | None
    """``None`` when nothing was left to say in a review of its own."""
    rejected: tuple[ReviewComment, ...] = ()


async def submit_review(gh: GitHub, review: Review) -> Submitted:
    """One review, all or nothing, as GitHub has it; if it declines (422), its comments one by one.

    One comment on a line that is not in the diff fails a whole review, and the answer does not say which.  So then
    each is posted by itself, on its file where the line is not accepted, and the body follows as a review of its own.
    Of a review that it declined GitHub may keep the body, submitted or as a pending review; the latter stands in the
    way of any other.  What is there is looked up, never written again.
    """
    kept: int | None = None
    for _ in range(2):  # the first may be declined for a pending review alone
        try:
            return Submitted(review_id=await _submit(gh, review))
        except Unprocessable:
            cleared, kept = await _clear(gh, review)
            if not cleared and not review.comments:
                raise
        if not cleared:
            break
    rejected = [c for c in review.comments if not await _post(gh, review, c)]
    if kept is None and review.body:
        kept = await _submit(gh, replace(review, comments=()))
    return Submitted(review_id=kept, rejected=tuple(rejected))


async def _clear(gh: GitHub, review: Review) -> tuple[bool, int | None]:
    """Delete the App's pending reviews: whether there were any, and the id of a submitted one that says the same."""
    pull = review.pull
    submitted, pending = await written_reviews(gh, pull)
    for each in pending:
        await gh.call(
            ops.DELETE_PENDING_REVIEW,
            pull.repo,
            lambda data: int(data["id"]),
            pull_number=pull.number,
            review_id=each.id,
        )
    same = [each.id for each in submitted if each.ours and each.body and each.body == review.body]
    return bool(pending), same[-1] if same else None


async def edit_review(gh: GitHub, edit: EditReview) -> None:
    """https://docs.github.com/en/rest/pulls/reviews#update-a-review-for-a-pull-request."""
    pull = edit.pull
    await gh.call(
        ops.UPDATE_REVIEW,
        pull.repo,
        lambda data: int(data["id"]),
        body={"body": edit.body},
        pull_number=pull.number,
        review_id=edit.review_id,
    )


async def reply_in_thread(gh: GitHub, reply: ThreadReply) -> None:
    """https://docs.github.com/en/rest/pulls/comments#create-a-reply-for-a-review-comment."""
    await gh.call(
        ops.REPLY_IN_THREAD,
        reply.pull.repo,
        lambda data: int(data["id"]),
        body={"body": reply.body},
        pull_number=reply.pull.number,
        comment_id=reply.comment_id,
    )


async def resolve_thread(gh: GitHub, thread: ResolveThread) -> None:
    """Mark a review thread as resolved; it is no error if it is already."""
    await gh.graphql(
        ops.RESOLVE_THREAD,
        thread.repo,
        lambda data: data["resolveReviewThread"]["thread"]["id"],
        id=thread.thread_id,
    )


async def unresolve_thread(gh: GitHub, thread: UnresolveThread) -> None:
    """Open a resolved review thread again; it is no error if it is open."""
    await gh.graphql(
        ops.UNRESOLVE_THREAD,
        thread.repo,
        lambda data: data["unresolveReviewThread"]["thread"]["id"],
        id=thread.thread_id,
    )


async def _submit(gh: GitHub, review: Review) -> int:
    pull = review.pull
    body = {
        "commit_id": review.head_sha,
        "event": "COMMENT",
        "body": review.body,
        "comments": [{"path": c.path, "body": c.body, **_lines(c)} for c in review.comments],
    }
    return await gh.call(ops.CREATE_REVIEW, pull.repo, lambda data: int(data["id"]), body=body, pull_number=pull.number)


async def _post(gh: GitHub, review: Review, comment: ReviewComment) -> bool:
    """A comment by itself: on its line, or else on its file, or else not at all."""
    pull = review.pull
    on_file = comment.body if comment.on_file is None else comment.on_file
    for text, place in ((comment.body, _lines(comment)), (on_file, {"subject_type": "file"})):
        body = {"commit_id": review.head_sha, "path": comment.path, "body": text, **place}
        try:
            await gh.call(
                ops.CREATE_REVIEW_COMMENT, pull.repo, lambda data: int(data["id"]), body=body, pull_number=pull.number
            )
        except Unprocessable:
            continue
        return True
    return False


def _lines(comment: ReviewComment) -> dict[str, Any]:
    start = {} if comment.start_line is None else {"start_line": comment.start_line, "start_side": comment.side}
    return {"line": comment.line, "side": comment.side, **start}
