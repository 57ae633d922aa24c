"""Checks the merge queue's commits: what a pull request adds, on top of all that is merged before it.

https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/merging-a-pull-request-with-a-merge-queue
"""

from dataclasses import replace

from bot.context import Bot
from bot.domain.references import PullRequestRef, Sha
from bot.github import reads
from bot.github.purposes import REVIEW
from bot.jobs import Done, Ignored, Outcome
from bot.repository import at_branch
from bot.review import render_effects as words
from bot.review.update import NOTHING_HERE, complete_check, is_none_of_ours, own_verdict


async def check_merge_group(bot: Bot, ref: PullRequestRef, base: Sha, head: Sha, *, force: bool = False) -> Outcome:
    """The check run on ``head``, a commit that the queue made of the pull request on top of ``base``.

    The configuration is that of the branch it is merged into.  What people skipped on the pull request is skipped
    here as well.  ``force``: somebody asked for a re-run.
    """
    bot = bot.working_for(REVIEW)
    pull = replace(await reads.pull_request(bot.github, ref), base_sha=base, head_sha=head)
    at = await at_branch(bot, ref.repo, pull.base_ref)
    if await is_none_of_ours(bot, pull, at, onto=base):
        return Ignored(reason=NOTHING_HERE)
    check = await own_verdict(bot, pull, at, onto=base)
    run = words.group_check_run(check, pull, at.migrations)
    await complete_check(bot, run, force=force)
    return Done(summary=f"check {check.conclusion}")
