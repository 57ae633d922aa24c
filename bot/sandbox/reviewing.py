"""Reviews, their threads and comments, with GitHub's own refusals."""

from bot.sandbox.diffs import FileDiff
from bot.sandbox.model import Anchor, PullRequest, Review, ReviewComment, ReviewThread
from bot.sandbox.people import User
from bot.sandbox.shapes import pulls as shapes
from bot.sandbox.world import Event, Obj, World

MAX_BODY = 65_536
"""Characters of a comment's or review's body."""


def problems(anchor: Anchor, file: FileDiff) -> list[tuple[str, str]]:
    """What GitHub holds against a comment there, as (field, sentence without its subject).

    The words are those of its 422 answers; a comment may stand on any line that the diff shows, context included.
    """
    if anchor.line is None:
        return []
    found: list[tuple[str, str]] = []
    end = file.places.get((anchor.side, anchor.line))
    if end is None:
        found.append(("line", "must be part of the diff"))
    if anchor.start_line is not None:
        start = file.places.get((anchor.start_side or anchor.side, anchor.start_line))
        same_side = (anchor.start_side or anchor.side) == anchor.side
        if same_side and anchor.start_line >= anchor.line:
            found.append(("start_line", "must precede the end line."))
        elif start is None or end is None or start.hunk != end.hunk:
            found.append(("start_line", "must be part of the same hunk as the line."))
        elif start.position >= end.position:
            found.append(("start_line", "must precede the end line."))
    if end is None:
        found.append(("diff_hunk", "can't be blank"))
    return found


def anchored(original: Anchor, file: FileDiff, line: int | None, start_line: int | None) -> Anchor | None:
    """The anchor at other lines, ``None`` when the diff does not show them."""
    if line is None:
        return None
    place = file.places.get((original.side, line))
    if place is None:
        return None
    return Anchor(
        line=line,
        side=original.side,
        start_line=start_line,
        start_side=original.start_side,
        position=place.position,
    )


def start_thread(world: World, pull: PullRequest, file: FileDiff, anchor: Anchor, *, commit: str) -> ReviewThread:
    """A thread at a place that :func:`problems` holds nothing against."""
    place = None if anchor.line is None else file.places[anchor.side, anchor.line]
    placed = Anchor(
        line=anchor.line,
        side=anchor.side,
        start_line=anchor.start_line,
        start_side=None if anchor.start_line is None else anchor.start_side or anchor.side,
        position=None if place is None else place.position,
    )
    thread = ReviewThread(
        id=world.next_id(), pull=pull, path=file.path, original=placed, original_commit=commit, current=placed,
        commit=commit, diff_hunk="" if place is None else file.hunk_until(place),
    )  # fmt: skip
    pull.threads.append(thread)
    world.register("PRRT", thread)
    return thread


def add_comment(world: World, thread: ReviewThread, author: User, body: str, review: Review | None) -> ReviewComment:
    now = world.now()
    comment = ReviewComment(
        id=world.next_id(), thread=thread, review=review, author=author, body=body, created_at=now, updated_at=now,
        in_reply_to=thread.comments[0].id if thread.comments else None,
    )  # fmt: skip
    thread.comments.append(comment)
    world.review_comments[comment.id] = comment
    world.register("PRRC", comment)
    return comment


def add_review(world: World, pull: PullRequest, author: User, *, body: str, state: str, commit: str) -> Review:
    submitted = None if state == "PENDING" else world.now()
    review = Review(
        id=world.next_id(), pull=pull, author=author, body=body, state=state, commit_id=commit, submitted_at=submitted
    )
    pull.reviews.append(review)
    world.register("PRR", review)
    return review


def edit_review(world: World, review: Review, body: str, sender: User) -> None:
    before, review.body = review.body, body
    tell_review(world, review, "edited", sender, changes={"body": {"from": before}})


def tell_review(world: World, review: Review, action: str, sender: User, **fields: object) -> None:
    body = {
        "review": shapes.review(review, world.url, webhook=True),
        "pull_request": shapes.pull_request_simple(review.pull, world.url),
        **fields,
    }
    world.emit(Event(name="pull_request_review", action=action, sender=sender, repo=review.pull.repo, fields=body))


def tell_comment(world: World, comment: ReviewComment, action: str, sender: User, **fields: object) -> None:
    pull = comment.thread.pull
    body: Obj = {
        "comment": shapes.review_comment(comment, world.url),
        "pull_request": shapes.pull_request_simple(pull, world.url),
        **fields,
    }
    world.emit(Event(name="pull_request_review_comment", action=action, sender=sender, repo=pull.repo, fields=body))


def edit_comment(world: World, comment: ReviewComment, body: str, sender: User) -> None:
    before, comment.body, comment.updated_at = comment.body, body, world.now()
    tell_comment(world, comment, "edited", sender, changes={"body": {"from": before}})


def delete_comment(world: World, comment: ReviewComment, sender: User) -> None:
    """A thread vanishes with its last comment."""
    thread = comment.thread
    thread.comments.remove(comment)
    del world.review_comments[comment.id]
    if not thread.comments:
        thread.pull.threads.remove(thread)
    tell_comment(world, comment, "deleted", sender)


def set_resolved(world: World, thread: ReviewThread, sender: User, *, resolved: bool) -> None:
    if (thread.resolved_by is not None) == resolved:
        return
    thread.resolved_by = sender if resolved else None
    body = {
        "thread": shapes.thread(thread, world.url),
        "pull_request": shapes.pull_request_simple(thread.pull, world.url),
    }
    action = "resolved" if resolved else "unresolved"
    repo = thread.pull.repo
    world.emit(Event(name="pull_request_review_thread", action=action, sender=sender, repo=repo, fields=body))
