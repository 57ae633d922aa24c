"""The bot's comments on a tracking issue: conflicts, the end of the migration, and the reply to ``status``."""

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
from bot.tracker.models import DAMAGE, Conflict, ConflictKind, Holds, ItemStatus, Missing
from bot.tracker.render.parts import none_left

_RESTORE = "To have it updated again, restore the section from the issue's edit history."
_AGAIN = (
    "To have it updated again, restore the section from the issue's edit history, or delete what is left of it with "
    "its hidden comments: then it is written again."
)
_ADVICE = {
    **dict.fromkeys(DAMAGE, _AGAIN),
    ConflictKind.DOUBLED: "Please delete one of the two, or both: then it is written again.",
    ConflictKind.OTHER_ISSUE: "Please delete the copy.",
    ConflictKind.HIDDEN: "Please move or close that block, so that the section is at the top level.",
    ConflictKind.TOO_LONG: "Please shorten the text of the issue.",
    ConflictKind.TOO_COMPLEX: "Please make the text of the issue simpler.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationStatus:
    """The state of one migration."""

    migration: Migration
    facts: TrackedFacts
    statuses: tuple[ItemStatus, ...]


def conflict(found: Conflict, migration: Migration, repo: RepoRef, issue: int, keys: MarkerKeys) -> str:
    """Why the body was not written, and what would help."""
    advice = _ADVICE.get(found.kind, _RESTORE)
    text = f"I did not update this issue for {code(migration.name)}. {found.text} {advice}"
    return _marked(text, MarkerKind.TRACKER_NOTE, f"{found.kind}", migration, repo, issue, keys)


def contested(migration: Migration, repo: RepoRef, issue: int, keys: MarkerKeys) -> str:
    """Somebody edited the body each time that the bot was about to write it."""
    text = (
        f"The checklist of {code(migration.name)} is not up to date: each time I tried to write it, someone else had "
        "just edited this issue. I will try again after the next push, and every hour."
    )
    return _marked(text, MarkerKind.TRACKER_NOTE, "contested", migration, repo, issue, keys)


def finished(status: MigrationStatus, repo: RepoRef, issue: int, keys: MarkerKeys) -> str:
    """No usages are left, and every item is done."""
    facts = status.facts
    commit, items = link_to_commit(facts, facts.commit, digits=9), count(len(status.statuses), "item")
    text = (
        f"The migration {code(status.migration.name)} is finished: at {commit} no usages are left, and the "
        f"checklist is complete ({items}). You can close this issue."
    )
    return _marked(text, MarkerKind.TRACKER_FINISHED, "finished", status.migration, repo, issue, keys)


def _marked(
    text: str, kind: MarkerKind, what: str, migration: Migration, repo: RepoRef, issue: int, keys: MarkerKeys
) -> str:
    return f"{text}\n\n{kind.write(keys, conversation(repo, issue), (migration.name, what))}"


def status(migrations: Iterable[MigrationStatus]) -> str:
    """The reply to ``status`` on a tracking issue."""
    return fit("\n\n".join(map(_status, migrations)))


def _status(status: MigrationStatus) -> str:
    facts, usages = status.facts, usages_of(status.facts, status.migration.name)
    files = Counter(finding.path for finding in usages)
    critical = sum(finding.critical for finding in usages)
    kinds = Counter(str(finding.kind) for finding in usages)
    if usages:
        urgent = f", {critical:,} of them in critical paths" if critical else ""
        by_kind = ", ".join(count(number, kind) for kind, number in kinds.most_common())
        left = f"**{count(len(usages), 'usage')} left** in {count(len(files), 'file')}{urgent} ({by_kind})"
    else:
        left = none_left(facts)
    lines = [f"{code(status.migration.name)}: {left}, at {link_to_commit(facts, facts.commit, digits=9)}."]
    if status.statuses:
        lines.append(_items(status.statuses))
    if before := facts.before:
        change = len(usages) - sum(before.usages.values())
        lines.append(f"Change since {code(before.commit[:9])}: {change:+,}.")
    return " ".join(lines)


def _items(statuses: Sequence[ItemStatus]) -> str:
    done = sum(isinstance(each.verdict, Holds) for each in statuses)
    missing = sum(isinstance(each.verdict, Missing) for each in statuses)
    unknown = len(statuses) - done - missing
    not_known = f", {unknown:,} unknown" if unknown else ""
    return f"Checklist: {done:,} of {len(statuses):,} done, {missing:,} open{not_known}."
