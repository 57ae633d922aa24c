"""``/ssot explain MIGRATION``: what a migration is, and how its usages are rewritten."""

import click

from bot.commands import answers
from bot.commands.parse import CommandSpec
from bot.context import Bot
from bot.domain.commands import CommandCall, Reply
from bot.domain.facts import Role
from bot.jobs import Lease

SPEC = CommandSpec(
    name="explain",
    summary="Explains a migration: what is deprecated, and how each usage is rewritten.",
    details="Reads the configuration of the pull request's base branch; on an issue, of the default branch.",
    needs=Role.READ,
    params=(click.Argument(["migration"]),),
    examples=("/ssot explain websocket-manager-factory",),
)


async def run(bot: Bot, call: CommandCall, _lease: Lease) -> Reply:
    """Reads only."""
    return await answers.explain(bot, call, migration=str(call.arguments["migration"]))
