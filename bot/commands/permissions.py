"""Whether a comment is heard, and whether its author may give a command.  Pure.

The commands' own ``needs`` say who may; this is the one place where they are applied.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.domain.commands import CommandHelp, CommandPlace
from bot.domain.facts import Comment, Issue, Role

PER_MINUTE = 10
"""Comments with commands, and presses of buttons, that are heard from one person in a minute, over all repositories."""
TOO_FAST = f"more than {PER_MINUTE} comments with commands, or presses of a button, in a minute"
MINUTE = timedelta(minutes=1)
OLDEST = timedelta(days=3)
"""How long after it was written a comment is still acted on: GitHub redelivers no longer than that."""


class CommandPace(Enum):
    """What becomes of one more comment, or press of a button, of the same person."""

    HEARD = "heard"
    TOLD = "told"
    """It is not acted on, and the person is told so."""
    SILENT = "silent"
    """Nothing at all: the person was told."""


def pace(earlier: int) -> CommandPace:
    """By how often the person asked for something in the minute before this time."""
    if earlier < PER_MINUTE:
        return CommandPace.HEARD
    return CommandPace.TOLD if earlier == PER_MINUTE else CommandPace.SILENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who gives the commands of a comment, and what that person may do at this moment."""

    login: str
    role: Role
    place: CommandPlace
    is_author: bool
    """Of the pull request or issue that the comment stands on."""
    asked_at: datetime | None = None


def unheard(comment: Comment, issue: Issue, *, sender: int, body: str, now: datetime) -> str | None:
    """Why nothing is done about a created comment as it stands now; ``None`` when it is heard.

    It has to be the comment that the webhook told of: ``body``, by the account ``sender``, whatever its name by now.
    """
    if comment.ours:
        return "it is our own comment"
    if comment.author_id != sender:
        return "it is not the sender's comment"
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
