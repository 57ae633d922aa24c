"""What the bot says about a tracking issue outside of its section: what it cannot do, what is done, how it stands."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.migration import Migration
from bot.domain.references import RepoRef
from bot.domain.tracked import TrackedFacts, usages_of
from bot.identity.kinds import MarkerKind
from bot.identity.markers import MarkerKeys
from bot.identity.places import conversation
from bot.markdown.limits import fit
from bot.markdown.links import link_to_commit
from bot.markdown.text import code, count
from bot.tracker.models import Conflict, Holds, ItemStatus, Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one migration stands."""

    migration: Migration
    facts: TrackedFacts
    statuses: tuple[ItemStatus, ...]


def conflict(found: Conflict, migration: Migration, repo: RepoRef, issue: int, keys: MarkerKeys) -> str:
    """Why the body is left alone, and what would help."""
    advice = "Put it right, or delete what is left of it and its comments: then it is written again."
    text = f"I did not touch the text of this issue for {code(migration.name)}. {found.text} {advice}"
    return _marked(text, MarkerKind.TRACKER_NOTE, f"{found.kind}", migration, repo, issue, keys)


def contested(migration: Migration, repo: RepoRef, issue: int, keys: MarkerKeys) -> str:
    """The body was changed by somebody each time it was to be written."""
    text = (
        f"The checklist of {code(migration.name)} is not up to date: each time I was to write it, the text of this "
        "issue had just been changed by somebody else. I try again with the next push, and every hour."
    )
    return _marked(text, MarkerKind.TRACKER_NOTE, "contested", migration, repo, issue, keys)


def finished(standing: Standing, repo: RepoRef, issue: int, keys: MarkerKeys) -> str:
    """All of the evidence holds."""
    facts = standing.facts
    commit, items = link_to_commit(facts, facts.commit, digits=9), count(len(standing.statuses), "item")
    text = (
        f"The migration {code(standing.migration.name)} is finished: at {commit} no usage is left, and the "
        f"evidence of all {items} of the checklist holds. This issue can be closed."
    )
    return _marked(text, MarkerKind.TRACKER_FINISHED, "finished", standing.migration, repo, issue, keys)


def _marked(
    text: str, kind: MarkerKind, what: str, migration: Migration, repo: RepoRef, issue: int, keys: MarkerKeys
) -> str:
    return f"{text}\n\n{kind.write(keys, conversation(repo, issue), (migration.name, what))}"


def status(standings: Iterable[Standing]) -> str:
    """The reply to ``status`` on a tracking issue."""
    return fit("\n\n".join(map(_standing, standings)))


def _standing(standing: Standing) -> str:
    facts, usages = standing.facts, usages_of(standing.facts, standing.migration.name)
    files = Counter(finding.path for finding in usages)
    critical = sum(finding.critical for finding in usages)
    kinds = Counter(str(finding.kind) for finding in usages)
    if usages:
        urgent = f", {critical:,} of them in critical paths" if critical else ""
        by_kind = ", ".join(count(number, kind) for kind, number in kinds.most_common())
        left = f"**{count(len(usages), 'usage')} left** in {count(len(files), 'file')}{urgent} ({by_kind})"
    else:
        left = "**no usage is left**"
    lines = [f"{code(standing.migration.name)}: {left}, at {link_to_commit(facts, facts.commit, digits=9)}."]
    if standing.statuses:
        lines.append(_items(standing.statuses))
    if before := facts.before:
        change = len(usages) - sum(before.usages.values())
        lines.append(f"{change:+,} since {code(before.commit[:9])}.")
    return " ".join(lines)


def _items(statuses: Sequence[ItemStatus]) -> str:
    holding = sum(isinstance(each.verdict, Holds) for each in statuses)
    missing = sum(isinstance(each.verdict, Missing) for each in statuses)
    unknown = len(statuses) - holding - missing
    open_question = f", {unknown:,} cannot be told" if unknown else ""
    return f"Of {count(len(statuses), 'item')}, {holding:,} hold and {missing:,} do not{open_question}."
