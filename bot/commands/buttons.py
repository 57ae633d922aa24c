"""A button of the check run: check the role of whoever pressed it → run → reply once in the conversation."""

import hashlib
from collections.abc import Awaitable, Callable

import structlog

from bot.commands import render as words
from bot.commands.permissions import PER_MINUTE, TOO_FAST, Asker, CommandPace, may
from bot.commands.rate_limit import pace_of
from bot.commands.refusals import by_github
from bot.context import Bot
from bot.domain.commands import CommandHelp, CommandPlace, Reply
from bot.domain.effects import NewComment
from bot.domain.errors import UserError
from bot.domain.events import CheckRunEvent
from bot.domain.reactions import Reaction
from bot.domain.references import PullRequestRef
from bot.github import reads
from bot.github.errors import MissingPermission, Refused
from bot.identity import decisions, replies
from bot.jobs import Done, Ignored, Lease, Outcome, Superseded
from bot.markdown.limits import fit

log = structlog.get_logger(__name__)

_TOO_FAST = Reply(body=words.too_fast(PER_MINUTE), reaction=Reaction.CONFUSED)

Act = Callable[[str], Awaitable[Reply]]
"""What the button does, given a name for this press: the same at every run, of the characters of a marker."""


async def answer_press(
    bot: Bot, event: CheckRunEvent, ref: PullRequestRef, *, command: CommandHelp, act: Act, lease: Lease
) -> Outcome:
    """Do what the button of ``command`` does, if whoever pressed it may give that command here.

    Any step may run twice: the reply's marker names the press, and ``act`` is safe to repeat.
    """
    if event.app_id != bot.github.app_id:
        return Ignored(reason="check run of another App")
    press = f"press-{hashlib.sha256(lease.job.id.encode()).hexdigest()[:16]}"
    speed = await pace_of(bot, event.sender.id, at=lease.job.received_at, what=press)
    if speed is CommandPace.SILENT:
        return Ignored(reason=TOO_FAST)
    pull = await reads.pull_request(bot.github, ref)
    role = await reads.role(bot.github, ref.repo, event.sender.login, person=event.sender.id)
    asker = Asker(
        login=event.sender.login,
        role=role,
        place=CommandPlace.PULL_REQUEST,
        is_author=pull.author_id == event.sender.id,
    )
    allowed = may(asker, command)
    log.info("button", sender=asker.login, role=role, button=event.identifier, allowed=allowed)
    if not allowed:
        return Ignored(reason=f"the role {role} may not use {command.name}")
    if pull.locked:
        return Ignored(reason="the conversation is locked")
    if await _answered(bot, ref, press):
        return Ignored(reason="already answered")
    reply = await _act(act, press, lease) if speed is CommandPace.ALLOWED else _TOO_FAST
    if not lease.held():
        return Superseded(reason="the deadline of this run has passed")
    await _say(bot, ref, press, reply, event.sender.login)
    return Done(summary=str(reply.reaction))


async def _answered(bot: Bot, ref: PullRequestRef, press: str) -> bool:
    comments = await reads.issue_comments(bot.github, ref.repo, ref.number)
    about = (bot.keys, ref.repo, ref.number, press)
    return any(replies.is_answer_to_press(*about, comment.body) for comment in comments if comment.ours)


async def _act(act: Act, press: str, lease: Lease) -> Reply:
    try:
        return await act(press)
    except UserError as error:
        return Reply(body=words.failure(error), reaction=Reaction.CONFUSED)
    except (MissingPermission, Refused) as error:
        log.exception("button_refused")
        return Reply(body=by_github(error, lease.job.id), reaction=Reaction.CONFUSED)


async def _say(bot: Bot, ref: PullRequestRef, press: str, reply: Reply, by: str) -> None:
    markers = [
        replies.press(bot.keys, ref.repo, ref.number, press),
        *(decisions.marker(bot.keys, ref.repo, ref.number, decision) for decision in reply.decisions),
    ]
    body = fit(f"{reply.body}\n\n{words.pressed(by)}", tail="\n\n" + "\n".join(markers))
    await bot.performer.perform(NewComment(repo=ref.repo, number=ref.number, body=body))
