"""The reply to ``/ssot migrate`` on a tracking issue."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

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
    """What was opened, what is open, what waits, and what was not migrated."""
    return "\n\n".join(_report(report, repository, comment) for report in reports)


def dry_run(reports: Sequence[BatchReport], repository: Repository) -> str:
    """The reply to ``--dry-run``: what would be opened, with the diffs folded."""
    parts = []
    for report in reports:
        parts.append(_report(report, repository, 0, dry_run=True))
        files = [file.migrated for batch in _batches(report) for file in batch.files]
        parts += [folded_diffs(files, _DIFF_ROOM // len(reports))] if files else []
    return "\n\n".join(parts)


def no_tracker(number: int, trackers: Mapping[str, int]) -> str:
    """The reply on an issue that is no migration's tracking issue."""
    if not trackers:
        return "No migration of this repository has a tracking issue. Set `tracking: {issue: …}` in `.github/ssot.yml`."
    known = ", ".join(f"{code(name)} is tracked in #{issue}" for name, issue in sorted(trackers.items()))
    return f"#{number} is not a tracking issue, so nothing was done. {known}."


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
    if not number and report.refused:
        return f"**Nothing was done**: {where}."
    if not number:
        return f"**Nothing new to open**: {where}."
    verb = "would be opened" if dry_run else "opened"
    return f"**{count(number, 'pull request')} {verb}**: {where}."


def _batches(report: BatchReport) -> list[PullRequestBatch]:
    return [action.batch for action in report.plan.actions if isinstance(action, OpenBatch)]


def _table(report: BatchReport, comment: int, *, dry_run: bool) -> str:
    refused = {each.action.branch for each in report.refused}
    rows = [_new(batch, report.numbers.get(batch.branch), _outcome(batch.branch, refused, "opened", dry_run))
            for batch in _batches(report)]  # fmt: skip
    current = sorted(report.plan.current, key=lambda pull: pull.number)
    rows += [_present(pull, _state_of(pull, comment)) for pull in current]
    for action in report.plan.actions:
        match action:
            case UpdateBatch(pull=pull):
                rows.append(_present(pull, _outcome(pull.branch, refused, "updated", dry_run)))
            case CloseBatch(pull=pull):
                done = _outcome(pull.branch, refused, "closed", dry_run)
                rows.append(_present(pull, f"{done}: nothing left to migrate"))
            case LeaveBatch(pull=pull):
                rows.append(_present(pull, "out of date: somebody else pushed to it"))
            case OpenBatch():
                pass
    rows += [(_label(batch), str(len(batch.files)), str(_usages(batch)), "waiting") for batch in report.plan.waiting]
    rows += [(f"#{pull.number}", str(len(pull.paths)), "", "closed by a person") for pull in report.plan.closed]
    return table(("pull request", "files", "usages", ""), rows, numbers=(1, 2)) if rows else ""


def _outcome(branch: str, refused: Collection[str], done: str, dry_run: bool) -> str:
    return f"would be {done}" if dry_run else f"not {done}" if branch in refused else done


def _new(batch: PullRequestBatch, number: int | None, outcome: str) -> Sequence[str]:
    name = f"#{number} · {_label(batch)}" if number else _label(batch)
    return name, str(len(batch.files)), str(_usages(batch)), outcome


def _label(batch: PullRequestBatch) -> str:
    critical = " · critical" if batch.critical else ""
    return (cell(code(batch.label)) if batch.label else "several directories") + critical


def _usages(batch: PullRequestBatch) -> int:
    return sum(len(file.fixed) for file in batch.files)


def _state_of(pull: OpenPull, comment: int) -> str:
    if pull.asked_by == comment and comment:
        return "opened"
    return "open, with commits by others" if pull.foreign else "already open"


def _present(pull: OpenPull, state: str) -> Sequence[str]:
    return f"#{pull.number}", str(len(pull.files)), "", state


def _notes(report: BatchReport) -> Iterable[str]:
    plan, limit = report.plan, report.migration.pull_requests.open
    for reason in report.reasons:
        yield f"GitHub refused this: {code(reason, limit=500)}"
    most = f"At most {limit} {'is' if limit == 1 else 'are'} open at a time."
    if plan.waiting and report.migration.mode is Mode.MIGRATE:
        yield f"{most} The next one opens when one is merged."
    elif plan.waiting:
        yield (
            f"{most} Run the command again when one is merged. With {code('mode: migrate')} in the configuration the "
            "next one opens automatically."
        )
    if plan.closed:
        yield (
            "Pull requests that a person closed are not opened again. Reopen them, or name their files: "
            f"{code('/ssot migrate PATH')} ({code('.')} means all files)."
        )
    if plan.facades:
        names = ", ".join(code(file.path) for file in plan.facades[:_LISTED])
        yield f"Re-exports are removed last, once no file imports the name from them: {names}."
    if plan.taken:
        names = ", ".join(f"{code(path)} in #{number}" for path, number in plan.taken[:_LISTED])
        yield f"Another open pull request changes these files, so they wait: {names}."


def _left(report: BatchReport) -> Iterable[str]:
    """The usages that are not migrated, by reason; the places are folded."""
    left = report.plan.left
    unsafe = [f for f in left if f.fix is not None]
    if left:
        reasons = Counter(f.reason or "No rewrite matches this; please change it by hand." for f in left)
        files = len({f.path for f in left})
        yield f"**Not migrated**: {count(len(left), 'usage')} in {count(files, 'file')}."
        rows = [(prose(reason), f"{number:,}") for reason, number in reasons.most_common(_LISTED)]
        places = [f"- {code(f'{f.path}:{f.range.line}')}: {f.kind}" for f in left[: _LISTED * 4]]
        more = [f"- … and {len(left) - len(places):,} more"] if len(left) > len(places) else []
        listed = "\n".join((*places, *more))
        yield fold("Reasons and places", f"{table(('reason', 'usages'), rows, numbers=(1,))}\n\n{listed}")
    if unsafe and report.ask.tier is Tier.SAFE:
        those = count(len(unsafe), "of these has", "of these have")
        yield f"{those} a fix that may change behaviour. {code('/ssot migrate --unsafe')} includes such fixes."
    if report.unread:
        items = [f"- {code(each.path)}: {_why_unread(each)}" for each in report.unread[:_LISTED]]
        yield f"**Not scanned**: {count(len(report.unread), 'file')}.\n\n" + "\n".join(items)


def _why_unread(each: object) -> str:
    if isinstance(each, Failed):
        return f"line {each.line}: {plain(each.message)}"
    return plain(str(getattr(each, "reason", "")))
