"""What the bot replies to commands on findings and migrations."""

from collections import Counter
from collections.abc import Iterable, Sequence

from bot.domain.checklist_item import ChecklistItem
from bot.domain.commands import PREFIX
from bot.domain.facts import CheckRunFact
from bot.domain.file_result import NewFinding, UnreadFile
from bot.domain.migration import Action, Applicability, Condition, Migration, Rewrite, Target
from bot.domain.references import PullRequest
from bot.markdown.blocks import cell, cut, table
from bot.markdown.limits import fit
from bot.markdown.links import link_in_pull
from bot.markdown.text import code, count, plain, prose
from bot.review.models import CompleteCheckRun
from bot.review.render_comment import handle
from bot.review.skipping import each_alone

_LISTED = 20
"""Entries of a list in a reply."""


# --- a pull request ------------------------------------------------------------------------------------------------


def scanned(pull: PullRequest, check: CompleteCheckRun) -> str:
    """The reply to ``scan``."""
    return f"Scanned {code(pull.head_sha[:7])}: {_verdict(check)}"


def _verdict(check: CompleteCheckRun) -> str:
    if check.config_error is not None:
        return "nothing, because the configuration of the base branch is not valid. The check run shows where."
    usages = [finding for n in check.new for finding in (n.finding, *n.also)]
    found = count(len(usages), "new deprecated usage") if usages else "no new deprecated usages"
    skipped = f", {count(len(check.waived), 'finding')} skipped" if check.waived else ""
    unread = f", {count(len(check.unread), 'file')} not read" if check.unread else ""
    because = f", because of #{check.sibling.number}, which has the same head" if check.sibling else ""
    return f"{found}{skipped}{unread}. The check is *{check.conclusion}*{because}."


def status(pull: PullRequest, check: CompleteCheckRun, run: CheckRunFact | None) -> str:
    """The reply to ``status`` on a pull request."""
    parts = [f"At {code(pull.head_sha[:7])}: {_verdict(check)} {_run(check, run)}"]
    if check.new:
        parts += [_kinds(check.new), _findings(check.new, pull)]
    if check.waived:
        lines = [
            f"- {handle(n)} {link_in_pull(n.finding, pull)}: {plain(w.reason)} ({plain(w.by)})" for n, w in check.waived
        ]
        parts.append("Skipped:\n\n" + _listed(lines))
    rest = [
        f"{len(findings):,} {what}"
        for findings, what in (
            (check.old, "older"),
            (check.ignored, "ignored by a comment in the code"),
        )
        if findings
    ]
    if rest:
        parts.append(f"Other usages in the touched files: {', '.join(rest)}.")
    if check.unread:
        parts.append(f"**{count(len(check.unread), 'file')} not read**; the check run says why.")
    return fit("\n\n".join(parts))


def _run(check: CompleteCheckRun, run: CheckRunFact | None) -> str:
    """How the published check run differs from the present result, if it does."""
    if run is None:
        return f"There is no check run for this commit yet; `{PREFIX} scan` creates one."
    if run.status != "completed":
        return f"The check run is {plain(run.status)}."
    if run.conclusion != check.conclusion:
        return f"The published check run still says *{plain(run.conclusion or '')}*; `{PREFIX} scan` updates it."
    return ""


def _kinds(new: Sequence[NewFinding]) -> str:
    """Usages by kind and fix: safe, unsafe or manual."""
    tally = Counter((f.kind, f.applicability) for n in new for f in (n.finding, *n.also))
    rows = [
        (str(kind), *(f"{tally[kind, each]:,}" for each in Applicability))
        for kind in sorted({kind for kind, _ in tally})
    ]
    return table(("usage", *(each.label for each in Applicability)), rows, numbers=range(1, 1 + len(Applicability)))


def _findings(new: Sequence[NewFinding], pull: PullRequest) -> str:
    return _listed(
        [
            f"- {handle(n)} {link_in_pull(n.finding, pull)}: {n.finding.kind}, {n.finding.applicability.label}"
            for group in new
            for n in each_alone(group)
        ]
    )


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(cut(lines, _LISTED))


def skipped(what: NewFinding | UnreadFile, pull: PullRequest, check: CompleteCheckRun, by: str, reason: str) -> str:
    """The reply to ``skip``; without a reason, to ``skip --undo``."""
    where = code(what.path) if isinstance(what, UnreadFile) else link_in_pull(what.finding, pull)
    if not reason:
        return f"No longer skipped: {where}. Now: {_verdict(check)}"
    undo = f"{PREFIX} skip {what.fingerprint[:8]} --undo"
    return f"{plain(by)} skipped {where}. Reason: {plain(reason)}\n\nNow: {_verdict(check)} To undo: `{undo}`"


def not_reviewed(reason: str) -> str:
    """Why a pull request was not scanned."""
    return f"Not scanned: {prose(reason)}."


# --- a migration -----------------------------------------------------------------------------------------------------


def no_such(what: str, names: Iterable[str], near: str | None) -> str:
    """The reply to an unknown name; the name itself is not repeated."""
    listed = ", ".join(f"`{name}`" for name in list(names)[:_LISTED])
    hint = f" Did you mean `{near}`?" if near else ""
    return f"There is no such {what}.{hint} " + (f"Available: {listed}." if listed else "There are none here.")


def explained(migration: Migration) -> str:
    """The reply to ``explain``: what, why, and how each usage is rewritten."""
    parts = [f"### {code(migration.name)}", _targets(migration)]
    if migration.message:
        parts.append(prose(migration.message))
    parts += [f"New usages in pull requests: {_MODES[str(migration.mode)]}.", _rewrites(migration)]
    links = []
    if migration.docs_url:
        links.append(f"[Why, and how to migrate]({migration.docs_url})")
    if migration.tracking_issue is not None:
        links.append(f"tracked in issue {code(str(migration.tracking_issue))}")
    return fit("\n\n".join([*parts, *([" · ".join(links)] if links else [])]))


_MODES = {
    "warn": "reported; the check stays neutral",
    "block-new": "the check fails",
    "migrate": "the check fails; migration pull requests can be opened for older usages",
    "removed": "the check fails, also for older usages in the changed files",
}


def _targets(migration: Migration) -> str:
    return _listed([f"- {code(target.name)}{_successor(target)}" for target in migration.targets])


def _successor(target: Target) -> str:
    if target.canonical:
        return f" → {code(target.canonical)}"
    return f": {prose(target.message)}" if target.message else " has no direct replacement"


def _rewrites(migration: Migration) -> str:
    rows = [_rewrite(rule, migration) for rule in migration.rewrites]
    if migration.drop_in:
        rows.append(("any other", "the new name replaces the old one", "safe"))
    if not rows:
        return "No usage of it is rewritten. A comment on each new usage explains what to do."
    return table(("usage", "becomes", "fix"), rows)


_CONDITIONS = {
    Condition.RESULT_UNUSED: "the result is never read",
    Condition.ONLY_PROBED: "the result is only tested for presence",
    Condition.IMPORT_UNUSED: "the import is never used",
}


def _rewrite(rule: Rewrite, migration: Migration) -> Sequence[str]:
    where = _CONDITIONS[rule.when] if rule.when else code(_named(rule.match or "", migration))
    if rule.replace:
        becomes = code(_named(rule.replace, migration))
    elif rule.action is Action.DELETE_STATEMENT:
        becomes = "the statement is deleted"
    else:
        becomes = prose(rule.message or "change it by hand")
    trust = rule.applicability.label + (f", safe if {_proof(rule)}" if rule.safe_if else "")
    return tuple(map(cell, (where, becomes, trust)))


def _named(expression: str, migration: Migration) -> str:
    """The expression with the names themselves, where the migration has only one target."""
    if len(migration.targets) != 1:
        return expression
    (target,) = migration.targets
    new = (target.canonical or "$canonical").rpartition(".")[2]
    return expression.replace("$deprecated", target.leaf).replace("$canonical", new)


def _proof(rule: Rewrite) -> str:
    return " and ".join(f"{code(name)} is a {code(kind.rpartition('.')[2])}" for name, kind in rule.safe_if.items())


def attested(item: ChecklistItem, by: str, reason: str) -> str:
    """The reply to ``attest``; without a reason, to ``attest --undo``."""
    if not reason:
        return f"Attestation for {code(item.id)} withdrawn."
    return (
        f"Recorded: {plain(by)} attests {code(item.id)} ({plain(item.text)}). Reason: {plain(reason)}\n\n"
        f"To undo: `{PREFIX} attest {item.id} --undo`"
    )
