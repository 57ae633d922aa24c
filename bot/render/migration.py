"""Migration pull requests: their titles, commits, texts, and the comments that the bot leaves on them."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.batches import Batch, OpenPull, Tier
from bot.effects import MAX_BODY
from bot.facts import Repository
from bot.markers import MarkerKeys, read, write
from bot.migration import Applicability, Migration
from bot.model import Finding
from bot.render.review import file_url, fit, prose
from bot.render.text import code, count, visible
from bot.talk import conversation

BATCH, BATCH_END = "batch", "batch-end"
"""The kinds of the markers before and after what the bot keeps up to date in a pull request's text."""
CLOSED, LEFT = "batch-closed", "batch-left"
"""The kinds of the markers in the comments that say why a pull request is closed, or left alone."""

_LISTED = 50
"""Usages of one list; above that the rest is counted."""
_LONGEST_TITLE = 120
_TAIL_ROOM = 2_000
_BLOCK = re.compile(r"<!-- ssot:batch=[^>]*-->.*<!-- ssot:batch-end=[^>]*-->", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What the marker in a migration pull request's text says of it."""

    migration: str
    slug: str
    tier: Tier
    asked_by: int
    digest: str

    def of_branch(self, branch: str) -> bool:
        """Whether it was written for the pull request of this branch."""
        own = f"ssot/{self.migration}/{self.slug}"
        return branch == own or re.fullmatch(rf"{re.escape(own)}-\d+", branch) is not None


def place_of(repository: int) -> str:
    """What the marker in a migration pull request's text is signed for: it is written before there is a number."""
    return f"{repository}/migration"


def mark_of(keys: MarkerKeys, repository: int, body: str) -> Mark | None:
    """What the text of a pull request of ours says of it; ``None`` when our words are not there (any more)."""
    values = read(keys, place_of(repository), BATCH, body)
    if len(values) < 5:
        return None
    migration, slug, tier, asked_by, said = values[:5]
    return Mark(migration=migration, slug=slug, tier=Tier(tier), asked_by=int(asked_by), digest=said)


# --- titles and commits ----------------------------------------------------------------------------------------


def bare(text: str) -> str:
    """``text`` for titles and commits, where nothing can be escaped: without what makes mentions and references."""
    kept = re.sub(r"[^\w ./,-]", "", visible(text))
    return re.sub(r"\b(gh)-(?=\d)", r"\1", kept, flags=re.IGNORECASE)


def title(batch: Batch) -> str:
    """One line: which migration, how much of it, where."""
    where = f" in {bare(batch.label)}" if batch.label else ""
    text = f"{batch.migration}: migrate {count(len(batch.files), 'file')}{where}"
    return text if len(text) <= _LONGEST_TITLE else f"{text[: _LONGEST_TITLE - 1]}…"


def commit_message(batch: Batch, migration: Migration) -> str:
    """The title, and what for; no word that would close an issue."""
    usages = count(sum(len(file.fixed) for file in batch.files), "usage")
    lines = [f"{usages} of {_names(batch, bare)}."]
    if migration.tracking_issue:
        lines.append(f"Part of #{migration.tracking_issue}")
    return "\n\n".join((title(batch), *lines))


def _names(batch: Batch, shown: Callable[[str], str]) -> str:
    """The deprecated names that are migrated, by their last components."""
    found = sorted({usage.symbol.rpartition(".")[2] for file in batch.files for usage in file.fixed})
    return ", ".join(shown(name) for name in found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")


# --- the text ------------------------------------------------------------------------------------------------------


def body(
    batch: Batch, migration: Migration, repository: Repository, keys: MarkerKeys, *, branch: str, asked_by: int
) -> str:
    """What, why, how proved, what is left for a person: between two markers, so that it can be kept up to date.

    ``branch`` is where links lead: the batch's own, or another where that name was taken.
    """
    values = (batch.migration, batch.slug, str(batch.tier), str(asked_by), batch.digest)
    place = place_of(repository.ref.id)
    begin, end = write(keys, place, BATCH, values), write(keys, place, BATCH_END, (batch.slug,))
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


def reworded(before: str, block: str) -> str | None:
    """The text of a pull request with ``block`` in place of ours; what people wrote around it stays.

    ``None``: our words are not there any more.
    """
    return _BLOCK.sub(lambda _: block, before, count=1) if _BLOCK.search(before) else None


def _part_of(migration: Migration) -> str:
    return f"Part of #{migration.tracking_issue}." if migration.tracking_issue else ""


def _what(batch: Batch, migration: Migration) -> str:
    usages = count(sum(len(file.fixed) for file in batch.files), "usage")
    canonical = sorted({t.canonical.rpartition(".")[2] for t in migration.targets if t.canonical})
    towards = f", to {code(canonical[0])}" if len(canonical) == 1 else ""
    critical = " These paths are marked as critical." if batch.critical else ""
    owners = f" Owned by {code(batch.label)}." if "@" in batch.label else ""
    files = count(len(batch.files), "file")
    return f"**What.** {usages} of {_names(batch, code)} in {files} migrated{towards}.{critical}{owners}"


def _why(migration: Migration) -> str:
    why = migration.message or "The name is deprecated."
    link = f" [Why, and how to migrate]({migration.docs_url})" if migration.docs_url else ""
    return f"**Why.** {prose(why)}{link}"


def _files(batch: Batch, repository: Repository, branch: str) -> str:
    rows = ["| file | migrated | left for a person |", "| --- | ---: | ---: |"]
    rows += [
        f"| {_link(file.path, branch, repository)} | {len(file.fixed)} | {len(file.left)} |" for file in batch.files
    ]
    return "\n".join(rows)


def _proof(batch: Batch) -> str:
    proof = (
        "**How it is proved.** Of each file: it parses, a second run finds nothing more to do, no name is newly "
        "undefined, and nothing but the statements in question changed. Nothing was run: that is for the checks here."
    )
    if batch.tier is Tier.UNSAFE:
        return f"{proof}\n\n**Some of it may change behaviour**: it was asked for with `--unsafe`, so please read it."
    return f"{proof} Only rewrites that keep the meaning are in it."


def _left(batch: Batch, repository: Repository, branch: str) -> str:
    left = [(file, usage) for file in batch.files for usage in file.left]
    if not left:
        return "**Left for a person.** Nothing in these files."
    items = [f"- {_place(usage, branch, repository)}: {usage.kind}. {_reason(usage)}" for _, usage in left[:_LISTED]]
    return "\n".join((f"**Left for a person**, {count(len(left), 'usage')}:\n", *items, *_more(left)))


def _unsafe(batch: Batch) -> str:
    """Where to look twice; their places are those before, so they are told without a link to a line."""
    found = [
        usage
        for file in batch.files
        for usage in file.fixed
        if usage.fix and usage.fix.applicability is Applicability.UNSAFE
    ]
    if not found:
        return ""
    items = [f"- {code(f'{usage.path}:{usage.range.line}')}: {_reason(usage)}" for usage in found[:_LISTED]]
    head = f"<details><summary>{count(len(found), 'rewrite')} to read</summary>\n"
    return "\n".join((head, *items, *_more(found), "\n</details>"))


def _more(found: Sequence[object]) -> Iterable[str]:
    return [f"- … and {len(found) - _LISTED:,} more"] if len(found) > _LISTED else []


def _reason(usage: Finding) -> str:
    return prose(usage.reason or usage.message)


def _place(usage: Finding, branch: str, repository: Repository) -> str:
    label = code(f"{usage.path}:{usage.range.line}")
    return f"[{label}]({file_url(repository.html_url, branch, usage.path)}#L{usage.range.line})"


def _link(path: str, branch: str, repository: Repository) -> str:
    label = code(path).replace("|", "\\|")
    return f"[{label}]({file_url(repository.html_url, branch, path)})"


def _upkeep(batch: Batch, migration: Migration, repository: Repository) -> str:
    branch = code(repository.default_branch)
    where = f" on #{migration.tracking_issue}" if migration.tracking_issue else ""
    return (
        f"\n\n<sub>{code(batch.migration)} · kept up to date with {branch} for as long as nobody else pushes to this "
        f"branch. Closed without merging, these files are left alone until somebody asks for them by name{where}: "
        f"{code('/ssot migrate PATH')}.</sub>"
    )


# --- comments on them ------------------------------------------------------------------------------------------------


def closing(repository: Repository, pull: OpenPull, keys: MarkerKeys) -> str:
    """Why the bot closes it."""
    marker = write(keys, conversation(repository.ref, pull.number), CLOSED, ("1",))
    branch = code(repository.default_branch)
    return f"Nothing is left to do here: what these files were to become, they are on {branch} by now.\n\n{marker}"


def leaving(repository: Repository, pull: OpenPull, keys: MarkerKeys) -> str:
    """Why the bot does not bring it up to date."""
    marker = write(keys, conversation(repository.ref, pull.number), LEFT, ("1",))
    branch = code(repository.default_branch)
    return (
        f"{branch} has moved, and this branch would be made anew; but somebody else has pushed to it, so I leave it as "
        f"it is from now on.\n\n{marker}"
    )
