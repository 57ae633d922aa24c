"""``issue_comment``: runs the commands of a new comment; a person's edited or deleted comment does nothing."""

import structlog

from bot.commands.dispatch import answer_comment
from bot.commands.invocations import command_lines
from bot.context import Bot
from bot.domain.events import IssueCommentEvent
from bot.domain.references import PullRequestRef
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.review.update import review_pull_request
from bot.tracker import wake
from handlers.commands import COMMANDS

log = structlog.get_logger(__name__)

EVENT = "issue_comment"
_EDITED = "a command added by an edit is not run"


def route(event: IssueCommentEvent) -> Route:
    """The partition of the issue or pull request, so that commands run in order with its reviews.

    The comment is only split into lines here: whether one of them is a command, its Markdown says.

    An edit that adds a command is work too: the log says who did it, and nothing else happens.
    """
    if event.author is None:
        return Ignored(reason="written by an unknown account")
    if _records(event):
        return Work(key=wake.partition_key(event.repo))
    if _took_back(event):
        return Work(key=event.repo.at(event.number), action=event.action)
    if event.sender.is_bot:
        return Ignored(reason="written by a bot")
    if event.action not in ("created", "edited"):
        return Ignored(reason=f"nothing to do when a comment is {event.action}")
    lines = set(command_lines(event.body))
    if event.action == "edited":
        lines -= set(command_lines(event.previous_body or ""))
    if not lines:
        return Ignored(reason="no new command in the comment")
    return Work(key=event.repo.at(event.number), action=event.action)


def _records(event: IssueCommentEvent) -> bool:
    """Whether it may change what is attested on an issue: an App's reply was added or deleted."""
    by_app = event.author is not None and event.author.is_bot and not event.is_pull_request
    return by_app and event.action in ("created", "deleted")


def _took_back(event: IssueCommentEvent) -> bool:
    """Whether somebody deleted an App's reply on a pull request, which may be the record of a skipped finding."""
    by_app = event.author is not None and event.author.is_bot
    return by_app and not event.sender.is_bot and event.is_pull_request and event.action == "deleted"


async def handle(bot: Bot, event: IssueCommentEvent, lease: Lease) -> Outcome:
    """Run the commands; where a record of the bot may have changed, update the trackers or the review."""
    if _records(event):
        return await wake.wake(bot, event.repo)
    if _took_back(event):
        if event.app_id != bot.github.app_id:
            return Ignored(reason="comment of another App")
        return await review_pull_request(bot, PullRequestRef(repo=event.repo, number=event.number), lease)
    if event.action == "edited":
        log.warning(
            "command_by_edit",
            repository=event.repo.full_name,
            number=event.number,
            comment=event.comment_id,
            author=event.author.login if event.author else None,
            editor=event.sender.login,
        )
        return Ignored(reason=_EDITED)
    return await answer_comment(bot, event, COMMANDS, lease)
