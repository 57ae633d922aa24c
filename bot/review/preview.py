"""What a changed configuration would find once it is merged: a check run of its own, which blocks nothing.

It is made by a task, after the verdict and in a lane of its own, once for each head.
"""

from bot.context import Bot
from bot.domain.references import PullRequest, PullRequestRef, RepoRef, Sha, Task
from bot.github import reads
from bot.identity.checks import PREVIEW_NAME
from bot.inventory.foreseen import NotForeseen, foresee
from bot.jobs import Done, Ignored, Outcome
from bot.repository import at_branch
from bot.review.configuration import is_changed
from bot.review.render_preview import Preview, preview_check_run

PREVIEW = "ssot.preview"


async def ask_for_preview(bot: Bot, pull: PullRequest) -> None:
    """The same head is previewed once, however often it is reviewed."""
    ref = pull.ref
    task = Task(event=PREVIEW, id=f"{ref.repo.id}#{ref.number}@{pull.head_sha}", repo=ref.repo, subject=ref.number)
    await bot.send(task)


async def preview_configuration(bot: Bot, repo: RepoRef, number: int) -> Outcome:
    """Write the preview of the pull request's head, unless it has one."""
    pull = await reads.pull_request(bot.github, PullRequestRef(repo=repo, number=number))
    if pull.state != "open":
        return Ignored(reason=f"the pull request is {pull.state}")
    if await _is_there(bot, repo, pull.head_sha):
        return Ignored(reason="the head has its preview")
    if not is_changed(await reads.changed_files(bot.github, pull)):
        return Ignored(reason="the pull request does not change the configuration")
    at, proposed = await at_branch(bot, repo, pull.base_ref), await at_branch(bot, repo, pull.head_sha)
    if proposed.problem:
        return Ignored(reason="the changed configuration is not valid")
    before = None if at.problem else at.config
    try:
        found = await foresee(bot, repo, pull.base_ref, before, proposed.config)
    except NotForeseen as error:
        preview = Preview(before=before, after=proposed.config, reason=str(error))
    else:
        preview = Preview(before=before, after=proposed.config, found=found)
    if await _is_there(bot, repo, pull.head_sha):
        return Ignored(reason="the head has its preview")
    await bot.performer.perform(preview_check_run(pull, preview))
    return Done(summary="previewed" if preview.reason is None else f"no preview: {preview.reason}")


async def _is_there(bot: Bot, repo: RepoRef, head: Sha) -> bool:
    return bool(await reads.check_runs(bot.github, repo, head, name=PREVIEW_NAME))
