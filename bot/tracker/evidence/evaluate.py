"""Whether an item is done: its configured evidence, checked against the facts.

A fact that cannot be read proves nothing and disproves nothing: the result is ``CannotTell``, and the box stays.
"""

from collections.abc import Iterable
from typing import assert_never

from bot.domain.checklist_item import (
    AllOf,
    AnyOf,
    Attested,
    CheckPassed,
    DefinitionRemoved,
    Deployed,
    Evidence,
    FileExists,
    IssueEvidence,
    PullRequestEvidence,
    SubIssuesClosed,
    UsageEvidence,
)
from bot.domain.migration import Migration
from bot.domain.tracked import TrackedFacts
from bot.tracker.evidence import github, source
from bot.tracker.models import CannotTell, Holds, ItemVerdict, Missing


def evaluate(evidence: Evidence, item: str, migration: Migration, facts: TrackedFacts) -> ItemVerdict:
    """The state of the item with this id, by the facts."""
    match evidence:
        case UsageEvidence():
            return source.usages(evidence, migration, facts)
        case DefinitionRemoved():
            return source.definitions(evidence, migration, facts)
        case FileExists():
            return source.files(evidence, facts)
        case CheckPassed():
            return github.check(evidence, facts)
        case Deployed():
            return github.deployment(evidence, facts)
        case PullRequestEvidence():
            return github.pull(evidence, facts)
        case IssueEvidence():
            return github.issue(evidence, facts)
        case SubIssuesClosed():
            return github.sub_issues(evidence, facts)
        case Attested():
            return github.attested(item, facts)
        case AllOf():
            return _all([evaluate(part, item, migration, facts) for part in evidence.evidence])
        case AnyOf():
            return _any([evaluate(part, item, migration, facts) for part in evidence.evidence])
        case _:
            assert_never(evidence)


def _all(verdicts: Iterable[ItemVerdict]) -> ItemVerdict:
    """What is missing outweighs what is unknown: the item is not done in either case."""
    parts = list(verdicts)
    missing = tuple(proof for part in parts if isinstance(part, Missing) for proof in part.what)
    unknown = tuple(why for part in parts if isinstance(part, CannotTell) for why in part.why)
    if missing:
        return Missing(what=missing)
    if unknown:
        return CannotTell(why=unknown)
    return Holds(because=tuple(proof for part in parts if isinstance(part, Holds) for proof in part.because))


def _any(verdicts: Iterable[ItemVerdict]) -> ItemVerdict:
    """The first part that holds.  While a part is unknown it may hold, so nothing counts as missing."""
    parts = list(verdicts)
    for part in parts:
        if isinstance(part, Holds):
            return part
    unknown = tuple(why for part in parts if isinstance(part, CannotTell) for why in part.why)
    if unknown:
        return CannotTell(why=unknown)
    return Missing(what=tuple(proof for part in parts if isinstance(part, Missing) for proof in part.what))
