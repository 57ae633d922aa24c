"""``issue_comment``: the commands of a created comment are run; an edited or deleted one of a person does nothing."""

import structlog

from bot.commands.dispatch import answer_comment
from bot.commands.parse import find_invocations
from bot.context import Bot
from bot.domain.events import IssueCommentEvent
from bot.domain.references import PullRequestRef
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.review.update import review_pull_request
from bot.tracker import wake
from handlers.commands import COMMANDS

log = structlog.get_logger(__name__)

EVENT = "issue_comment"
_EDITED = "a command that an edit brings in is not run"


def route(event: IssueCommentEvent) -> Route:
    """The partition of the issue or pull request, so that commands run in order with its reviews.

    An edit that brings in a command is work too: it is written down who did it, and that is all.
    """
    if _records(event):
        return Work(key=wake.partition_key(event.repo))
    if _took_back(event):
        return Work(key=f"{event.repo.full_name}#{event.number}", action=event.action)
    if event.sender.is_bot:
        return Ignored(reason="a bot gives no commands")
    if event.action not in ("created", "edited"):
        return Ignored(reason=f"nothing to do when a comment is {event.action}")
    invocations = set(find_invocations(event.body))
    if event.action == "edited":
        invocations -= set(find_invocations(event.previous_body or ""))
    if not invocations:
        return Ignored(reason="no new command in the comment")
    return Work(key=f"{event.repo.full_name}#{event.number}", action=event.action)


def _records(event: IssueCommentEvent) -> bool:
    """Whether it may change what is attested on an issue: an App's reply came, or somebody deleted one."""
    by_app = event.author.is_bot and not event.is_pull_request
    return by_app and event.action in ("created", "deleted")


def _took_back(event: IssueCommentEvent) -> bool:
    """Whether somebody deleted an App's reply on a pull request, which may be the record of a skipped finding."""
    return event.author.is_bot and not event.sender.is_bot and event.is_pull_request and event.action == "deleted"


async def handle(bot: Bot, event: IssueCommentEvent, lease: Lease) -> Outcome:
    """Answer the commands; what may be a record of ours has the trackers, or the pull request, looked at."""
    if _records(event):
        return await wake.wake(bot, event.repo)
    if _took_back(event):
        if event.app_id != bot.github.app_id:
            return Ignored(reason="it was another App's comment")
        return await review_pull_request(bot, PullRequestRef(repo=event.repo, number=event.number), lease)
    if event.action == "edited":
        log.warning(
            "command_by_edit",
            repository=event.repo.full_name,
            number=event.number,
            comment=event.comment_id,
            author=event.author.login,
            editor=event.sender.login,
        )
        return Ignored(reason=_EDITED)
    return await answer_comment(bot, event, COMMANDS, lease)
