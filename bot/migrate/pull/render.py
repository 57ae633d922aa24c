"""The reply to ``/ssot migrate`` on a pull request: what was changed, what was not and why, how to undo it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import assert_never

from bot.domain.facts import Waiver
from bot.domain.file_result import FileMigration
from bot.domain.finding import Failed, Finding, Skipped
from bot.domain.migration import Applicability
from bot.domain.references import PullRequest, Sha
from bot.markdown.blocks import fold
from bot.markdown.diffs import folded_diffs, folded_patch
from bot.markdown.links import link_to_line, linked, repository_page
from bot.markdown.text import code, count, plain, prose
from bot.migrate.pull.models import (
    CannotPush,
    CommitRefused,
    HeadUnknown,
    NoPush,
    Obstacle,
    Obstructed,
    Overtaken,
    Report,
    Stop,
)

_OPEN = 10
"""Files that are listed without being folded."""
_LISTED, _REASONS, _PLACES = 100, 12, 5
"""Files, reasons, and places of one reason that are listed; above that the rest is counted."""
_NO_REWRITE = "No rewrite matches this; please change it by hand."
_OBSTACLES = {
    Obstacle.MERGED: (
        "This pull request is already merged. Use `/ssot migrate` on the tracking issue to migrate the rest."
    ),
    Obstacle.CLOSED: "This pull request is closed. Reopen it and try again.",
    Obstacle.LOCKED: "The conversation is locked, so the App cannot report what it does.",
    Obstacle.QUEUED: (
        "This pull request is in the merge queue, and a push would remove it from the queue. "
        "Try again before it is queued, or after it leaves the queue."
    ),
    Obstacle.BRANCH_GONE: "The branch of this pull request no longer exists, so there is nothing to push to.",
}
_FORKS = {
    NoPush.NOT_ALLOWED: (
        "The branch is in a fork, and its author does not allow edits by maintainers "
        "(*Allow edits by maintainers* in the sidebar)."
    ),
    NoPush.NO_ACCESS: (
        "The branch is in a fork where this App is not installed, and GitHub does not let it push there."
    ),
}


def answer(report: Report) -> str:
    """The whole reply."""
    if report.ask.dry_run:
        parts = [_dry(report)]
    elif report.commits or report.stop is not None:
        parts = [*_done(report), *_stopped(report)]
    else:
        parts = [_nothing(report)]
    return "\n\n".join(part for part in (*parts, *_left(report), *_unseen(report)) if part)


def invalid_configuration(reason: str) -> str:
    """The reply while the configuration is invalid."""
    return f"Nothing was done: the configuration on the base branch has an error.\n\n{plain(reason, limit=4_000)}"


def skipped_by(waiver: Waiver) -> str:
    """Why a usage that somebody skipped is not changed."""
    return f"Skipped with `/ssot skip` by {waiver.by}: {waiver.reason}"


# --- what was changed ----------------------------------------------------------------------------------------------


def _dry(report: Report) -> str:
    if not report.changed:
        return _nothing(report)
    command = "`/ssot migrate --unsafe`" if report.ask.unsafe else "`/ssot migrate`"
    return (
        f"{command} would migrate {_amount(report.changed)}:\n\n{folded_diffs(report.changed)}\n\n{_approvals(report)}"
    )


def _done(report: Report) -> list[str]:
    if not report.commits:
        return []
    shas = ", ".join(linked(code(sha[:7]), f"{report.pull.html_url}/commits/{sha}") for sha in report.commits)
    undo = f"To undo: `git revert --no-edit {' '.join(reversed(report.commits))}`"
    return [f"Migrated {_amount(report.committed)} in {shas}.", _files(report), _approvals(report), undo]


def _approvals(report: Report) -> str:
    """What a push does to approving reviews, as far as the App can see."""
    if report.dismisses:
        return f"This dismisses approving reviews: a rule of {code(report.pull.base_ref)} says so."
    return "This may dismiss approving reviews: the protection of the base branch decides."


def _amount(files: Sequence[FileMigration]) -> str:
    return f"**{count(sum(len(file.fixed) for file in files), 'usage')} in {count(len(files), 'file')}**"


def _files(report: Report) -> str:
    files = report.committed
    items = [f"- {code(file.path)}: {_lines(file.fixed)}" for file in files[:_LISTED]]
    if len(files) > _LISTED:
        items.append(f"- … and {len(files) - _LISTED:,} more files")
    listed = "\n".join(items)
    return listed if len(files) <= _OPEN else fold(f"{len(files):,} files", listed)


def _lines(findings: Sequence[Finding]) -> str:
    lines = sorted({finding.range.line for finding in findings})
    shown = ", ".join(map(str, lines[:_LISTED])) + (" …" if len(lines) > _LISTED else "")
    return f"{count(len(findings), 'usage')}, {'line' if len(lines) == 1 else 'lines'} {shown}"


def _nothing(report: Report) -> str:
    scanned = len(report.files)
    if not scanned and not report.selection.unmatched:
        return "Nothing to migrate: this pull request changes no Python file."
    if not any(file.left for file in report.files):
        return f"Nothing to migrate: no deprecated usage in the {count(scanned, 'Python file')} scanned."
    fix = "an automatic fix" if report.ask.unsafe else "a safe fix"
    usages = sum(len(file.left) for file in report.files)
    return f"Nothing to migrate: {count(usages, 'usage')} found, none with {fix}."


# --- what stopped it -----------------------------------------------------------------------------------------------


def _stopped(report: Report) -> list[str]:
    if report.stop is None:
        return []
    rest = "The rest was not committed. " if report.commits else "Nothing was committed. "
    return [rest + _reason(report.stop), *_instead(report)]


def _reason(stop: Stop) -> str:
    match stop:
        case Obstructed(obstacle=obstacle):
            return _OBSTACLES[obstacle]
        case Overtaken(paths=paths):
            names = ", ".join(code(path) for path in paths[:_PLACES])
            more = f" and {len(paths) - _PLACES:,} more" if len(paths) > _PLACES else ""
            return f"The branch has moved and changed {names}{more}. Check the changes and try again."
        case HeadUnknown():
            return (
                "The branch was pushed to at about the same time, so it is not certain which commit you saw. "
                "Check the branch and give the command again."
            )
        case CommitRefused(reason=reason):
            return f"GitHub rejected the commit: {plain(reason)}"
        case CannotPush(why=why):
            return _FORKS[why]
        case _:
            assert_never(stop)


def _instead(report: Report) -> list[str]:
    """What the people of a fork can do themselves."""
    if not isinstance(report.stop, CannotPush) or not report.changed:
        return []
    how = "You can commit the suggestions of the review instead, or apply this patch"
    save = "Save it as `ssot.patch`, then run `git apply ssot.patch`."
    return [f"{how} ({_amount(report.changed)}). {save}", folded_patch(report.changed)]


# --- what was not changed ------------------------------------------------------------------------------------------


def _left(report: Report) -> Iterable[str]:
    left = report.left
    if not left:
        return
    shown = report.commits[-1] if report.commits else report.head
    reasons: defaultdict[tuple[Applicability, str], list[Finding]] = defaultdict(list)
    for finding in left:
        reasons[finding.applicability, finding.reason or _NO_REWRITE].append(finding)
    ordered = sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    items = [_because(why, found, report.pull, shown) for (_, why), found in ordered[:_REASONS]]
    if len(ordered) > _REASONS:
        rest = sum(len(found) for _, found in ordered[_REASONS:])
        items.append(f"- … and {count(rest, 'usage')} for other reasons")
    yield f"**Not changed: {count(len(left), 'usage')}**\n\n" + "\n".join(items)
    unsafe = sum(finding.applicability is Applicability.UNSAFE for finding in left)
    if unsafe and not report.ask.unsafe:
        more = count(unsafe, "more usage")
        yield f"`/ssot migrate --unsafe` rewrites {more}. Please read those changes before you merge."


def _because(why: str, found: Sequence[Finding], pull: PullRequest, at: Sha) -> str:
    links = list(dict.fromkeys(link_to_line(finding, repository_page(pull), at) for finding in found))
    more = f" and {len(links) - _PLACES:,} more places" if len(links) > _PLACES else ""
    return f"- {count(len(found), 'usage')}: {prose(why)} {', '.join(links[:_PLACES])}{more}"


def _unseen(report: Report) -> Iterable[str]:
    """What was not scanned, and which arguments match nothing."""
    selection = report.selection
    if selection.unmatched:
        names = ", ".join(code(argument) for argument in selection.unmatched[:_PLACES])
        verb = "matches" if len(selection.unmatched) == 1 else "match"
        yield f"{names} {verb} no Python file on this branch."
    items = [f"- {code(s.path)}: {plain(s.reason)}" for s in selection.skipped]
    for file in report.files:
        match file.report:
            case Skipped(path=path, reason=reason):
                items.append(f"- {code(path)}: {plain(reason)}")
            case Failed(path=path, line=line, message=message):
                items.append(f"- {code(path)}: does not parse (line {line}: {plain(message, limit=200)})")
    if report.lacking:
        items.append(f"- the files that this pull request does not change: {plain(report.lacking)}")
    if items:
        rest = [f"- … and {len(items) - _REASONS:,} more"] if len(items) > _REASONS else []
        yield "**Not scanned**\n\n" + "\n".join([*items[:_REASONS], *rest])
