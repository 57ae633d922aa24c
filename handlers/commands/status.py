"""``/ssot status``: what the bot knows."""

from bot.commands import CommandSpec
from bot.facts import Role
from bot.jobs import Lease
from bot.talk import Call, Place, Reply
from bot.workflows import answers
from bot.workflows.context import Bot

SPEC = CommandSpec(
    name="status",
    summary="Says what is found, skipped and left.",
    details="The usages by kind and by how far their rewrite can be trusted, the code of each finding, and whether the "
    "check run is up to date. Nothing is changed.",
    needs=Role.READ,
    places=frozenset({Place.PULL_REQUEST}),
    examples=("/ssot status",),
)


async def run(bot: Bot, call: Call, _lease: Lease) -> Reply:
    """Reads only."""
    return await answers.status(bot, call)
