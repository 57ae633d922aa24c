"""Whether a comment is acted on, and whether its author may give a command.  Pure.

Each command's ``needs`` says who may give it; this is the only place that applies it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.domain.commands import CommandHelp, CommandPlace
from bot.domain.facts import Comment, Issue, Role

PER_MINUTE = 10
"""The rate limit: comments with commands, and presses of buttons, of one person a minute, over all repositories."""
TOO_FAST = f"rate limit: more than {PER_MINUTE} commands or button presses a minute"
MINUTE = timedelta(minutes=1)
OLDEST = timedelta(days=3)
"""How long after it was written a comment is still acted on: GitHub redelivers no longer than that."""


class CommandPace(Enum):
    """What to do with one more comment, or press of a button, of the same person."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    """Not acted on; a reply says so."""
    SILENT = "silent"
    """Nothing at all: a reply already said so."""


def pace(earlier: int) -> CommandPace:
    """From how many requests the person made in the minute before this one."""
    if earlier < PER_MINUTE:
        return CommandPace.ALLOWED
    return CommandPace.REFUSED if earlier == PER_MINUTE else CommandPace.SILENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who wrote a comment's commands, and what that person may do at this moment."""

    login: str
    role: Role
    place: CommandPlace
    is_author: bool
    """Of the pull request or issue that was commented on."""
    asked_at: datetime | None = None


def reason_to_ignore(comment: Comment, issue: Issue, *, sender: int, body: str, now: datetime) -> str | None:
    """Why a new comment, as it is now, is not acted on; ``None`` when it is.

    It has to be the comment that the webhook reported: ``body``, by the account ``sender``, even if renamed since.
    """
    if comment.ours:
        return "the bot's own comment"
    if comment.author_id != sender:
        return "not the sender's comment"
    if comment.body != body:
        return "the comment was edited"
    if comment.created_at is None or now - comment.created_at > OLDEST:
        return f"the comment is older than {OLDEST.days} days"
    return "the conversation is locked" if issue.locked else None


def may(asker: Asker, command: CommandHelp) -> bool:
    """Whether the person may give the command here."""
    on_own_pull = asker.is_author and asker.place is CommandPlace.PULL_REQUEST
    needed = command.author_needs if on_own_pull and command.author_needs is not None else command.needs
    return asker.role.at_least(needed)
