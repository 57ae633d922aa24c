"""Pull requests with the same head: a check run belongs to the commit, so it is green only if all of them are.

Who may merge one of them reads the check of the commit, whichever pull request it was written for.
"""

from bot.context import Bot
from bot.domain.references import PullRequestRef, Sha, Task
from bot.github import purposes, reads

REVIEW = "ssot.review"
"""The task that reviews a pull request."""


async def siblings_of(bot: Bot, ref: PullRequestRef, head: Sha) -> tuple[PullRequestRef, ...]:
    """The other open pull requests with this head, the oldest first."""
    heads = await reads.open_heads(bot.github, ref.repo)
    found = [other for other, sha in heads if sha == head and other.number != ref.number]
    return tuple(sorted(found, key=lambda other: other.number))


async def judge_again(bot: Bot, ref: PullRequestRef, head: Sha, occasion: int) -> bool:
    """Send a review of one of the others that have this head: its verdict is that of the commit.

    ``occasion`` tells this time from others.  Whether there is such a pull request.
    """
    others = await siblings_of(bot.working_for(purposes.REVIEW), ref, head)
    if others:
        number = others[0].number
        task = Task(event=REVIEW, id=f"{ref.repo.id}#{number}@{head} {occasion}", repo=ref.repo, subject=number)
        await bot.send(task)
    return bool(others)
