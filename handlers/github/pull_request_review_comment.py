"""``pull_request_review_comment``: ``/ssot skip`` as a reply in the thread of a finding.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request_review_comment
"""

from bot.commands.dispatch import answer_comment
from bot.commands.heard import IN_THREADS
from bot.commands.invocations import command_lines
from bot.context import Bot
from bot.domain.events import ReviewCommentEvent
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from handlers.commands import COMMANDS

EVENT = "pull_request_review_comment"


def route(event: ReviewCommentEvent) -> Route:
    """The partition of the pull request, for a new reply that may be such a command."""
    if event.author is None or event.sender.is_bot:
        return Ignored(reason="written by a bot or a deleted account")
    if event.action != "created":
        return Ignored(reason=f"nothing to do when a comment is {event.action}")
    if event.in_reply_to is None:
        return Ignored(reason="no reply in a thread")
    names = {words[1].lower() for line in command_lines(event.body) if len(words := line.split(maxsplit=2)) > 1}
    if names.isdisjoint(IN_THREADS):
        return Ignored(reason="no command of a thread in the comment")
    return Work(key=event.repo.at(event.number), action=event.action)


async def handle(bot: Bot, event: ReviewCommentEvent, lease: Lease) -> Outcome:
    """Run the command on what the thread is about."""
    return await answer_comment(bot, event, COMMANDS, lease)
