"""A comment's commands: fetch the comment and its author's role → decide → 👀 → run → reply once → 🚀 or 😕.

Any step may run twice.  A reply's marker names the comment and the command's place in it, so a command with a reply is
not run again.  A command that ran but has no reply is run again, so each command has to be safe to repeat.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from bot.commands import render as words
from bot.commands.heard import (
    IN_THREADS,
    CommentEvent,
    counted_as,
    on_line,
    reaction,
    reading,
    thread_of,
    with_origin,
)
from bot.commands.invocations import Invocation, find_invocations
from bot.commands.parse import Command, CommandSpec, parse_all
from bot.commands.permissions import PER_MINUTE, TOO_FAST, Asker, CommandPace, may, reason_to_ignore
from bot.commands.rate_limit import pace_of
from bot.commands.refusals import by_github, refusal
from bot.context import Bot
from bot.domain.commands import CommandCall, CommandError, CommandPlace, Reply
from bot.domain.effects import NewComment
from bot.domain.errors import Gone, NotShownYet, RetryLater, UserError
from bot.domain.events import IssueCommentEvent
from bot.domain.facts import Comment, Role
from bot.domain.reactions import Reaction
from bot.domain.references import PullRequestRef
from bot.github import reads
from bot.github.begun import Begun
from bot.github.errors import MissingPermission, NotFound, Refused
from bot.github.purposes import CONVERSATION
from bot.identity import decisions, replies
from bot.identity.replies import AnsweredCommand
from bot.jobs import Done, Ignored, Lease, Outcome, Policy, Superseded, look_again_at
from bot.markdown.limits import fit
from bot.repository import at_conversation
from bot.review import written
from bot.review.late import SOON
from bot.review.update import NOTHING_HERE
from bot.scanner import Unscannable

log = structlog.get_logger(__name__)

TRIES = Policy().tries


class CommandModule(Protocol):
    """One command: a module of ``handlers.commands``."""

    SPEC: CommandSpec

    @property
    def run(self) -> Callable[[Bot, CommandCall, Lease], Awaitable[Reply]]:
        """Runs the command; returns the reply.

        Raises ``UserError`` with a text for the person, and ``RetryLater`` and ``Gone`` like every workflow.
        It runs again when its reply could not be sent, so it first checks what an earlier run has made.
        """


Commands = Mapping[str, CommandModule]


class _LeaseLost(Exception):
    """The lease is gone: another run goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    """What the answers to one comment share."""

    bot: Bot
    event: CommentEvent
    asker: Asker
    commands: Commands
    lease: Lease
    thread: tuple[str, ...] = ()
    """What the thread that it was written in is about."""


async def answer_comment(bot: Bot, event: CommentEvent, commands: Commands, lease: Lease) -> Outcome:
    """Run the commands of a new comment that its author may give, and reply."""
    if isinstance(event, IssueCommentEvent) and event.app_id == bot.github.app_id:
        return Ignored(reason="written by this App")
    speed = await pace_of(bot, event.sender.id, at=event.created_at, what=counted_as(event))
    if speed is CommandPace.SILENT:
        return Ignored(reason=TOO_FAST)
    asked = await _asked(bot, event, {name: module.SPEC for name, module in commands.items()}, speed)
    if not asked:
        return Ignored(reason="no command in the comment")
    async with _reading_ahead(bot.working_for(CONVERSATION), event) as ahead:
        return await _answer_comment(ahead, event, commands, asked, lease)


@asynccontextmanager
async def _reading_ahead(bot: Bot, event: CommentEvent) -> AsyncIterator[Bot]:
    """The bot with what every answer needs under way."""
    begun, place = Begun(), PullRequestRef(repo=event.repo, number=event.number)
    try:
        begun.start(reading(event), bot.github, event.repo, event.comment_id)
        begun.start(reads.issue, bot.github, event.repo, event.number)
        begun.start(reads.role, bot.github, event.repo, event.sender.login, person=event.sender.id)
        begun.start(reads.listed_comments, bot.github, event.repo, event.number, since=event.created_at)
        if on_line(event) or (isinstance(event, IssueCommentEvent) and event.is_pull_request):
            begun.start(reads.pull_request, bot.github, place)
        else:
            begun.start(reads.repository, bot.github, event.repo)
        yield replace(bot, github=bot.github.having_begun(begun))
    finally:
        await begun.end()


async def _answer_comment(
    bot: Bot, event: CommentEvent, commands: Commands, asked: Sequence[Command | CommandError], lease: Lease
) -> Outcome:
    comment = await reading(event)(bot.github, event.repo, event.comment_id)
    try:
        return await _answer_known(bot, event, comment, commands, asked, lease)
    except Gone as missing:
        if isinstance(missing, NotFound) and look_again_at(lease.job, bot.github.clock.now()):
            raise  # it may still come
        await _say_gone(bot, event, missing, lease)
        return Done(summary=f"told that it is gone: {missing}")
    except _LeaseLost:
        return Superseded(reason="the deadline of this run has passed")


async def _answer_known(
    bot: Bot,
    event: CommentEvent,
    comment: Comment,
    commands: Commands,
    asked: Sequence[Command | CommandError],
    lease: Lease,
) -> Outcome:
    thread = await thread_of(bot, event)
    if on_line(event) and not thread:
        return Ignored(reason="no thread of the bot")
    issue = await reads.issue(bot.github, event.repo, event.number)
    reason = reason_to_ignore(comment, issue, sender=event.sender.id, body=event.body, now=bot.github.clock.now())
    if reason:
        return Ignored(reason=reason)
    at = await at_conversation(bot, event.repo, event.number, is_pull_request=issue.is_pull_request)
    if at.unrelated:
        return Ignored(reason=NOTHING_HERE)
    role = await reads.role(bot.github, event.repo, comment.author, person=event.sender.id)
    asker = Asker(
        login=comment.author,
        role=role,
        place=CommandPlace.PULL_REQUEST if issue.is_pull_request else CommandPlace.ISSUE,
        is_author=issue.author_id is not None and issue.author_id == comment.author_id,
        asked_at=comment.created_at,
    )
    session = _Session(bot=bot, event=event, asker=asker, commands=commands, lease=lease, thread=thread)
    return Done(summary=", ".join(await _answer_all(session, asked)))


async def _asked(
    bot: Bot, event: CommentEvent, specs: Mapping[str, CommandSpec], speed: CommandPace
) -> Sequence[Command | CommandError]:
    """The comment's commands.  Its Markdown is parsed in a worker: what breaks that is answered as a mistake."""
    try:
        invocations: Sequence[Invocation] = await bot.scanner.run(find_invocations, event.body)
    except Unscannable as error:
        log.warning("comment_not_parsed", cause=error.cause)
        return (CommandError(words.UNREADABLE_COMMENT),)
    if on_line(event):
        invocations = [invocation for invocation in invocations if invocation.name in IN_THREADS]
    if invocations and speed is not CommandPace.ALLOWED:
        return (CommandError(words.too_fast(PER_MINUTE)),)
    return parse_all(invocations, specs)


async def _answer_all(session: _Session, asked: Sequence[Command | CommandError]) -> Sequence[Reaction]:
    """Answers each command in turn, and reacts to the comment once they are all answered."""
    before = await _answered(session)
    reactions: list[Reaction] = []
    for index, command in enumerate(asked):
        reactions.append(before.get(index) or await _answer(session, index, command))
    distinct = tuple(dict.fromkeys(reactions))
    for each in distinct:
        await _react(session, each)
    return distinct


async def _answered(session: _Session) -> Mapping[int, Reaction]:
    """How the commands went that have a reply already, by their place in the comment."""
    event = session.event
    said = await reads.issue_comments(session.bot.github, event.repo, event.number, since=event.created_at)
    last = await written.last(session.bot, _key(event))
    if last > max((reply.id for reply in said), default=0):
        at = session.bot.github.clock.now() + SOON
        raise NotShownYet(at=at, reason="GitHub does not list the last reply yet")
    found: dict[int, Reaction] = {}
    for reply in said:
        if not reply.ours:
            continue
        answered = replies.answer_in(session.bot.keys, event.repo, event.number, reply.body)
        if answered and (answered.comment_id, answered.on_line) == (event.comment_id, on_line(event)):
            found[answered.index] = answered.reaction
    return found


async def _answer(session: _Session, index: int, command: Command | CommandError) -> Reaction:
    """One command.  Returns the reaction that says how it went."""
    spec = _spec(session, command)
    allowed = may(session.asker, spec) if spec else session.asker.role.at_least(Role.READ)
    log.info(
        "command",
        sender=session.asker.login,
        role=session.asker.role,
        command=spec.name if spec else None,
        comment=session.event.comment_id,
        allowed=allowed,
    )
    if not allowed:
        text = await refusal(session.bot, session.event, session.asker, spec)
        if text is not None:
            await _comment(session, text)
        return Reaction.MINUS_ONE
    reply = await _run(session, index, command)
    await _reply(session, index, reply)
    return reply.reaction


def _spec(session: _Session, command: Command | CommandError) -> CommandSpec | None:
    return session.commands[command.name].SPEC if isinstance(command, Command) else None


async def _run(session: _Session, index: int, command: Command | CommandError) -> Reply:
    """The reply, also where the command is wrong or fails in a way that the person can fix."""
    if isinstance(command, CommandError):
        return Reply(body=words.mistake(command.message, command.usage), reaction=Reaction.CONFUSED)
    module, event = session.commands[command.name], session.event
    if session.asker.place not in module.SPEC.places:
        return Reply(body=words.elsewhere(module.SPEC), reaction=Reaction.CONFUSED)
    await _react(session, Reaction.EYES)
    call = CommandCall(
        repo=event.repo,
        number=event.number,
        place=session.asker.place,
        comment_id=event.comment_id,
        index=index,
        sender=session.asker.login,
        role=session.asker.role,
        arguments=command.arguments,
        given_at=session.asker.asked_at,
        thread=session.thread,
        known={name: each.SPEC for name, each in session.commands.items()},
    )
    try:
        return await _attempt(session, module, call)
    except CommandError as error:
        return Reply(body=words.mistake(error.message, error.usage or module.SPEC.usage), reaction=Reaction.CONFUSED)
    except UserError as error:
        return Reply(body=words.failure(error), reaction=Reaction.CONFUSED)
    except (MissingPermission, Refused) as error:
        # A retry fixes neither; what GitHub said is for the operator.
        log.exception("command_refused", command=command.name)
        return Reply(body=by_github(error, session.lease.job.id), reaction=Reaction.CONFUSED)


async def _attempt(session: _Session, module: CommandModule, call: CommandCall) -> Reply:
    """The command itself.  After a defect the job is tried again; at the last try a reply tells the person."""
    try:
        return await module.run(session.bot, call, session.lease)
    except (UserError, RetryLater, Gone, MissingPermission, Refused):
        raise
    except Exception:
        if session.lease.job.attempts + 1 >= TRIES:
            await _apologise(session, call.index)
        raise


async def _apologise(session: _Session, index: int) -> None:
    """Once.  It does not count as the reply, so that the command runs when the operator retries the job."""
    await _say_failed(session.bot, session.event, index, words.defect(session.lease.job.id), session.lease)


async def _say_gone(bot: Bot, event: CommentEvent, missing: Gone, lease: Lease) -> None:
    """The comment is there, and something that its command needs is not.  The conversation may be gone itself."""
    log.warning("command_without_object", comment=event.comment_id, reason=str(missing))
    try:
        role = await reads.role(bot.github, event.repo, event.sender.login, person=event.sender.id)
        if not role.at_least(Role.READ):
            return
        await _say_failed(bot, event, 0, words.gone(missing), lease)
    except (Gone, Refused) as refusal:
        log.warning("not_told", comment=event.comment_id, reason=str(refusal))


async def _say_failed(bot: Bot, event: CommentEvent, index: int, text: str, lease: Lease) -> None:
    """Once, and not as the command's reply."""
    about = (bot.keys, event.repo, event.number, event.comment_id, index)
    said = await reads.issue_comments(bot.github, event.repo, event.number, since=event.created_at)
    if any(reply.ours and replies.is_apology(*about, reply.body, on_line=on_line(event)) for reply in said):
        return
    if not lease.held():
        raise _LeaseLost
    await bot.performer.perform(reaction(event, Reaction.CONFUSED))
    body = f"{text}\n\n{replies.apology(*about, on_line=on_line(event))}"
    await bot.performer.perform(NewComment(repo=event.repo, number=event.number, body=body))


async def _reply(session: _Session, index: int, reply: Reply) -> None:
    bot, event = session.bot, session.event
    answered = AnsweredCommand(
        comment_id=event.comment_id, index=index, reaction=reply.reaction, on_line=on_line(event)
    )
    markers = [
        replies.answer(bot.keys, event.repo, event.number, answered),
        *(decisions.marker(bot.keys, event.repo, event.number, decision) for decision in reply.decisions),
    ]
    await _comment(session, fit(with_origin(event, reply.body), tail="\n\n" + "\n".join(markers)))


async def _comment(session: _Session, body: str) -> None:
    bot, event = session.bot, session.event
    _check(session)
    number = await bot.performer.perform(NewComment(repo=event.repo, number=event.number, body=body))
    await written.remember(bot, _key(event), number)


def _key(event: CommentEvent) -> str:
    return written.of_answer(event.repo, f"{'line' if on_line(event) else 'comment'} {event.comment_id}")


async def _react(session: _Session, content: Reaction) -> None:
    """GitHub keeps one reaction of a kind by an author, so this may be done again."""
    _check(session)
    await session.bot.performer.perform(reaction(session.event, content))


def _check(session: _Session) -> None:
    if not session.lease.held():
        raise _LeaseLost
