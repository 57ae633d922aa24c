"""``/ssot status`` on a tracking issue."""

from bot.context import Bot
from bot.domain.commands import CommandCall, CommandError, Reply
from bot.scanner import Unscannable
from bot.tracker.checklist.update import verdicts_of
from bot.tracker.find import NotTracked, Tracked, default_branch_of, issue_of, tracked_on
from bot.tracker.models import ItemStatus, NoBox
from bot.tracker.render import comments as words
from bot.tracker.wake import wake


async def status(bot: Bot, call: CommandCall) -> Reply:
    """``/ssot status`` on a tracking issue: the state at the head of the default branch.  Also schedules an update."""
    try:
        at = await default_branch_of(bot, call.repo)
        tracked = await tracked_on(bot, at, await issue_of(bot, at, call.number))
    except NotTracked as refusal:
        raise CommandError(f"This is not the tracking issue of a migration: {refusal}.") from refusal
    await wake(bot, call.repo)
    try:
        statuses = [await _status_of(bot, each) for each in tracked]
    except Unscannable as error:
        raise CommandError(f"The checklist cannot be looked through: {error}.") from error
    return Reply(body=words.status(statuses))


async def _status_of(bot: Bot, each: Tracked) -> words.MigrationStatus:
    migration, facts = each.migration, each.facts
    verdicts = await bot.scanner.run(verdicts_of, migration, facts)
    statuses = tuple(
        ItemStatus(item=item, verdict=verdicts[item.id], found=NoBox.ABSENT) for item in migration.checklist
    )
    return words.MigrationStatus(migration=migration, facts=facts, statuses=statuses)
