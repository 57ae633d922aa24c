"""The section of a tracking issue that the bot owns.

Everything that is on the page stands for one commit.  A long section folds its longest parts first, and says so.
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
from bot.tracker.render.parts import Part, fit, moment
from bot.tracker.render.usages import directories, files, hidden

_CAME = 10
"""Files that are named where usages came."""


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
    if not usages:
        left = "**No usage is left**"
    else:
        left = f"**{count(len(usages), 'usage')} left** in {count(len(files), 'file')}"
    urgent = f", {len(critical)} of them critical" if critical else ""
    kinds = Counter(str(finding.kind) for finding in usages)
    by_kind = f": {', '.join(count(n, kind) for kind, n in kinds.most_common())}" if kinds else ""
    commit = link_to_commit(facts, facts.commit, digits=7)
    as_of = f"At {commit} of {moment(facts.committed_at)}, read {moment(facts.read_at)} (UTC)."
    return f"{title}\n\n{left}{urgent}{by_kind}.\n{as_of}"


def _changes(facts: TrackedFacts, usages: Sequence[Finding]) -> Part:
    """What came and what went since the last update."""
    if facts.before is None:
        return Part(forms=("",))
    now, before = Counter(finding.path for finding in usages), facts.before.usages
    came = {path: n - before.get(path, 0) for path, n in now.items() if n > before.get(path, 0)}
    went = {path: n - now[path] for path, n in before.items() if n > now[path]}
    since = f"Since {link_to_commit(facts, facts.before.commit, digits=7)} of {moment(facts.before.at)}:"
    if not came and not went:
        return Part(forms=(f"{since} nothing came and nothing went.",))
    summed = " and ".join(
        f"{count(sum(paths.values()), 'usage')} {verb} in {count(len(paths), 'file')}"
        for paths, verb in ((came, "came"), (went, "went"))
        if paths
    )
    lines = [f"- {code(path)}: {n} more{_brought(facts, path)}" for path, n in sorted(came.items())]
    rest = [f"- … and {len(lines) - _CAME:,} files more"] if len(lines) > _CAME else []
    listed = "\n".join((*lines[:_CAME], *rest))
    return Part(forms=(f"{since} {summed}." + (f"\n\n{listed}" if listed else ""), f"{since} {summed}."))


def _brought(facts: TrackedFacts, path: str) -> str:
    origin: Origin | None = facts.origins.get(path)
    if origin is None:
        return ""
    by = f" by {code(origin.author)}" if origin.author else ""
    return f", brought{by} in " + (f"#{origin.pull}" if origin.pull else link_to_commit(facts, origin.commit, digits=7))


def _pulls(facts: TrackedFacts) -> Part:
    """The open pull requests that carry the migration on; GitHub puts their titles and states there by itself."""
    if isinstance(facts.pulls, NotKnown):
        return Part(
            forms=(f"Open migration pull requests are not known: {prose(facts.pulls.why)}." if facts.issue else "",)
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
    commands = (
        " `/ssot status` brings it up to date, `/ssot attest ITEM reason` records a person's word."
        if facts.issue
        else ""
    )
    return (
        "<sub>This part is written by ssot-bot, from evidence at the commit above; changes in it are overwritten. "
        f"Boxes that have evidence follow it, all others are yours.{commands if facts.issue else ''}</sub>"
    )
