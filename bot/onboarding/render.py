"""The texts of the onboarding pull request: what is proposed, and what it would find, open and fail."""

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape

from bot.config import FILE, Absent, Invalid, UnreadableConfig, Unrelated, Valid
from bot.domain.effects import MAX_BODY
from bot.domain.facts import Repository
from bot.domain.finding import Failed, Finding
from bot.domain.migration import Applicability, Config, Migration, Mode, Split
from bot.domain.references import RepoRef
from bot.identity.checks import CHECK_NAME
from bot.identity.kinds import MarkerKind
from bot.identity.markers import MarkerKeys
from bot.identity.onboarding import OnboardingMark, issue_box, issue_marker, onboarding_markers
from bot.identity.places import conversation
from bot.inventory.models import Foreseen
from bot.markdown.blocks import cell, cut, fold, table
from bot.markdown.limits import fit
from bot.markdown.links import link_to_line, linked
from bot.markdown.text import code, count, plain
from bot.migrate.batches.groups import by_directory
from bot.onboarding.models import OnboardingPreview
from bot.review.models import ProposedConfig
from bot.review.render_configuration import config_details

TITLE = "Configure ssot-bot"
COMMIT = f"{TITLE}\n\nA first configuration, for what this repository uses of deprecated names."
ISSUE_TITLE = "Deprecation migrations"
_LISTED = 10
"""Usages of one migration, and files that were not read."""
_NAMED = 3
"""Deprecated names of one migration."""
_TAIL_ROOM = 2_000
_COLUMNS = ("migration", "usages", "files", "safe fixes", "to review", "by hand")


def body(
    preview: OnboardingPreview,
    mark: OnboardingMark,
    repository: Repository,
    keys: MarkerKeys,
    *,
    edited: bool = False,
) -> str:
    """The text between its two markers.  ``edited``: somebody else has pushed to the branch."""
    begin, end = onboarding_markers(keys, repository.ref.id, mark)
    parts = [_welcome(preview, edited=edited), *_sections(preview, mark, repository, keys)]
    limit = MAX_BODY - len(begin) - _TAIL_ROOM
    text = "\n\n".join(part for part in parts if part)
    return f"{begin}\n{fit(text, limit=limit)}\n{end}"


def _welcome(preview: OnboardingPreview, *, edited: bool) -> str:
    file, branch = code(FILE), code(preview.branch)
    if edited:
        change = (
            "**Change** it on this branch: the preview below follows each push. Somebody else has pushed here, so I no "
            f"longer change the branch. If {branch} moves, bring it up to date yourself."
        )
    else:
        change = (
            f"**Change** {file} on this branch: the preview below follows each push. Until you push, I keep it up to "
            f"date with {branch}."
        )
    return (
        f"This adds {file}, with which ssot-bot keeps new usages of deprecated names out of this repository and helps "
        "to replace the others. Until it is merged, I write nothing else here.\n\n"
        f"- **Merge** it to begin.\n- {change}\n- **Close** it to decline: I will not ask again."
    )


def _sections(
    preview: OnboardingPreview, mark: OnboardingMark, repository: Repository, keys: MarkerKeys
) -> Iterator[str]:  # fmt: skip
    match preview.state:
        case Invalid(errors=errors):
            yield f"**{code(FILE)} on this branch is not valid, so nothing would happen after a merge.**"
            yield config_details(ProposedConfig(errors=errors))
        case UnreadableConfig(reason=reason):
            yield f"**{code(FILE)} on this branch cannot be read:** {plain(reason)}."
        case Absent() | Unrelated():
            yield f"**This branch has no {code(FILE)} any more**, so a merge would change nothing."
        case Valid(config=config):
            yield _found(preview, config, repository)
            yield _opened(preview, config, mark, repository, keys)
            yield _failing(config)


# --- what it finds ---------------------------------------------------------------------------------------------------


def _found(preview: OnboardingPreview, config: Config, repository: Repository) -> str:
    found = preview.found
    if found is None:
        return f"### What it finds\n\nThat is not known: {plain(preview.reason or '')}."
    commit = linked(code(found.commit[:7]), f"{repository.html_url}/commit/{found.commit}")
    usages = [usage for each in found.after.values() for usage in each]
    files = count(len({usage.path for usage in usages}), "file")
    told = f"{count(len(usages), 'usage')} in {files}" if usages else "nothing"
    rows = [_row(migration, found.after.get(migration.name, ())) for migration in config.migrations]
    parts = [
        "### What it finds",
        f"At {commit} of {code(preview.branch)}: {told}.",
        table(_COLUMNS, rows, numbers=range(1, 6)),
        "" if all(usage.planned for usage in usages) else "Which of them can be fixed took too long to find out.",
        *(_usages(each, found.after.get(each.name, ()), repository, found) for each in config.migrations),
        _unread(found),
    ]
    return "\n\n".join(part for part in parts if part)


def _row(migration: Migration, usages: Sequence[Finding]) -> Sequence[str]:
    trust, planned = Counter(usage.applicability for usage in usages), all(usage.planned for usage in usages)
    return (
        cell(code(migration.name)),
        f"{len(usages):,}",
        f"{len({usage.path for usage in usages}):,}",
        *(f"{trust[each]:,}" if planned else "?" for each in Applicability),
    )


def _names(migration: Migration) -> str:
    """The deprecated names, with their successors where there are few."""
    targets = migration.targets
    named = [
        code(target.name) + (f" → {code(target.canonical)}" if target.canonical else "") for target in targets[:_NAMED]
    ]
    more = len(targets) - _NAMED
    return ", ".join(named) + (f" and {more:,} more" if more > 0 else "")


def _usages(migration: Migration, usages: Sequence[Finding], repository: Repository, found: Foreseen) -> str:
    """The names and the places: names are long, and would push the numbers out of the table."""
    ordered = sorted(usages, key=lambda usage: (usage.path, usage.range.line))
    lines = [f"- {link_to_line(usage, repository.html_url, found.commit)}: {code(usage.symbol)}" for usage in ordered]
    title = f"<code>{escape(migration.name)}</code>: {count(len(usages), 'usage')}"
    return fold(title, "\n\n".join(part for part in (_names(migration), "\n".join(cut(lines, _LISTED))) if part))


def _unread(found: Foreseen) -> str:
    if not found.unread:
        return ""
    lines = [
        f"- {code(each.path)}: "
        + plain(f"line {each.line}: {each.message}" if isinstance(each, Failed) else each.reason, limit=300)
        for each in found.unread
    ]
    title = f"{count(len(found.unread), 'file')} that could not be read may hold more"
    return fold(title, "\n".join(cut(lines, _LISTED)))


# --- what it opens ---------------------------------------------------------------------------------------------------


def _opened(
    preview: OnboardingPreview, config: Config, mark: OnboardingMark, repository: Repository, keys: MarkerKeys
) -> str:  # fmt: skip
    lines = _issue(config, mark, repository, keys)
    by_itself = [migration for migration in config.migrations if migration.mode is Mode.MIGRATE]
    on_request = [migration for migration in config.migrations if migration.mode is not Mode.MIGRATE]
    if by_itself:
        lines.append(f"- After the merge, {_pulls(by_itself, preview)} for {_listed(by_itself)}.")
    if on_request:
        asked = code("/ssot migrate")
        which = f" for {_listed(on_request)}" if by_itself else ""
        opens = f"{asked} on the tracking issue opens {_pulls(on_request, preview)}{which}"
        lines.append(f"- Migration pull requests come only when you ask: {opens}.")
    return "\n".join(("### What it opens", "", *lines))


def _issue(config: Config, mark: OnboardingMark, repository: Repository, keys: MarkerKeys) -> list[str]:
    """Which migrations are tracked where, and what opens an issue for the others."""
    lines = []
    for number in sorted({each.tracking_issue for each in config.migrations if each.tracking_issue is not None}):
        tracked = [each for each in config.migrations if each.tracking_issue == number]
        which = "" if len(tracked) == len(config.migrations) else f" of {_listed(tracked)}"
        lines.append(f"- The progress{which} is kept on the tracking issue #{number}.")
    others = [each for each in config.migrations if each.tracking_issue is None]
    if others and mark.issue is not None:
        line = code(f"tracking: {{issue: {mark.issue}}}")
        lines.append(
            f"- The tracking issue #{mark.issue} is open. Add {line} to each migration whose progress it shows."
        )
    elif others:
        which = f" of {_listed(others)}" if lines else ""
        text = f"Tick this to open a tracking issue now, which shows the progress{which}."
        lines.insert(0, issue_box(keys, repository.ref.id, text))
    return lines


def _pulls(migrations: Sequence[Migration], preview: OnboardingPreview) -> str:
    """How many pull requests, with how many fixes."""
    if preview.found is None or not all(f.planned for m in migrations for f in preview.found.after.get(m.name, ())):
        return "pull requests with the safe fixes"
    pulls, usages, at_least = 0, 0, ""
    for migration in migrations:
        safe = [f for f in preview.found.after.get(migration.name, ()) if f.applicability is Applicability.SAFE]
        usages += len(safe)
        pulls += len(by_directory({finding.path for finding in safe}, migration.pull_requests.files))
        if safe and migration.pull_requests.split is Split.CODEOWNERS:
            at_least = "at least "
    if not usages:
        return f"none yet, for there is no safe fix; {code('--unsafe')} takes those to review"
    most = min(migration.pull_requests.open for migration in migrations)
    at_once = f", at most {most} at a time" if pulls > most else ""
    return f"{at_least}{count(pulls, 'pull request')} with {count(usages, 'safe fix', 'safe fixes')}{at_once}"


def _listed(migrations: Sequence[Migration]) -> str:
    return ", ".join(code(migration.name) for migration in migrations)


# --- what it fails ---------------------------------------------------------------------------------------------------


def _failing(config: Config) -> str:
    check, lines = code(CHECK_NAME), []
    for modes, words in (
        ((Mode.BLOCK_NEW, Mode.MIGRATE), f"fails the check {check}. What is there already does not."),
        ((Mode.WARN,), f"gets comments, and the check {check} stays neutral."),
        ((Mode.REMOVED,), f"fails the check {check}, and so does one that changes a file with an old usage."),
    ):
        found = [migration for migration in config.migrations if migration.mode in modes]
        if found:
            which = "" if len(found) == len(config.migrations) else f" of {_listed(found)}"
            lines.append(f"- A pull request that adds a usage{which} {words}")
    lines.append("- It gets one review, with a suggestion on each line where a fix is safe.")
    return "\n".join(("### What it fails", "", *lines))


# --- beside the text -------------------------------------------------------------------------------------------------


def closing(branch: str, repo: RepoRef, number: int, keys: MarkerKeys) -> str:
    """Why the bot closes it."""
    marker = MarkerKind.ONBOARDING_CLOSED.write(keys, conversation(repo, number), ("1",))
    return f"{code(branch)} has {code(FILE)} by now, so I am closing this pull request.\n\n{marker}"


def issue_body(pull: int, repository: int, keys: MarkerKeys) -> str:
    """The text of the tracking issue.  It may be written into."""
    return (
        f"The deprecation migrations of this repository, as #{pull} configures them. Once that is merged, their "
        f"progress is kept up to date here, and {code('/ssot migrate')} in a comment opens pull requests with fixes."
        f"\n\n{issue_marker(keys, repository)}"
    )
