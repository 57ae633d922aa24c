"""Begins at once what a review will read: what it needs next is then there, or on its way.

One query has the pull request with all that was said and its base branch; beside it the changed files and the merge
base are asked for, with the branch and the head that the event names.  When it is there, a second query asks how the
commit stands, while the files are read and scanned.  Whatever a query cannot tell is read as ever.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from bot.config import FILE
from bot.context import Bot
from bot.domain.events import PullRequestEvent
from bot.domain.references import PullRequestRef, RepoRef, Sha
from bot.github import reads
from bot.github.begun import Begun
from bot.github.client import GitHub
from bot.github.errors import GraphQLError, MissingPermission, NoAnswer, NotFound, UnexpectedShape
from bot.github.reads.at_once import Standing
from bot.identity.checks import CHECK_NAME

T = TypeVar("T")
Q = TypeVar("Q")

UNTOLD = (NoAnswer, UnexpectedShape, NotFound, MissingPermission, GraphQLError)
"""What a query that failed says nothing of: each read by itself may still be answered, or tell what is wrong."""


@asynccontextmanager
async def reading_ahead(bot: Bot, ref: PullRequestRef, event: PullRequestEvent | None) -> AsyncIterator[Bot]:
    """The bot for the review of one pull request; ``event`` is what happened to it, if that is known."""
    begun = Begun()
    try:
        await _begin(bot.github, ref, event, begun)
        yield replace(bot, github=bot.github.having_begun(begun))
    finally:
        await begun.end()


async def _begin(gh: GitHub, ref: PullRequestRef, event: PullRequestEvent | None, begun: Begun) -> None:
    repo = ref.repo
    await gh.require_open(repo)  # queries have a limit of their own, and would go out for nothing
    if event is not None and event.base_ref is not None:
        base_ref, head, changed = event.base_ref, event.head_sha, event.changed_files
    else:
        pull = await reads.pull_request(gh, ref)
        begun.offer(lambda: _value(pull), reads.pull_request, ref)
        if pull.state != "open":
            return
        base_ref, head, changed = pull.base_ref, pull.head_sha, pull.changed_files
    said = begun.begin(reads.conversation(gh, ref, base_ref, FILE))
    _offer(begun, gh, said, lambda found: found.tip, reads.branch_head, repo, base_ref)
    _offer(begun, gh, said, lambda found: found.config, reads.file_at, repo, FILE, base_ref)
    _offer(begun, gh, said, lambda found: found.comments, reads.listed_comments, repo, ref.number)
    _offer(begun, gh, said, lambda found: found.reviews, reads.reviews, ref)
    _offer(begun, gh, said, lambda found: found.threads, reads.review_threads, ref)
    if event is not None and event.base_ref is not None:
        _offer(begun, gh, said, lambda found: found.pull, reads.pull_request, ref)
    files = begun.begin(reads.files_of(gh, ref, about=changed))
    begun.offer(lambda: files, reads.files_of, ref)
    begun.start(reads.merge_base, gh, repo, base_ref, head)
    stands = begun.begin(_after(said, partial(reads.standing, gh, repo, head, CHECK_NAME)))
    begun.offer(partial(_open_heads, gh, repo, stands), reads.open_heads, repo)
    _offer(begun, gh, stands, lambda found: found.runs, reads.check_runs, repo, head, name=CHECK_NAME)


def _offer(
    begun: Begun,
    gh: GitHub,
    query: asyncio.Task[Q],
    part: Callable[[Q], T | None],
    read: Callable[..., Coroutine[Any, Any, T]],
    *args: Hashable,
    **named: Hashable,
) -> None:
    """``read`` gets a part of what ``query`` found; what that has not, or not all of, is read by itself."""

    async def answer() -> T:
        try:
            found = part(await query)
        except UNTOLD:
            found = None
        return await read(gh, *args, **named) if found is None else found

    begun.offer(answer, read, *args, **named)


async def _open_heads(
    gh: GitHub, repo: RepoRef, query: asyncio.Task[Standing]
) -> tuple[tuple[PullRequestRef, Sha], ...]:
    """The query has the first hundred; it also tells how many pages there are."""
    try:
        found = await query
    except UNTOLD:
        return await reads.open_heads(gh, repo)
    return await reads.open_heads(gh, repo, about=found.open) if found.heads is None else found.heads


async def _after(earlier: asyncio.Task[Any], read: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """``read``, once the other is done, whatever came of it: what is read shortly before it is used is fresh."""
    await asyncio.wait([earlier])
    return await read()


async def _value(value: T) -> T:
    return value
