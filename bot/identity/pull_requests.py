"""The markers in the texts of the bot's own pull requests, and the part of a text that the bot owns."""

import re
from dataclasses import dataclass

from bot.identity.branches import is_of_batch
from bot.identity.kinds import MarkerKind
from bot.identity.markers import MarkerKeys
from bot.identity.places import migration as migration_place
from bot.identity.places import removal as removal_place


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMark:
    """What the marker in a migration pull request's text says."""

    migration: str
    slug: str
    tier: str
    """A value of ``bot.migrate.batches.models.Tier``."""
    asked_by: int
    """The id of the comment that requested it; 0: none."""
    digest: str

    def of_branch(self, branch: str) -> bool:
        """Whether it was written for the pull request of this branch."""
        return is_of_batch(branch, self.migration, self.slug)


def batch_markers(keys: MarkerKeys, repository: int, mark: BatchMark) -> tuple[str, str]:
    """The markers before and after the bot's part of a migration pull request's text."""
    place = migration_place(repository)
    values = (mark.migration, mark.slug, mark.tier, str(mark.asked_by), mark.digest)
    return MarkerKind.BATCH.write(keys, place, values), MarkerKind.BATCH_END.write(keys, place, (mark.slug,))


def batch_mark_of(keys: MarkerKeys, repository: int, body: str) -> BatchMark | None:
    """What the markers in a pull request's text say; ``None`` when there are none (any more)."""
    values = MarkerKind.BATCH.read(keys, migration_place(repository), body)
    if len(values) < 5:
        return None
    migration, slug, tier, asked_by, said = values[:5]
    return BatchMark(migration=migration, slug=slug, tier=tier, asked_by=int(asked_by), digest=said)


def reworded(before: str, block: str) -> str | None:
    """The text of a migration pull request with ``block`` in place of the bot's part; what people wrote stays.

    ``block`` holds both markers.  ``None``: the bot's part was removed.
    """
    return part_replaced(before, block, MarkerKind.BATCH, MarkerKind.BATCH_END)


def part_replaced(before: str, block: str, first: MarkerKind, last: MarkerKind) -> str | None:
    """The text with ``block`` in place of what is between the markers of these kinds, and of the markers themselves.

    ``None``: one of them is missing.
    """
    begin = re.search(f"<!-- ssot:{first.wire}=[^<>]*-->", before)
    ends = list(re.finditer(f"<!-- ssot:{last.wire}=[^<>]*-->", before[begin.end() :])) if begin else []
    return before[: begin.start()] + block + before[begin.end() + ends[-1].end() :] if begin and ends else None


def removal_marker(keys: MarkerKeys, repository: int, migration: str) -> str:
    """The marker in the text of the pull request that removes a migration's definitions."""
    return MarkerKind.REMOVAL.write(keys, removal_place(repository), (migration,))


def removed_in(keys: MarkerKeys, repository: int, body: str) -> tuple[str, ...]:
    """The migrations whose definitions the bot's pull request with this text removes."""
    return tuple(MarkerKind.REMOVAL.read(keys, removal_place(repository), body))


def is_removal(keys: MarkerKeys, repository: int, migration: str, body: str) -> bool:
    """Whether the text of a pull request of the bot is that of the migration's removal."""
    return migration in removed_in(keys, repository, body)
