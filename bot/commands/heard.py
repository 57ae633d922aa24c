"""Where a command was written: in a conversation, or as a reply in the thread of one of the bot's findings.

In a thread only the commands of ``IN_THREADS`` count.  The answer is a comment of the conversation for both, where
the records of decisions are.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from bot.context import Bot
from bot.domain.effects import NewReaction
from bot.domain.events import IssueCommentEvent, ReviewCommentEvent
from bot.domain.facts import Comment
from bot.domain.reactions import Reaction
from bot.domain.references import PullRequestRef, RepoRef
from bot.github import GitHub, reads
from bot.identity.kinds import MarkerKind
from bot.identity.places import pull_request
from bot.markdown.links import linked

CommentEvent = IssueCommentEvent | ReviewCommentEvent
IN_THREADS = frozenset({"skip"})
"""Commands that are about the finding that a thread is about."""


def on_line(event: CommentEvent) -> bool:
    """Whether it is a comment on a line: those have ids of their own."""
    return isinstance(event, ReviewCommentEvent)


def counted_as(event: CommentEvent) -> str:
    """What tells it from all other comments and presses of the same moment."""
    return f"line-{event.comment_id:020}" if on_line(event) else f"{event.comment_id:020}"


def reading(event: CommentEvent) -> Callable[[GitHub, RepoRef, int], Coroutine[Any, Any, Comment]]:
    """What reads the comment as it is now, by its id.  ``NotFound``: it was deleted."""
    return reads.review_comment if on_line(event) else reads.issue_comment


async def thread_of(bot: Bot, event: CommentEvent) -> tuple[str, ...]:
    """The fingerprints of what its thread is about, later findings included; none outside the bot's own threads."""
    if not isinstance(event, ReviewCommentEvent) or event.in_reply_to is None:
        return ()
    first = await reads.review_comment(bot.github, event.repo, event.in_reply_to)
    ref = PullRequestRef(repo=event.repo, number=event.number)
    found = MarkerKind.FINGERPRINTS.read(bot.keys, pull_request(ref), first.body) if first.ours else ()
    if not found:
        return ()
    threads = await reads.review_threads(bot.github, ref)
    ours = [c.body for t in threads if t.comments and t.comments[0].id == first.id for c in t.comments[1:] if c.ours]
    more = [MarkerKind.FINGERPRINTS.read(bot.keys, pull_request(ref), body) for body in ours]
    return tuple(dict.fromkeys((*found, *(fingerprint for some in more for fingerprint in some))))


def reaction(event: CommentEvent, content: Reaction) -> NewReaction:
    """A reaction to the comment; GitHub keeps one of a kind by an author."""
    return NewReaction(repo=event.repo, comment_id=event.comment_id, content=content, on_line=on_line(event))


def with_origin(event: CommentEvent, body: str) -> str:
    """The answer, with a link to a reply that stands elsewhere."""
    if not isinstance(event, ReviewCommentEvent):
        return body
    return f"{body}\n\n<sub>In answer to {linked('a reply on a line', event.html_url)}.</sub>"
