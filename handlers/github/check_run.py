"""``check_run``: "Re-run" and the buttons of the bot's check runs; a completed one of another App may be evidence."""

from bot.commands import answers
from bot.commands.buttons import answer_press
from bot.context import Bot
from bot.domain.commands import Reply
from bot.domain.events import CheckRunEvent
from bot.domain.references import PullRequestRef
from bot.identity import checks
from bot.identity.external_ids import pull_number, queue_entry
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.migrate.pull.models import MigrateRequest
from bot.migrate.pull.update import migrate_pull
from bot.review.merge_group import check_merge_group
from bot.review.update import review_pull_request
from bot.tracker import wake
from handlers.commands import migrate, scan

EVENT = "check_run"
_NONE_OF_OURS = Ignored(reason="not a check run of the bot's for a pull request")
_OURS = Ignored(reason="the bot's own check run is no evidence")


def route(event: CheckRunEvent) -> Route:
    """The partition of the pull request that the check run was made for; for evidence the trackers'."""
    number, queued = pull_number(event.external_id, event.repo.id), queue_entry(event.external_id, event.repo.id)
    if event.action == "completed" and number is None and queued is None and event.on_default_branch:
        return Work(key=wake.partition_key(event.repo))
    if event.action not in ("rerequested", "requested_action"):
        return Ignored(reason=f"nothing to do when a check run is {event.action}")
    if event.sender.is_bot:
        return Ignored(reason="sent by a bot")
    if number is not None:
        return Work(key=event.repo.at(number), action=event.action)
    if queued is not None and event.action == "rerequested":
        return Work(key=f"{event.repo.key}@{event.head_sha}", action=event.action)
    return _NONE_OF_OURS


async def handle(bot: Bot, event: CheckRunEvent, lease: Lease) -> Outcome:
    """Re-scan and update the check, even if the result is the same; or do what the button says."""
    if event.action == "completed":
        return _OURS if event.app_id == bot.github.app_id else await wake.wake(bot, event.repo)
    queued = queue_entry(event.external_id, event.repo.id)
    if queued is not None:
        entry, base = queued
        return await check_merge_group(
            bot, PullRequestRef(repo=event.repo, number=entry), base, event.head_sha, force=True
        )
    number = pull_number(event.external_id, event.repo.id)
    if number is None:
        return _NONE_OF_OURS
    ref = PullRequestRef(repo=event.repo, number=number)
    if event.action == "rerequested":
        return await review_pull_request(bot, ref, lease, force=True)

    async def apply(press: str) -> Reply:
        ask = MigrateRequest(id=press, by=event.sender.login, seen=event.head_sha)
        return await migrate_pull(bot, ref, ask, lease)

    async def rescan(_: str) -> Reply:
        return await answers.scan(bot, ref, lease)

    match event.identifier:
        case checks.APPLY_SAFE_FIXES:
            return await answer_press(bot, event, ref, command=migrate.SPEC, act=apply, lease=lease)
        case checks.RESCAN:
            return await answer_press(bot, event, ref, command=scan.SPEC, act=rescan, lease=lease)
        case other:
            return Ignored(reason=f"unknown button: {other}")
