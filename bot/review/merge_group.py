"""Checks the merge queue's commits: what a pull request adds, on top of all that is merged before it.

https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/merging-a-pull-request-with-a-merge-queue
"""

from dataclasses import replace

from bot.context import Bot
from bot.domain.facts import Waiver
from bot.domain.references import PullRequest, PullRequestRef, Sha
from bot.github import reads
from bot.github.purposes import REVIEW
from bot.identity import decisions
from bot.jobs import Done, Ignored, Outcome
from bot.repository import RepositoryAt, at_branch
from bot.review import render_effects as words
from bot.review.models import CompleteCheckRun
from bot.review.perform import complete_check
from bot.review.plan import plan_check
from bot.review.update import NOTHING_HERE, found_in, is_none_of_ours, own_verdict


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
    check = await _verdict(bot, pull, at)
    run = words.group_check_run(check, pull, at.migrations)
    await complete_check(bot, run, force=force)
    return Done(summary=f"check {check.conclusion}")


async def _verdict(bot: Bot, pull: PullRequest, at: RepositoryAt) -> CompleteCheckRun:
    """On the pull request; on all entries up to it where the queue merges them by the word of the last."""
    base, repo = pull.base_sha, pull.ref.repo
    if at.problem or at.unrelated or not await reads.queue_judges_the_last(bot.github, repo, pull.base_ref):
        return await own_verdict(bot, pull, at, onto=base)
    entries = await reads.queue_entries(bot.github, repo, pull.base_ref)
    waivers: dict[str, Waiver] = {}
    while base in entries:
        number, base = entries[base]
        comments = await reads.issue_comments(bot.github, repo, number)
        waivers |= decisions.waivers(bot.keys, repo, number, comments)
    return plan_check(await found_in(bot, pull, at.config, onto=base, waive=lambda _, __: waivers))
