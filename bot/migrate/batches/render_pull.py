"""Migration pull requests: their titles, commits and texts, and the comments that the bot writes on them."""

import re
from collections.abc import Callable, Iterable, Sequence

from bot.domain.effects import MAX_BODY
from bot.domain.facts import Repository
from bot.domain.finding import Finding
from bot.domain.migration import Applicability, Migration
from bot.identity.kinds import MarkerKind
from bot.identity.markers import MarkerKeys
from bot.identity.places import conversation
from bot.identity.pull_requests import BatchMark, batch_markers
from bot.markdown.blocks import cell, fold, table
from bot.markdown.limits import fit
from bot.markdown.links import file_url, link_to_line, linked
from bot.markdown.text import code, count, prose, visible
from bot.migrate.batches.models import OpenPull, PullRequestBatch, Tier

_LISTED = 50
"""Usages of one list; above that the rest is counted."""
_LONGEST_TITLE = 120
_TAIL_ROOM = 2_000


# --- titles and commits ----------------------------------------------------------------------------------------


def bare(text: str) -> str:
    """``text`` for titles and commits, where nothing can be escaped: without what makes mentions and references."""
    kept = re.sub(r"[^\w ./,-]", "", visible(text))
    return re.sub(r"\b(gh)-(?=\d)", r"\1", kept, flags=re.IGNORECASE)


def title(batch: PullRequestBatch) -> str:
    """One line: which migration, how many files, and where they are."""
    where = f" in {bare(batch.label)}" if batch.label else ""
    text = f"{batch.migration}: migrate {count(len(batch.files), 'file')}{where}"
    return text if len(text) <= _LONGEST_TITLE else f"{text[: _LONGEST_TITLE - 1]}…"


def commit_message(batch: PullRequestBatch, migration: Migration) -> str:
    """The title, the names and the tracking issue; no word that would close an issue."""
    usages = count(sum(len(file.fixed) for file in batch.files), "usage")
    lines = [f"{usages} of {_names(batch, bare)}."]
    if migration.tracking_issue:
        lines.append(f"Part of #{migration.tracking_issue}")
    return "\n\n".join((title(batch), *lines))


def _names(batch: PullRequestBatch, shown: Callable[[str], str]) -> str:
    """The deprecated names that are migrated, by their last components."""
    found = sorted({usage.symbol.rpartition(".")[2] for file in batch.files for usage in file.fixed})
    return ", ".join(shown(name) for name in found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")


# --- the text ------------------------------------------------------------------------------------------------------


def body(
    batch: PullRequestBatch,
    migration: Migration,
    repository: Repository,
    keys: MarkerKeys,
    *,
    branch: str,
    asked_by: int,
) -> str:
    """What, why, how it was checked, what is not migrated: between two markers, so that it can be updated.

    ``branch`` is where links lead: the batch's own, or another where that name was taken.
    """
    begin, end = batch_markers(keys, repository.ref.id, mark_of(batch, asked_by=asked_by))
    parts = [
        _part_of(migration),
        _what(batch, migration),
        _why(migration),
        _files(batch, repository, branch),
        _proof(batch),
        _left(batch, repository, branch),
        _unsafe(batch),
    ]
    text = "\n\n".join(part for part in parts if part)
    upkeep = _upkeep(batch, migration, repository)
    limit = MAX_BODY - len(begin) - _TAIL_ROOM
    return f"{begin}\n{fit(text, tail=upkeep, limit=limit)}\n{end}"


def mark_of(batch: PullRequestBatch, *, asked_by: int) -> BatchMark:
    """The batch as the marker in the text names it."""
    return BatchMark(
        migration=batch.migration, slug=batch.slug, tier=str(batch.tier), asked_by=asked_by, digest=batch.digest
    )


def _part_of(migration: Migration) -> str:
    return f"Part of #{migration.tracking_issue}." if migration.tracking_issue else ""


def _what(batch: PullRequestBatch, migration: Migration) -> str:
    usages = count(sum(len(file.fixed) for file in batch.files), "usage")
    canonical = sorted({t.canonical.rpartition(".")[2] for t in migration.targets if t.canonical})
    towards = f" to {code(canonical[0])}" if len(canonical) == 1 else ""
    critical = " These paths are critical." if batch.critical else ""
    owners = f" Owners: {code(batch.label)}." if "@" in batch.label else ""
    files = count(len(batch.files), "file")
    return f"**What.** Migrates {usages} of {_names(batch, code)} in {files}{towards}.{critical}{owners}"


def _why(migration: Migration) -> str:
    why = migration.message or "The name is deprecated."
    link = f" [Why, and how to migrate]({migration.docs_url})" if migration.docs_url else ""
    return f"**Why.** {prose(why)}{link}"


def _files(batch: PullRequestBatch, repository: Repository, branch: str) -> str:
    rows = [(_link(file.path, branch, repository), str(len(file.fixed)), str(len(file.left))) for file in batch.files]
    return table(("file", "migrated", "not migrated"), rows, numbers=(1, 2))


def _proof(batch: PullRequestBatch) -> str:
    proof = (
        "**How it was checked.** Each file parses. A second run finds nothing more to fix. No name became undefined. "
        "Only the statements with these usages changed. No tests were run; CI does that."
    )
    if batch.tier is Tier.UNSAFE:
        return f"{proof}\n\n**Some fixes may change behaviour.** They were requested with `--unsafe`; please read them."
    return f"{proof} All fixes are safe: behaviour stays the same."


def _left(batch: PullRequestBatch, repository: Repository, branch: str) -> str:
    left = [(file, usage) for file in batch.files for usage in file.left]
    if not left:
        return "**Not migrated.** Nothing in these files."
    items = [
        f"- {link_to_line(usage, repository.html_url, branch)}: {usage.kind}. {_reason(usage)}"
        for _, usage in left[:_LISTED]
    ]
    return "\n".join((f"**Not migrated**, {count(len(left), 'usage')}:\n", *items, *_more(left)))


def _unsafe(batch: PullRequestBatch) -> str:
    """The fixes to read closely; their lines are those before the change, so they are not linked."""
    found = [
        usage
        for file in batch.files
        for usage in file.fixed
        if usage.fix and usage.fix.applicability is Applicability.UNSAFE
    ]
    if not found:
        return ""
    items = [f"- {code(f'{usage.path}:{usage.range.line}')}: {_reason(usage)}" for usage in found[:_LISTED]]
    return fold(f"{count(len(found), 'fix', 'fixes')} to review", "\n".join((*items, *_more(found))))


def _more(found: Sequence[object]) -> Iterable[str]:
    return [f"- … and {len(found) - _LISTED:,} more"] if len(found) > _LISTED else []


def _reason(usage: Finding) -> str:
    return prose(usage.reason or usage.message)


def _link(path: str, branch: str, repository: Repository) -> str:
    return linked(cell(code(path)), file_url(repository.html_url, branch, path))


def _upkeep(batch: PullRequestBatch, migration: Migration, repository: Repository) -> str:
    branch = code(repository.default_branch)
    where = f" on #{migration.tracking_issue}" if migration.tracking_issue else ""
    return (
        f"\n\n<sub>{code(batch.migration)} · kept up to date with {branch} until somebody else pushes to this branch. "
        f"If you close this without merging, its files are skipped until somebody names them{where}: "
        f"{code('/ssot migrate PATH')}.</sub>"
    )


# --- comments on them ------------------------------------------------------------------------------------------------


def closing(repository: Repository, pull: OpenPull, keys: MarkerKeys) -> str:
    """Why the bot closes it."""
    marker = MarkerKind.BATCH_CLOSED.write(keys, conversation(repository.ref, pull.number), ("1",))
    branch = code(repository.default_branch)
    return f"Nothing is left to migrate in these files on {branch}, so I am closing this pull request.\n\n{marker}"


def leaving(repository: Repository, pull: OpenPull, keys: MarkerKeys) -> str:
    """Why the bot no longer updates it."""
    marker = MarkerKind.BATCH_LEFT.write(keys, conversation(repository.ref, pull.number), ("1",))
    branch = code(repository.default_branch)
    return f"This branch is out of date with {branch}. Someone else pushed here, so I no longer update it.\n\n{marker}"
