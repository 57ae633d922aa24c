"""``/ssot attest ITEM reason``: confirm a checklist item that the bot cannot check itself."""

import click

from bot.commands import answers
from bot.commands.parse import CommandSpec
from bot.context import Bot
from bot.domain.commands import CommandCall, CommandPlace, Reply
from bot.domain.facts import Role
from bot.jobs import Lease

SPEC = CommandSpec(
    name="attest",
    summary="Records that a checklist item is done, with your name and reason.",
    details="ITEM is the `id` of an item in `.github/ssot.yml` whose evidence is `attested`. The bot's "
    "reply is the record. To undo it, use `--undo` or delete that reply.",
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
