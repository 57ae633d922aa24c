"""``/ssot skip FINDING reason``: skip a finding of a pull request, or a file that could not be read."""

import click

from bot.commands import answers
from bot.commands.parse import CommandSpec
from bot.context import Bot
from bot.domain.commands import CommandCall, CommandPlace, Reply
from bot.domain.facts import Role
from bot.jobs import Lease

SPEC = CommandSpec(
    name="skip",
    summary="Skips a finding of this pull request: it is listed with its reason and no longer fails the check.",
    details="FINDING is the code at the end of the bot's comment: at least 6 of its digits. It can also be the path of "
    "a changed file that the check lists as not read. It takes one usage out, and an import with the last usage that "
    "it serves; each other usage of the comment has a code of its own. In a reply in the thread of a finding, FINDING "
    "may be left out: `/ssot skip REASON`. The bot's answer is the record. To undo it, use `--undo` or delete that "
    "answer; the comment's thread is then reopened.",
    needs=Role.WRITE,
    places=frozenset({CommandPlace.PULL_REQUEST}),
    params=(
        click.Argument(["finding"], required=False, metavar="FINDING"),
        click.Argument(["reason"], required=False, metavar="REASON"),
        click.Option(["--undo"], is_flag=True),
    ),
    free_text=True,
    examples=(
        "/ssot skip 3fc47e00 removed together with the admin page in the next release",
        "/ssot skip 3fc47e00 --undo",
        "/ssot skip app/legacy.py Python 2, nobody runs it any more",
    ),
)


async def run(bot: Bot, call: CommandCall, lease: Lease) -> Reply:
    """The check without the finding, or with it again."""
    finding, reason, undo = (call.arguments[name] for name in ("finding", "reason", "undo"))
    given, why = (None if text is None else str(text) for text in (finding, reason))
    return await answers.skip(bot, call, lease, finding=given, reason=why, undo=bool(undo))
