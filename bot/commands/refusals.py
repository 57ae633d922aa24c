"""What a person is told that may not do something, or for whom GitHub did not let the bot do it."""

from bot.commands import render as words
from bot.commands.heard import CommentEvent
from bot.commands.permissions import Asker
from bot.context import Bot
from bot.domain.commands import CommandHelp
from bot.domain.facts import Role
from bot.github import reads
from bot.github.errors import MissingPermission, Refused, closed_reason
from bot.identity import replies


async def refusal(bot: Bot, event: CommentEvent, asker: Asker, spec: CommandHelp | None) -> str | None:
    """Why somebody may not give a command: said once per person and conversation, so that nobody can make the bot talk.

    ``None``: the person was told before, or may not even read here.
    """
    if spec is None or not asker.role.at_least(Role.READ):
        return None
    said = await reads.issue_comments(bot.github, event.repo, event.number)
    person = event.sender.id
    if any(each.ours and replies.is_refusal(bot.keys, event.repo, event.number, person, each.body) for each in said):
        return None
    marker = replies.refusal(bot.keys, event.repo, event.number, person)
    return f"{words.not_allowed(asker.login, asker.role, spec)}\n\n{marker}"


def by_github(error: MissingPermission | Refused, delivery: str) -> str:
    """What the bot tried and GitHub refused, as the reply to a command."""
    closed = closed_reason(error) if isinstance(error, Refused) else None
    return words.refused(error, delivery) if closed is None else words.impossible(closed)
