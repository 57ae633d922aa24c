"""``/ssot help``: all commands, or one of them in full."""

import click

from bot.commands import render as words
from bot.commands.parse import CommandSpec
from bot.context import Bot
from bot.domain.commands import CommandCall, Reply
from bot.domain.facts import Role
from bot.jobs import Lease

SPEC = CommandSpec(
    name="help",
    summary="Lists the commands, or explains one.",
    needs=Role.READ,
    params=(click.Argument(["command"], required=False),),
    examples=("/ssot help", "/ssot help migrate"),
)


async def run(_bot: Bot, call: CommandCall, _lease: Lease) -> Reply:
    """An unknown name gets the list."""
    spec = call.known.get(str(call.arguments["command"]).lower())
    return Reply(body=words.reference(spec) if spec else words.overview(call.known))
