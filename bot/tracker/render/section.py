"""The section of a tracking issue that the bot owns.

Everything in it is about one commit.  When it gets too long, its longest parts are shortened first, and it says so.
"""

from collections import Counter
from collections.abc import Sequence

from bot.domain.finding import Finding
from bot.domain.tracked import NotKnown, Origin, PullState, TrackedFacts, usages_of
from bot.markdown.blocks import fold
from bot.markdown.links import link_to_commit
from bot.markdown.text import code, count, prose
from bot.tracker.models import View
from bot.tracker.render import burndown
from bot.tracker.render.items import evidence
from bot.tracker.render.parts import Part, fit, moment, none_left
from bot.tracker.render.usages import directories, files, hidden

_LISTED = 10
"""Files in the list of added usages."""


def section(view: View, room: int) -> str | None:
    """The section's text within ``room`` characters; ``None`` if not even its shortest form fits."""
    facts, name = view.facts, view.migration.name
    usages = usages_of(facts, name)
    parts = (
        Part(forms=(_headline(view, usages),)),
        _changes(facts, usages),
        _pulls(facts),
        _burn_down(facts, name),
        evidence(view.statuses),
        directories(usages),
        files(facts, usages),
        hidden(view),
        Part(forms=(_footer(facts),)),
    )
    return fit(parts, room)


def _headline(view: View, usages: Sequence[Finding]) -> str:
    facts = view.facts
    title = f"### {code(view.migration.name)}"
    files = {finding.path for finding in usages}
    critical = {finding.path for finding in usages if finding.critical}
    left = none_left(facts) if not usages else f"**{count(len(usages), 'usage')} left** in {count(len(files), 'file')}"
    urgent = f", {len(critical)} of them critical" if critical else ""
    kinds = Counter(str(finding.kind) for finding in usages)
    by_kind = f": {', '.join(count(n, kind) for kind, n in kinds.most_common())}" if kinds else ""
    commit = link_to_commit(facts, facts.commit, digits=7)
    as_of = f"At {commit} of {moment(facts.committed_at)}, checked {moment(facts.read_at)} (UTC)."
    return f"{title}\n\n{left}{urgent}{by_kind}.\n{as_of}"


def _changes(facts: TrackedFacts, usages: Sequence[Finding]) -> Part:
    """What was added and removed since the last update."""
    if facts.before is None:
        return Part(forms=("",))
    now, before = Counter(finding.path for finding in usages), facts.before.usages
    added = {path: n - before.get(path, 0) for path, n in now.items() if n > before.get(path, 0)}
    removed = {path: n - now[path] for path, n in before.items() if n > now[path]}
    since = f"Since {link_to_commit(facts, facts.before.commit, digits=7)} of {moment(facts.before.at)}:"
    if not added and not removed:
        return Part(forms=(f"{since} no usages added or removed.",))
    summed = " and ".join(
        f"{count(sum(paths.values()), 'usage')} {verb} in {count(len(paths), 'file')}"
        for paths, verb in ((added, "added"), (removed, "removed"))
        if paths
    )
    lines = [f"- {code(path)}: {n} added{_by(facts, path)}" for path, n in sorted(added.items())]
    rest = [f"- … and {len(lines) - _LISTED:,} more files"] if len(lines) > _LISTED else []
    listed = "\n".join((*lines[:_LISTED], *rest))
    return Part(forms=(f"{since} {summed}." + (f"\n\n{listed}" if listed else ""), f"{since} {summed}."))


def _by(facts: TrackedFacts, path: str) -> str:
    origin: Origin | None = facts.origins.get(path)
    if origin is None:
        return ""
    by = f" by {code(origin.author)}" if origin.author else ""
    return f"{by} in " + (f"#{origin.pull}" if origin.pull else link_to_commit(facts, origin.commit, digits=7))


def _pulls(facts: TrackedFacts) -> Part:
    """The open migration pull requests; GitHub shows the title and state of each beside its number."""
    if isinstance(facts.pulls, NotKnown):
        return Part(
            forms=(f"Open migration pull requests: unknown ({prose(facts.pulls.why)})." if facts.issue else "",)
        )
    pulls = [pull for pull in facts.pulls if pull.migrates and pull.state is PullState.OPEN]
    if not pulls:
        return Part(forms=("",))
    lines = [
        f"- #{pull.number}"
        + (f" · {count(len(pull.paths), 'file')}" if pull.paths else "")
        + (" · draft" if pull.draft else "")
        for pull in sorted(pulls, key=lambda pull: pull.number)
    ]
    title = f"**{count(len(pulls), 'open migration pull request')}**"
    return Part(forms=(f"{title}\n\n" + "\n".join(lines), f"{title}: " + ", ".join(f"#{p.number}" for p in pulls)))


def _burn_down(facts: TrackedFacts, migration: str) -> Part:
    history = burndown.points(facts, migration)
    if len(history) < 2:
        return Part(forms=("",))
    text = f"Burn-down: {burndown.line(history)}"
    return Part(forms=(fold("Burn-down", f"{burndown.mermaid(history)}\n\n{text}", strong=True, opened=True), text))


def _footer(facts: TrackedFacts) -> str:
    commands = " `/ssot status` updates it; `/ssot attest ITEM REASON` attests an item." if facts.issue else ""
    return (
        "<sub>ssot-bot writes this section from the evidence at the commit above; edits here are overwritten. "
        f"It ticks and clears the boxes that have evidence; all others are yours.{commands}</sub>"
    )
