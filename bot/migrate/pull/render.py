"""The answer to ``/ssot migrate`` on a pull request: what was changed, what was left and why, how to undo it."""

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
from bot.migrate.pull.models import CannotPush, CommitRefused, NoPush, Obstacle, Obstructed, Overtaken, Report, Stop

_OPEN = 10
"""Files that are listed without being folded."""
_LISTED, _REASONS, _PLACES = 100, 12, 5
"""Files, reasons, and places of one reason that are listed; above that the rest is counted."""
_OBSTACLES = {
    Obstacle.MERGED: "The pull request is merged already. `/ssot migrate` on the tracking issue migrates what is left.",
    Obstacle.CLOSED: "The pull request is closed. Reopen it and ask again.",
    Obstacle.LOCKED: "The conversation is locked, so this App could not tell what it did.",
    Obstacle.QUEUED: (
        "The pull request is in the merge queue, and a push would take it out. "
        "Ask again before it is queued, or after it left the queue."
    ),
    Obstacle.BRANCH_GONE: "The branch of this pull request is gone with its repository: there is nothing to push to.",
}
_FORKS = {
    NoPush.NOT_ALLOWED: (
        "The branch belongs to a fork, and its author does not let maintainers edit it "
        "(*Allow edits by maintainers*, beside the conversation)."
    ),
    NoPush.NO_ACCESS: (
        "The branch belongs to a fork on which this App is not installed, and GitHub does not let it push there."
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
    """The answer while nobody knows what is deprecated."""
    return f"Nothing was done: the configuration of the base branch has an error.\n\n{plain(reason, limit=4_000)}"


def skipped_by(waiver: Waiver) -> str:
    """Why a usage stays that somebody put aside."""
    return f"Put aside with `/ssot skip` by {waiver.by}: {waiver.reason}"


# --- what was changed ----------------------------------------------------------------------------------------------


def _dry(report: Report) -> str:
    if not report.changed:
        return _nothing(report)
    command = "`/ssot migrate --unsafe`" if report.ask.unsafe else "`/ssot migrate`"
    return f"{command} would migrate {_amount(report.changed)}:\n\n{folded_diffs(report.changed)}"


def _done(report: Report) -> list[str]:
    if not report.commits:
        return []
    shas = ", ".join(linked(code(sha[:7]), f"{report.pull.html_url}/commits/{sha}") for sha in report.commits)
    undo = f"To undo it: `git revert --no-edit {' '.join(reversed(report.commits))}`"
    return [f"Migrated {_amount(report.committed)} in {shas}.", _files(report), undo]


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
    looked = len(report.files)
    if not looked and not report.selection.unmatched:
        return "Nothing to migrate: this pull request touches no Python file."
    if not any(file.left for file in report.files):
        return f"Nothing to migrate: there is no deprecated usage in the {count(looked, 'Python file')} looked at."
    kind = "none of them can be rewritten by a machine" if report.ask.unsafe else "none of them has a safe fix"
    usages = sum(len(file.left) for file in report.files)
    return f"Nothing to migrate: there {'is' if usages == 1 else 'are'} {count(usages, 'usage')}, but {kind}."


# --- what stopped it -----------------------------------------------------------------------------------------------


def _stopped(report: Report) -> list[str]:
    if report.stop is None:
        return []
    rest = "The rest was not committed: " if report.commits else "Nothing was committed. "
    return [rest + _reason(report.stop), *_instead(report)]


def _reason(stop: Stop) -> str:
    match stop:
        case Obstructed(obstacle=obstacle):
            return _OBSTACLES[obstacle]
        case Overtaken(paths=paths):
            names = ", ".join(code(path) for path in paths[:_PLACES])
            more = f" and {len(paths) - _PLACES:,} more" if len(paths) > _PLACES else ""
            return f"The branch moved meanwhile, and changed {names}{more}. Have a look and ask again."
        case CommitRefused(reason=reason):
            return f"GitHub did not accept it: {plain(reason)}"
        case CannotPush(why=why):
            return _FORKS[why]
        case _:
            assert_never(stop)


def _instead(report: Report) -> list[str]:
    """What the people of a fork can do themselves."""
    if not isinstance(report.stop, CannotPush) or not report.changed:
        return []
    how = "Whoever can push applies the suggestions of the review, or this patch of"
    save = "Save it as `ssot.patch`, then `git apply ssot.patch`."
    return [f"{how} {_amount(report.changed)}. {save}", folded_patch(report.changed)]


# --- what was left -------------------------------------------------------------------------------------------------


def _left(report: Report) -> Iterable[str]:
    left = report.left
    if not left:
        return
    shown = report.commits[-1] if report.commits else report.head
    reasons: defaultdict[tuple[Applicability, str], list[Finding]] = defaultdict(list)
    for finding in left:
        reasons[finding.applicability, finding.reason or "No rewrite is known."].append(finding)
    ordered = sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    items = [_because(why, found, report.pull, shown) for (_, why), found in ordered[:_REASONS]]
    if len(ordered) > _REASONS:
        rest = sum(len(found) for _, found in ordered[_REASONS:])
        items.append(f"- … and {count(rest, 'usage')} for other reasons")
    yield f"**Left as {'it is' if len(left) == 1 else 'they are'}: {count(len(left), 'usage')}**\n\n" + "\n".join(items)
    unsafe = sum(finding.applicability is Applicability.UNSAFE for finding in left)
    if unsafe and not report.ask.unsafe:
        yield f"`/ssot migrate --unsafe` rewrites {count(unsafe, 'usage')} more; read these rewrites before you merge."


def _because(why: str, found: Sequence[Finding], pull: PullRequest, at: Sha) -> str:
    links = list(dict.fromkeys(link_to_line(finding, repository_page(pull), at) for finding in found))
    more = f" and {len(links) - _PLACES:,} more places" if len(links) > _PLACES else ""
    return f"- {count(len(found), 'usage')}: {prose(why)} {', '.join(links[:_PLACES])}{more}"


def _unseen(report: Report) -> Iterable[str]:
    """What was not looked at, and what was asked for and is not there."""
    selection = report.selection
    if selection.unmatched:
        names = ", ".join(code(argument) for argument in selection.unmatched[:_PLACES])
        yield f"No Python file of this branch is meant by {names}."
    items = [f"- {code(s.path)}: {plain(s.reason)}" for s in selection.skipped]
    for file in report.files:
        match file.report:
            case Skipped(path=path, reason=reason):
                items.append(f"- {code(path)}: {plain(reason)}")
            case Failed(path=path, line=line, message=message):
                items.append(f"- {code(path)}: does not parse (line {line}: {plain(message, limit=200)})")
    if report.not_listed:
        items.append(f"- {count(report.not_listed, 'file')}: GitHub lists the first 3,000 of a pull request")
    if items:
        rest = [f"- … and {len(items) - _REASONS:,} more"] if len(items) > _REASONS else []
        yield "**Not looked at**\n\n" + "\n".join([*items[:_REASONS], *rest])
