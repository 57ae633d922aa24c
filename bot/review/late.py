"""Reads that lag behind the event: the state before it is not reviewed.

GitHub tells what happened before all of its replicas show it.  https://github.com/orgs/community/discussions/24680
"""

from datetime import timedelta

from bot.context import Bot
from bot.domain.errors import NotShownYet
from bot.domain.events import PullRequestEvent
from bot.domain.references import PullRequest
from bot.github import reads
from bot.jobs import Job, look_again_at

SOON = timedelta(seconds=10)


def not_given_yet(bot: Bot, path: str) -> NotShownYet:
    """To raise for a file that GitHub lists as changed and does not give."""
    return NotShownYet(at=bot.github.clock.now() + SOON, reason=f"GitHub lists {path} and does not give it yet")


async def wait_for(bot: Bot, pull: PullRequest, event: PullRequestEvent, job: Job) -> None:
    """Raise ``NotShownYet`` while ``pull`` is as it was before the event.

    After five minutes it is taken as it is: somebody may have put it back.
    """
    again = look_again_at(job, bot.github.clock.now())
    if again is not None and (former := await _former(bot, pull, event)):
        raise NotShownYet(at=again, reason=f"GitHub still shows the pull request {former}")


async def _former(bot: Bot, pull: PullRequest, event: PullRequestEvent) -> str | None:
    """What shows that it is the state before the event."""
    match event.action:
        case "synchronize" if await _has_former_head(bot, pull, event):
            return f"at {pull.head_sha}, before the push of {event.head_sha}"
        case "reopened" if pull.state != "open":
            return "closed"
        case "ready_for_review" if pull.draft:
            return "as a draft"
        case "unlocked" if pull.locked:
            return "locked"
        case "edited" if event.former_base is not None and pull.base_ref == event.former_base:
            return "with its former base"
        case _:
            return None


async def _has_former_head(bot: Bot, pull: PullRequest, event: PullRequestEvent) -> bool:
    """The replaced head, or one below: a later push has an event of its own, and may have come first."""
    if pull.head_sha == event.head_sha:
        return False
    return pull.head_sha == event.before or await reads.is_behind(
        bot.github, pull.ref.repo, pull.head_sha, event.head_sha
    )
