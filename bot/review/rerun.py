""" "Re-run all checks": what has the commit as its head is looked at again.

A suite names the pull requests of its own repository alone, none of a fork's and none in the merge queue: they are
found by the commit.  https://docs.github.com/en/rest/checks/suites
"""

from bot.context import Bot
from bot.domain.references import PullRequestRef, RepoRef, Sha, Task
from bot.github import reads
from bot.identity.checks import CHECK_NAME
from bot.identity.external_ids import pull_number, queue_entry
from bot.jobs import Done, Ignored, Job, Outcome
from bot.review.merge_group import check_merge_group

RERUN = "ssot.rerun"
"""The task that reviews a pull request and writes a check run in any case."""


async def rerun(bot: Bot, repo: RepoRef, head: Sha, job: Job) -> Outcome:
    """Check the merge queue's commit again, or send a review of one pull request with this head.

    One is enough: a verdict is that of the commit.  The one that its last check run was written for comes first.
    """
    runs = await reads.check_runs(bot.github, repo, head, name=CHECK_NAME)
    last = runs[0].external_id if runs else ""
    if (entry := queue_entry(last, repo.id)) is not None:
        number, base = entry
        return await check_merge_group(bot, PullRequestRef(repo=repo, number=number), base, head, force=True)
    numbers = sorted(ref.number for ref, sha in await reads.open_heads(bot.github, repo) if sha == head)
    if not numbers:
        queued = (await reads.queue_entries(bot.github, repo)).get(head)
        if queued is None:
            return Ignored(reason="no open pull request has this head, and no entry of a merge queue")
        number, base = queued
        return await check_merge_group(bot, PullRequestRef(repo=repo, number=number), base, head, force=True)
    before = pull_number(last, repo.id)
    number = before if before in numbers and before is not None else numbers[0]
    await bot.send(Task(event=RERUN, id=f"{repo.id}#{number}@{head} {job.seq}", repo=repo, subject=number))
    return Done(summary=f"a review of #{number} was asked for")
