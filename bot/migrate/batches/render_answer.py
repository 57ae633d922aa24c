"""The answer to ``/ssot migrate`` on a tracking issue."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from bot.domain.facts import Repository
from bot.domain.finding import Failed
from bot.domain.migration import Mode
from bot.markdown.blocks import cell, fold, table
from bot.markdown.diffs import folded_diffs
from bot.markdown.text import code, count, plain, prose
from bot.migrate.batches.models import (
    BatchReport,
    CloseBatch,
    LeaveBatch,
    OpenBatch,
    OpenPull,
    PullRequestBatch,
    Tier,
    UpdateBatch,
)

_LISTED = 40
_DIFF_ROOM = 40_000
"""Characters of diffs in one answer: GitHub ends a comment at 65,536."""


def reply(reports: Sequence[BatchReport], repository: Repository, comment: int) -> str:
    """What was opened, what is open, what waits, what is left."""
    return "\n\n".join(_report(report, repository, comment) for report in reports)


def dry_run(reports: Sequence[BatchReport], repository: Repository) -> str:
    """The answer to ``--dry-run``: what would be opened, with the changes folded."""
    parts = []
    for report in reports:
        parts.append(_report(report, repository, 0, dry_run=True))
        files = [file.migrated for batch in _batches(report) for file in batch.files]
        parts += [folded_diffs(files, _DIFF_ROOM // len(reports))] if files else []
    return "\n\n".join(parts)


def no_tracker(number: int, trackers: Mapping[str, int]) -> str:
    """The answer on an issue that no migration names."""
    if not trackers:
        return (
            "No migration of this repository names a tracking issue: `tracking: {issue: …}` in `.github/ssot.yml` does."
        )
    known = ", ".join(f"{code(name)} is tracked in #{issue}" for name, issue in sorted(trackers.items()))
    return f"#{number} tracks no migration, so nothing was done: {known}."


def _report(report: BatchReport, repository: Repository, comment: int, *, dry_run: bool = False) -> str:
    parts = [
        _headline(report, repository, dry_run=dry_run),
        _table(report, comment, dry_run=dry_run),
        *_notes(report),
        *_left(report),
    ]
    return "\n\n".join(part for part in parts if part)


def _headline(report: BatchReport, repository: Repository, *, dry_run: bool) -> str:
    where = f"{code(report.migration.name)} at {report.commit[:12]} of {code(repository.default_branch)}"
    batches = _batches(report)
    if not batches and not report.plan.current and not report.plan.actions:
        return f"**Nothing to open**: {where}."
    number = len(batches) if dry_run else len(report.numbers)
    if not number:
        return f"**Nothing new to open**: {where}."
    verb = "would be opened" if dry_run else "opened"
    return f"**{count(number, 'pull request')} {verb}**: {where}."


def _batches(report: BatchReport) -> list[PullRequestBatch]:
    return [action.batch for action in report.plan.actions if isinstance(action, OpenBatch)]


def _table(report: BatchReport, comment: int, *, dry_run: bool) -> str:
    rows = [_new(batch, report.numbers.get(batch.branch), dry_run=dry_run) for batch in _batches(report)]
    current = sorted(report.plan.current, key=lambda pull: pull.number)
    rows += [_present(pull, _state_of(pull, comment)) for pull in current]
    for action in report.plan.actions:
        match action:
            case UpdateBatch(pull=pull):
                rows.append(_present(pull, "would be brought up to date" if dry_run else "brought up to date"))
            case CloseBatch(pull=pull):
                rows.append(_present(pull, "would be closed: nothing left to do" if dry_run else "closed: done by now"))
            case LeaveBatch(pull=pull):
                rows.append(_present(pull, "out of date, and left alone: somebody else has pushed to it"))
            case OpenBatch():
                pass
    rows += [(_label(batch), str(len(batch.files)), str(_usages(batch)), "waits") for batch in report.plan.waiting]
    rows += [(f"#{pull.number}", str(len(pull.paths)), "", "closed by a person") for pull in report.plan.closed]
    return table(("pull request", "files", "usages", ""), rows, numbers=(1, 2)) if rows else ""


def _new(batch: PullRequestBatch, number: int | None, *, dry_run: bool) -> Sequence[str]:
    name = f"#{number} · {_label(batch)}" if number else _label(batch)
    return name, str(len(batch.files)), str(_usages(batch)), "would be opened" if dry_run else "opened"


def _label(batch: PullRequestBatch) -> str:
    critical = " · critical" if batch.critical else ""
    return (cell(code(batch.label)) if batch.label else "several directories") + critical


def _usages(batch: PullRequestBatch) -> int:
    return sum(len(file.fixed) for file in batch.files)


def _state_of(pull: OpenPull, comment: int) -> str:
    if pull.asked_by == comment and comment:
        return "opened"
    return "open, with commits of somebody else" if pull.foreign else "open already"


def _present(pull: OpenPull, state: str) -> Sequence[str]:
    return f"#{pull.number}", str(len(pull.files)), "", state


def _notes(report: BatchReport) -> Iterable[str]:
    plan, limit = report.plan, report.migration.pull_requests.open
    if plan.waiting and report.migration.mode is Mode.MIGRATE:
        yield f"At most {limit} are open at a time: the next is opened when one of them is merged."
    elif plan.waiting:
        yield (
            f"At most {limit} are open at a time: give the command again when one of them is merged, or set "
            f"{code('mode: migrate')} in the configuration for that to happen by itself."
        )
    if plan.closed:
        yield (
            "What a person closed is not opened again; reopen it, or ask for its files by name: "
            f"{code('/ssot migrate PATH')} ({code('.')} is everything)."
        )
    if plan.facades:
        names = ", ".join(code(file.path) for file in plan.facades[:_LISTED])
        yield f"Re-exports go last, when nothing imports the name from them any more: {names}."
    if plan.taken:
        names = ", ".join(f"{code(path)} in #{number}" for path, number in plan.taken[:_LISTED])
        yield f"Another open pull request changes these files, so they wait: {names}."


def _left(report: BatchReport) -> Iterable[str]:
    """What no machine does here, by reason; the places are folded."""
    left = report.plan.left
    unsafe = [f for f in left if f.fix is not None]
    if left:
        reasons = Counter(f.reason or "No rule of the migration fits this usage." for f in left)
        files = len({f.path for f in left})
        yield f"**Left for a person**: {count(len(left), 'usage')} in {count(files, 'file')}."
        rows = [(prose(reason), f"{number:,}") for reason, number in reasons.most_common(_LISTED)]
        places = [f"- {code(f'{f.path}:{f.range.line}')}: {f.kind}" for f in left[: _LISTED * 4]]
        more = [f"- … and {len(left) - len(places):,} more"] if len(left) > len(places) else []
        listed = "\n".join((*places, *more))
        yield fold("Why, and where", f"{table(('why', 'usages'), rows, numbers=(1,))}\n\n{listed}")
    if unsafe and report.ask.tier is Tier.SAFE:
        those = count(len(unsafe), "of these has", "of these have")
        yield f"{those} a rewrite that may change behaviour: {code('/ssot migrate --unsafe')} opens them for review."
    if report.unread:
        items = [f"- {code(each.path)}: {_why_unread(each)}" for each in report.unread[:_LISTED]]
        yield f"**Not looked at**: {count(len(report.unread), 'file')}.\n\n" + "\n".join(items)


def _why_unread(each: object) -> str:
    if isinstance(each, Failed):
        return f"line {each.line}: {plain(each.message)}"
    return plain(str(getattr(each, "reason", "")))
