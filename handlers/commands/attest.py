"""``/ssot attest ITEM reason``: stand for an item of the checklist that no machine can see."""

import click

from bot.commands import answers
from bot.commands.parse import CommandSpec
from bot.context import Bot
from bot.domain.commands import CommandCall, CommandPlace, Reply
from bot.domain.facts import Role
from bot.jobs import Lease

SPEC = CommandSpec(
    name="attest",
    summary="Records who says that an item of the checklist is done, and why.",
    details="ITEM is the `id` of an item in `.github/ssot.yml` whose evidence is `attested`. The bot's "
    "reply is the record: `--undo`, or deleting that reply, takes it back.",
    needs=Role.WRITE,
    places=frozenset({CommandPlace.ISSUE}),
    params=(
        click.Argument(["item"]),
        click.Argument(["reason"], required=False, metavar="REASON"),
        click.Option(["--undo"], is_flag=True),
    ),
    free_text=True,
    examples=(
        "/ssot attest staging-verified ran the chat smoke test on staging",
        "/ssot attest staging-verified --undo",
    ),
)


async def run(bot: Bot, call: CommandCall, _lease: Lease) -> Reply:
    """The record is the reply."""
    item, reason, undo = (call.arguments[name] for name in ("item", "reason", "undo"))
    return await answers.attest(
        bot, call, item=str(item), reason=None if reason is None else str(reason), undo=bool(undo)
    )
