"""Looks into the default branch for what it could migrate, and foresees what a configuration would find there.

All of it is a stranger's, so it is looked at in a worker of its own, with a bound on its names and a deadline, and
nothing is stored.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.config import Valid
from bot.config.prospects import (
    OwnName,
    deprecated_in,
    findings_of,
    may_deprecate,
    own_names,
    probe,
    successor_files,
    with_successors,
)
from bot.context import Bot
from bot.domain.migration import CODEOWNERS
from bot.domain.references import Sha
from bot.engine.source.names import SUFFIXES, find_source_roots
from bot.engine.survey import of_interest
from bot.inventory.commit_sources import CommitSources
from bot.inventory.foreseen import MOST_NAMES, NotForeseen, foresee, within_bounds
from bot.inventory.survey import survey_fresh
from bot.onboarding.models import OnboardingPreview, Proposal
from bot.onboarding.plan import proposed
from bot.repository import DefaultBranch, state_at
from bot.scanner import Scanner, Unscannable

MOST_SECONDS = 100.0
"""For a proposal; its preview takes as long once more, and a job has 300."""


async def propose(bot: Bot, at: DefaultBranch, *, issue: int | None = None) -> Proposal | None:
    """A configuration for what is found; ``None`` where that is nothing.

    ``issue``: the number of the tracking issue.  Raises :class:`NotForeseen`, and ``RetryLater`` for GitHub's limits.
    """
    async with within_bounds(at.branch, MOST_SECONDS), Scanner(workers=1) as aside:
        sources = await CommitSources.at(replace(bot, scanner=aside), at.repo, at.head, interest=_of_interest)
        python = [path for path in sources.blobs if path.endswith(SUFFIXES)]
        if not python:
            return None
        roots = find_source_roots(path for path in sources.blobs if of_interest(path))
        try:
            names = await _own_names(aside, sources, python, roots)
            config = await aside.run(probe, names)
            found = await survey_fresh(sources, config, aside.each)
            owners = next((path for path in CODEOWNERS if path in sources.blobs), None)
            return await aside.run(proposed, names, findings_of(found.reports), roots, owners, issue)
        except Unscannable as error:
            raise NotForeseen(str(error)) from error


def _of_interest(path: str) -> bool:
    return of_interest(path) or path in CODEOWNERS


async def _own_names(
    aside: Scanner, sources: CommitSources, python: Sequence[str], roots: Sequence[str]
) -> tuple[OwnName, ...]:  # fmt: skip
    """What the repository deprecates itself, with the successors that it has."""
    told = await sources.answers(deprecated_in, (path for path in python if may_deprecate(path, roots)))
    names = (await aside.run(own_names, told, roots))[:MOST_NAMES]
    files = await sources.read(await aside.run(successor_files, names, roots, frozenset(python)))
    return await aside.run(with_successors, names, files, roots)


async def previewed(bot: Bot, at: DefaultBranch, head: Sha) -> OnboardingPreview:
    """What the configuration at ``head`` would find on the default branch."""
    state = await state_at(bot, at.repo, head)
    about = OnboardingPreview(commit=at.head, branch=at.branch, state=state)
    if not isinstance(state, Valid):
        return about
    try:
        return replace(about, found=await foresee(bot, at.repo, at.branch, None, state.config))
    except NotForeseen as error:
        return replace(about, reason=str(error))
