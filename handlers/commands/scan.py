"""``/ssot scan``: look at the pull request again."""

from bot.commands import CommandSpec
from bot.domain.commands import CommandCall, CommandPlace, Reply
from bot.facts import Role
from bot.jobs import Lease
from bot.workflows import answers
from bot.workflows.context import Bot

SPEC = CommandSpec(
    name="scan",
    summary="Looks at the pull request again and gives its verdict anew.",
    details="Every push is looked at by itself. This is for when something else changed: the base branch, or the "
    "configuration on it.",
    needs=Role.TRIAGE,
    author_needs=Role.READ,
    places=frozenset({CommandPlace.PULL_REQUEST}),
    examples=("/ssot scan",),
)


async def run(bot: Bot, call: CommandCall, lease: Lease) -> Reply:
    """A new check run, and what is in it."""
    return await answers.scan(bot, call.pull, lease)
