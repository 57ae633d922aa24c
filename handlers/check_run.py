"""``check_run``: "Re-run" on our own check run looks at its pull request again."""

from bot.events import CheckRunEvent
from bot.jobs import Ignored, Lease, Outcome, Route, Work
from bot.model import PullRequestRef
from bot.render.effects import pull_number
from bot.workflows.context import Bot
from bot.workflows.review import review_pull_request

EVENT = "check_run"
_NONE_OF_OURS = Ignored(reason="the check run belongs to no pull request of ours")


def route(event: CheckRunEvent) -> Route:
    """The lane of the pull request that the check run was made for."""
    if event.action != "rerequested":
        return Ignored(reason=f"nothing to do when a check run is {event.action}")
    number = pull_number(event.external_id, event.repo.id)
    return _NONE_OF_OURS if number is None else Work(key=f"{event.repo.full_name}#{number}", action=event.action)


async def handle(bot: Bot, event: CheckRunEvent, lease: Lease) -> Outcome:
    """Look again, and give the verdict anew even if it is the same."""
    number = pull_number(event.external_id, event.repo.id)
    if number is None:
        return _NONE_OF_OURS
    return await review_pull_request(bot, PullRequestRef(repo=event.repo, number=number), lease, anew=True)
