"""The review of a pull request: its body, and the check run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.config.reading import FILE
from bot.domain.commands import PREFIX
from bot.domain.effects import MAX_CHECK_TEXT
from bot.domain.file_result import NewFinding, UnreadFile
from bot.domain.finding import Finding
from bot.domain.migration import Applicability, Migration
from bot.domain.references import PullRequest
from bot.markdown.blocks import cut, table
from bot.markdown.limits import fit
from bot.markdown.links import link_in_pull
from bot.markdown.text import code, count, fenced, plain, prose, shorten, visible
from bot.review.models import CompleteCheckRun, Conclusion, SubmitReview
from bot.review.render_comment import SHORT, handle, handle_of, message
from bot.review.render_configuration import config_details, config_paragraph, config_title

_LISTED = 100
"""Lines of one list in a summary; above that the rest is counted."""
_WAY_OUT = (
    "Make such a file readable, or leave it out with the migration's `paths.exclude` in the configuration. "
    f"Somebody with write permission can also accept it on this pull request: `{PREFIX} skip PATH REASON`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckText:
    """Title (one line), summary and text (Markdown) of a check run's output."""

    title: str
    summary: str
    text: str | None = None


def review_body(action: SubmitReview, pull: PullRequest, marker: str) -> str:
    """The review's own text: what was found, and the usages that no line of the diff shows."""
    shown = (*action.inline, *action.summarised)
    total = sum(1 + len(n.also) for n in shown)
    lines = [f"This pull request adds {count(total, 'deprecated usage')}: {_kinds_of(shown)}"]
    suggestions = sum(n.suggestion is not None for n in action.inline)
    if suggestions:
        lines.append(f"{count(suggestions, 'suggestion')} can be committed as is.")
    lines.append(_next_steps(shown))
    if action.summarised:
        lines.append(
            f"**Also found** (outside the diff, or over the comment limit):\n\n{_list(action.summarised, pull)}"
        )
    return fit("\n\n".join(lines), tail=f"\n\n{marker}" if marker else "")


def _next_steps(new: Sequence[NewFinding]) -> str:
    """The commands that fix the findings, keep one of them, and say why."""
    usages = [finding for n in new for finding, _ in n.usages]
    total, fixed = len(usages), sum(f.fix is not None and f.applicability is Applicability.SAFE for f in usages)
    migrate = f"`{PREFIX} migrate` fixes {fixed:,} of {total:,}. " if fixed else ""
    names = " and ".join(f"`{PREFIX} explain {name}`" for name in sorted({n.finding.migration for n in new})[:3])
    keep = f"To keep a usage, comment `{PREFIX} skip {new[0].fingerprint[:SHORT]} REASON`"
    there = f"with the code of its finding, or reply `{PREFIX} skip REASON` in its thread"
    return f"{migrate}{keep}, {there}. {names} shows the rules."


def _kinds_of(new: Sequence[NewFinding]) -> str:
    tally = Counter(finding.kind for n in new for finding in (n.finding, *n.also))
    return ", ".join(count(number, str(kind)) for kind, number in sorted(tally.items())) + "."


def _usage(finding: Finding, fingerprint: str, pull: PullRequest) -> str:
    return f"- {link_in_pull(finding, pull)}: {message(finding)} {handle_of(fingerprint)}"


def _list(new: Sequence[NewFinding], pull: PullRequest) -> str:
    return _listed([_usage(finding, fingerprint, pull) for n in new for finding, fingerprint in n.decided])


def title_of(action: CompleteCheckRun) -> str:
    """The check run's title: one line of plain text."""
    if action.sibling is not None:
        other = action.sibling
        return f"Fails because of #{other.number} onto {visible(other.base_ref)}, by {visible(other.author)}"
    if action.unconfigured:
        return config_title(action.proposed) or "Nothing is configured here"
    if action.config_error is not None:
        return _joined("The configuration is not valid", config_title(action.proposed))
    return _title(action)


def check_text(action: CompleteCheckRun, pull: PullRequest, migrations: Mapping[str, Migration]) -> CheckText:
    """The check run's title, summary and details."""
    if action.config_error is not None:
        return CheckText(
            title=title_of(action),
            summary=_sibling(action) + f"Nothing was scanned. The configuration on the base branch has an error:\n\n"
            f"{fenced(shorten(action.config_error, 4_000), 'text')}\n\nRun `ssot config check` to check it locally."
            + config_paragraph(action.proposed),
            text=config_details(action.proposed) or None,
        )
    if action.unconfigured:
        nothing = "No migration applies to this repository" + (
            " yet." if action.proposed else f". To configure one, add `{FILE}`."
        )
        return CheckText(
            title=title_of(action),
            summary=_sibling(action) + nothing + config_paragraph(action.proposed),
            text=config_details(action.proposed) or None,
        )
    title = title_of(action)
    summary = [_sibling(action) + _title(action) + "." + config_paragraph(action.proposed)]
    if action.still_used:
        summary.append(f"On {code(pull.base_ref)}, {prose(action.still_used)}.")
    if action.new:
        summary += [_table(action.new, migrations), _next_steps(action.new)]
    summary += _honest_lines(action)
    if action.new and pull.locked:
        summary.append("The conversation is locked, so there are no comments. The details list the usages.")
    return CheckText(title=title, summary=fit("\n\n".join(summary), limit=MAX_CHECK_TEXT), text=_details(action, pull))


def _sibling(action: CompleteCheckRun) -> str:
    """Who blocks this commit, and how that ends."""
    if action.sibling is None:
        return ""
    other = action.sibling
    return (
        f"**This commit is also the head of #{other.number} onto {code(other.base_ref)}, by {plain(other.author)}**,"
        f" and fails there: {prose(other.title)}. A check run belongs to the commit, so it fails here as well."
        f" It is cleared once #{other.number} is closed, or passes, or one of the two gets another head.\n\n"
        "For this pull request alone: "
    )


def _title(action: CompleteCheckRun) -> str:
    wrong = config_title(action.proposed) if action.proposed and action.proposed.errors else ""
    held = "Something still uses what this pull request removes" if action.still_used else ""
    return _joined(held, wrong, _verdict(action), _not_read(action))


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def _verdict(action: CompleteCheckRun) -> str:
    new = sum(1 + len(n.also) for n in action.new)
    if new:
        return f"{count(new, 'new deprecated usage')}"
    if any(file.suspect for file in action.unread):
        return ""  # nothing better can be said than that some were not read
    if action.still_used or (action.proposed and action.proposed.errors):
        return "no new deprecated usages"
    if action.conclusion is Conclusion.FAILURE and action.sibling is None:
        return f"{count(len(action.old), 'usage')} of a removed name"
    return "No new deprecated usages"


def _not_read(action: CompleteCheckRun) -> str:
    suspect = sum(file.suspect for file in action.unread)
    if suspect:
        return f"{count(suspect, 'changed file')} could not be read and may add deprecated usages"
    return f"{count(len(action.unread), 'changed file')} not read" if action.unread else ""


def _table(new: Sequence[NewFinding], migrations: Mapping[str, Migration]) -> str:
    rows = []
    for name in sorted({n.finding.migration for n in new}):
        mine = [n for n in new if n.finding.migration == name]
        usages = sum(1 + len(n.also) for n in mine)
        suggestions = sum(n.suggestion is not None for n in mine)
        rows.append((code(name), f"{usages:,}", f"{suggestions:,}", str(migrations[name].mode)))
    return table(("migration", "new usages", "suggestions", "mode"), rows, numbers=(1, 2))


def _honest_lines(action: CompleteCheckRun) -> list[str]:
    """What was scanned, and what was not."""
    lines = [f"{count(action.scanned, 'changed Python file')} scanned."]
    if action.old:
        lines.append(f"{count(len(action.old), 'existing usage')} in the files that this pull request changes.")
    if action.lacking:
        lines.append(
            "**Only the changed files were in view**: what other files say of the deprecated names is not known, "
            f"because the base branch could not be scanned ({plain(action.lacking)})."
        )
    if action.unread:
        lines.append(f"**{count(len(action.unread), 'changed file')} not read**, see the details.")
    if any(file.suspect for file in action.unread):
        lines.append(_WAY_OUT)
    if action.skipped:
        lines.append(f"{count(len(action.skipped), 'changed path')} not scanned: no source file, see the details.")
    if action.accepted:
        lines.append(f"{count(len(action.accepted), 'unread file')} skipped with `/ssot skip`, see the details.")
    if action.ignored:
        lines.append(f"{count(len(action.ignored), 'usage')} ignored by a comment in the code, see the details.")
    if idle := _idle_ignores(action):
        lines.append(f"{count(len(idle), 'ignore comment')} without effect, see the details.")
    if action.waived:
        lines.append(f"{count(len(action.waived), 'finding')} skipped with `/ssot skip`, see the details.")
    return lines


def _idle_ignores(action: CompleteCheckRun) -> list[Finding]:
    """One usage of each line with a comment that means to ignore it and does not."""
    new = (finding for n in (*action.new, *(n for n, _ in action.waived)) for finding in (n.finding, *n.also))
    found = {(f.path, f.range.line): f for f in (*new, *action.old) if f.idle_ignore is not None}
    return [found[place] for place in sorted(found)]


def _details(action: CompleteCheckRun, pull: PullRequest) -> str | None:
    sections = (
        ("New usages", [_usage(f, fp, pull) for n in action.new for f, fp in n.decided] + _imports(action.new)),
        ("Not read", [_unread(file) for file in action.unread]),
        ("No source file", [f"- {code(s.path)}: {plain(s.reason)}" for s in action.skipped]),
        (
            "Ignore comments without effect",
            [f"- {link_in_pull(f, pull)}: {prose(f.idle_ignore or '')}" for f in _idle_ignores(action)],
        ),
        ("Ignored by a comment", [f"- {link_in_pull(f, pull)}: {plain(f.ignored or '')}" for f in action.ignored]),
        (
            "Skipped with `/ssot skip`",
            [
                f"- {link_in_pull(n.finding, pull)}: {plain(w.reason)} ({plain(w.by)}) {handle(n)}"
                for n, w in action.waived
            ],
        ),
        (
            "Not read, and skipped with `/ssot skip`",
            [f"- {code(f.path)}: {plain(w.reason)} ({plain(w.by)})" for f, w in action.accepted],
        ),
        ("Existing usages in the changed files", [f"- {link_in_pull(f, pull)}: {f.kind}" for f in action.old]),
    )
    blocks = [f"### {title}\n\n{_listed(items)}" for title, items in sections if items]
    blocks = [*filter(None, [config_details(action.proposed)]), *blocks]
    return fit("\n\n".join(blocks), limit=MAX_CHECK_TEXT) if blocks else None


def _imports(new: Sequence[NewFinding]) -> list[str]:
    """The usages that are not listed by themselves."""
    number = sum(len(n.usages) - len(n.decided) for n in new)
    return [f"- {count(number, 'import')}, which only these need"] if number else []


def _unread(file: UnreadFile) -> str:
    """Why it was not read, and what its added lines hold."""
    said = f"- {code(file.path)}: {plain(file.reason, limit=300)}"
    if not file.searched:
        return f"{said}. Its text could not be searched. {_skip(file)}"
    if not file.lines:
        return f"{said}. The added lines name nothing deprecated."
    lines = ", ".join(map(str, file.lines[:20])) + (" …" if len(file.lines) > 20 else "")
    word = "line" if len(file.lines) == 1 else "lines"
    return f"{said}. Added {word} {lines}: {', '.join(map(code, file.names[:5]))}. {_skip(file)}"


def _skip(file: UnreadFile) -> str:
    """The command that accepts it; a path with white space is no word of a command."""
    name = file.fingerprint[:SHORT] if any(map(str.isspace, file.path)) or "`" in file.path else file.path
    return f"To accept it: {code(f'{PREFIX} skip {name} REASON')}"


def _listed(items: Sequence[str]) -> str:
    return "\n".join(cut(items, _LISTED))


def annotation_message(finding: Finding) -> str:
    """The plain text that GitHub shows beside a line in the diff and in the check run."""
    return shorten("\n".join(filter(None, (finding.message, finding.reason))).replace("`", ""), 4_000)
