"""``/ssot scan``: re-scan the pull request."""

from bot.commands import answers
from bot.commands.parse import CommandSpec
from bot.context import Bot
from bot.domain.commands import CommandCall, CommandPlace, Reply
from bot.domain.facts import Role
from bot.jobs import Lease

SPEC = CommandSpec(
    name="scan",
    summary="Re-scans the pull request and updates the check.",
    details="Every push is scanned automatically. Use this when something else changed: the base branch, or the "
    "configuration on it.",
    needs=Role.TRIAGE,
    author_needs=Role.READ,
    places=frozenset({CommandPlace.PULL_REQUEST}),
    examples=("/ssot scan",),
)


async def run(bot: Bot, call: CommandCall, lease: Lease) -> Reply:
    """A new check run, and what is in it."""
    return await answers.scan(bot, call.pull, lease)
