"""``/ssot status``: the findings, or the state of the migration."""

from typing import assert_never

from bot.commands import answers
from bot.commands.parse import CommandSpec
from bot.context import Bot
from bot.domain.commands import CommandCall, CommandPlace, Reply
from bot.domain.facts import Role
from bot.jobs import Lease
from bot.tracker import status

SPEC = CommandSpec(
    name="status",
    summary="Shows what was found, what is skipped and what is left.",
    details="On a pull request: usages by kind and by fix (safe, unsafe or manual), the code of each finding, and "
    "whether the check run is up to date. On the tracking issue: the usages left on the default branch, at which "
    "commit, and the state of the checklist; the issue is updated as well.",
    needs=Role.READ,
    examples=("/ssot status",),
)


async def run(bot: Bot, call: CommandCall, _lease: Lease) -> Reply:
    """Reads only; on an issue it also schedules an update, as an event would."""
    match call.place:
        case CommandPlace.PULL_REQUEST:
            return await answers.status(bot, call)
        case CommandPlace.ISSUE:
            return await status.status(bot, call)
        case _:
            assert_never(call.place)
