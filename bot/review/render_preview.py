"""The check run that shows what a changed configuration would find."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.config.reading import FILE
from bot.domain.effects import MAX_CHECK_TEXT, CheckRun
from bot.domain.finding import Failed, Finding, Skipped
from bot.domain.migration import Applicability, Config, Migration
from bot.domain.references import PullRequest
from bot.identity import external_ids
from bot.identity.checks import PREVIEW_NAME
from bot.inventory.models import Foreseen
from bot.markdown.blocks import cell, cut, table
from bot.markdown.limits import fit
from bot.markdown.links import link_to_line, repository_page
from bot.markdown.text import code, count, plain

_LISTED = 50
"""Usages of one migration, and files that were not read."""
_COLUMNS = ("migration", "usages now", "usages then", "safe", "unsafe", "manual", "mode")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Two configurations, and what they find: ``found``, or the ``reason`` why that is not known."""

    before: Config | None
    """``None``: the base branch's is not valid."""
    after: Config
    found: Foreseen | None = None
    reason: str | None = None


def preview_check_run(pull: PullRequest, preview: Preview) -> CheckRun:
    """Always neutral: it informs, and merging does not wait for it."""
    title, summary, text = _told(pull, preview)
    return CheckRun(
        repo=pull.ref.repo,
        name=PREVIEW_NAME,
        head_sha=pull.head_sha,
        status="completed",
        conclusion="neutral",
        title=title,
        summary=fit(summary, limit=MAX_CHECK_TEXT),
        text=fit(text, limit=MAX_CHECK_TEXT) if text else None,
        external_id=external_ids.of_preview(pull.ref, title + summary),
    )


def _told(pull: PullRequest, preview: Preview) -> tuple[str, str, str | None]:
    found = preview.found
    if found is None:
        reason = preview.reason or ""
        return "No preview", f"What the changed {code(FILE)} would find is not known: {plain(reason)}.", None
    now, then = _total(found.before), _total(found.after)
    title = f"The changed configuration would find {count(then, 'usage')}; now it is {now:,}"
    rows = [_row(name, preview, found) for name in dict.fromkeys((*found.after, *found.before))]
    where = f"the commit {code(found.commit[:7])} of {code(pull.base_ref)}"
    lines = [f"This is what {code(FILE)} of this pull request would find on {where}, beside what is found there now."]
    lines.append(table(_COLUMNS, rows, numbers=range(1, 6)) if rows else "No migration is left.")
    if preview.before is None:
        lines.append("The base branch's own configuration is not valid, so nothing is found there now.")
    if not all(finding.planned for each in found.after.values() for finding in each):
        lines.append("Which of them can be fixed took too long to find out.")
    if found.unread:
        lines.append(f"**{count(len(found.unread), 'file')} could not be read** and may hold more, see the details.")
    lines.append("Nothing of it is applied before it is merged.")
    return title, "\n\n".join(lines), _details(pull, found)


def _total(found: Mapping[str, Sequence[Finding]]) -> int:
    return sum(map(len, found.values()))


def _row(name: str, preview: Preview, found: Foreseen) -> Sequence[str]:
    now, then = found.before.get(name), found.after.get(name)
    trust = Counter(finding.applicability for finding in then or ())
    planned = all(finding.planned for finding in then or ())
    by_trust = ["" if then is None else f"{trust[each]:,}" if planned else "?" for each in Applicability]
    return (
        cell(code(name)),
        "not there" if now is None else f"{len(now):,}",
        "removed" if then is None else f"{len(then):,}",
        *by_trust,
        _mode(_named(preview.before, name), _named(preview.after, name)),
    )


def _named(config: Config | None, name: str) -> Migration | None:
    return next((m for m in config.migrations if m.name == name), None) if config else None


def _mode(before: Migration | None, after: Migration | None) -> str:
    modes = [str(migration.mode) for migration in (before, after) if migration]
    return " → ".join(dict.fromkeys(modes))


def _details(pull: PullRequest, found: Foreseen) -> str | None:
    """The usages that only the changed configuration finds."""
    blocks = []
    for name, usages in found.after.items():
        known = {(f.path, f.range, f.symbol) for f in found.before.get(name, ())}
        more = [f for f in usages if (f.path, f.range, f.symbol) not in known]
        if more:
            lines = [f"- {link_to_line(f, repository_page(pull), found.commit)}: {code(f.symbol)}" for f in more]
            blocks.append(f"### {plain(name)}: found in addition\n\n{_listed(lines)}")
    if found.unread:
        blocks.append(f"### Not read\n\n{_listed([_unread(each) for each in found.unread])}")
    return "\n\n".join(blocks) or None


def _unread(report: Failed | Skipped) -> str:
    reason = f"line {report.line}: {report.message}" if isinstance(report, Failed) else report.reason
    return f"- {code(report.path)}: {plain(reason, limit=300)}"


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(cut(lines, _LISTED))
