"""Facts in, decisions out: which migration pull requests are opened, updated or closed, and which have to wait."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from bot.domain.finding import Kind
from bot.domain.migration import Applicability, Split
from bot.migrate.batches.groups import PathGroup, by_directory, by_owner, common_directory
from bot.migrate.batches.models import (
    BatchAction,
    BatchFacts,
    BatchFile,
    BatchPlan,
    BatchRequest,
    CloseBatch,
    ClosedPull,
    FileFacts,
    LeaveBatch,
    OpenBatch,
    OpenPull,
    PullRequestBatch,
    Tier,
    UpdateBatch,
)

_LONGEST_SLUG = 60
_USED_THROUGH = frozenset({Kind.IMPORT, Kind.CALL, Kind.REFERENCE, Kind.STRING_REFERENCE})
"""The kinds of usages that a re-export in another file serves."""


def plan_batches(facts: BatchFacts) -> BatchPlan:
    """What to do about one migration's pull requests as things are now.

    Every file that the fixes of the wanted tier change is in exactly one open pull request or waiting batch, unless a
    person closed a pull request with it or it is a façade that others still import; façades come last, together.
    Applied to its own outcome it plans nothing.
    """
    candidates = _TieredFiles(facts)
    decided = {pull.number: _about_open(pull, candidates) for pull in facts.open}
    staying = [pull for pull in facts.open if not isinstance(decided[pull.number], CloseBatch)]
    batches = _batches(facts, candidates, staying)
    free = max(0, facts.migration.pull_requests.open - len(staying))
    about = sorted((action for action in decided.values() if action), key=lambda each: not isinstance(each, CloseBatch))
    opened: list[BatchAction] = [OpenBatch(batch=batch) for batch in batches[:free]]
    tier = facts.ask.tier if facts.ask else Tier.SAFE
    return BatchPlan(
        actions=(*about, *opened),
        current=tuple(pull for pull in facts.open if decided[pull.number] is None),
        waiting=tuple(batches[free:]),
        facades=tuple(file for file in facts.files if candidates.held_back(file, tier)) if facts.ask else (),
        taken=tuple(sorted(each for each in facts.taken.items() if each[0] in candidates.files(tier)))
        if facts.ask
        else (),
        closed=_still_closed(facts, candidates.files(tier)),
        left=tuple(finding for file in facts.files for finding in file.left(tier)),
    )


# --- what each file would become ------------------------------------------------------------------------------


class _TieredFiles:
    """The files as each tier would have them."""

    def __init__(self, facts: BatchFacts) -> None:
        self._facts = facts
        self._facades = frozenset(file.path for file in facts.files if _removes_a_re_export(file))
        elsewhere = (file for file in facts.files if file.path not in self._facades)
        self._still_used = frozenset(f.symbol for file in elsewhere for f in file.findings if f.kind in _USED_THROUGH)
        self._files = {tier: self._of(tier) for tier in Tier}

    def files(self, tier: Tier) -> Mapping[str, BatchFile]:
        """By path, those that would change."""
        return self._files[tier]

    def held_back(self, file: FileFacts, tier: Tier) -> bool:
        """Whether a re-export in the file would go if nothing imported it any more."""
        return self._removes(file, tier) and not self._unused(file)

    def goes_last(self, file: FileFacts, tier: Tier) -> bool:
        """Whether a re-export in the file goes, now that nothing imports it."""
        return self._removes(file, tier) and self._unused(file)

    def _removes(self, file: FileFacts, tier: Tier) -> bool:
        return tier is Tier.UNSAFE and file.path in self._facades

    def _unused(self, file: FileFacts) -> bool:
        return self._still_used.isdisjoint(f.symbol for f in file.findings if f.kind is Kind.RE_EXPORT)

    def _of(self, tier: Tier) -> dict[str, BatchFile]:
        found = {}
        for file in self._facts.files:
            made = file.migrated.get(Tier.SAFE if self.held_back(file, tier) else tier)
            if made is not None and made.changed:
                found[file.path] = BatchFile(migrated=made, mode=file.mode)
        return found


def _removes_a_re_export(file: FileFacts) -> bool:
    unsafe = Applicability.UNSAFE
    return any(f.kind is Kind.RE_EXPORT and f.fix and f.fix.applicability is unsafe for f in file.findings)


# --- those that are open -----------------------------------------------------------------------------------------


def _about_open(pull: OpenPull, candidates: _TieredFiles) -> BatchAction | None:
    if pull.retargeted:
        return None
    files = candidates.files(pull.tier)
    batch = _again(pull, [files[path] for path in sorted(pull.files) if path in files])
    outdated = pull.digest is not None and pull.digest != batch.digest
    if pull.foreign:
        return LeaveBatch(pull=pull) if outdated else None
    if not batch.files:
        return CloseBatch(pull=pull)
    commit = _blobs(batch, pull.head_sha) != pull.files
    return UpdateBatch(pull=pull, batch=batch, commit=commit) if commit or outdated else None


def _again(pull: OpenPull, files: Sequence[BatchFile]) -> PullRequestBatch:
    _, migration, slug = pull.branch.split("/", 2)
    label = common_directory([file.path for file in files])
    return _batch(migration, slug, label, files, pull.tier)


def _blobs(batch: PullRequestBatch, like: str) -> dict[str, str | None]:
    return {file.path: blob_id(file.content, like) for file in batch.files}


def blob_id(content: bytes, like: str) -> str:
    """The id that git gives to a file's content, of the kind (SHA-1 or SHA-256) that ``like`` is."""
    new = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return new(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


# --- those to come -----------------------------------------------------------------------------------------------


def _batches(facts: BatchFacts, candidates: _TieredFiles, staying: Sequence[OpenPull]) -> list[PullRequestBatch]:
    """What is to be opened besides the open pull requests: critical paths first."""
    if facts.ask is None:
        return []
    files = candidates.files(facts.ask.tier)
    claimed = frozenset(facts.taken).union(*(pull.files for pull in staying))
    declined = frozenset[str]().union(*(pull.paths for pull in facts.closed))
    free = [path for path in files if path not in claimed and _asked_for(path, facts.ask, declined)]
    last = {file.path for file in facts.files if candidates.goes_last(file, facts.ask.tier)}
    critical = {file.path for file in facts.files if file.critical} - last
    parts = ([p for p in free if p in critical], [p for p in free if p not in critical | last], last.intersection(free))
    groups = (group for part in parts for group in _groups(facts, part))
    return [_new(facts.migration.name, group, [files[path] for path in group.paths], facts.ask) for group in groups]


def _asked_for(path: str, ask: BatchRequest, declined: frozenset[str]) -> bool:
    return ask.covers(path) if ask.paths else path not in declined


def _groups(facts: BatchFacts, paths: Iterable[str]) -> Iterable[PathGroup]:
    candidates = facts.migration.pull_requests
    if candidates.split is Split.CODEOWNERS and facts.owners is not None:
        return by_owner(paths, facts.owners, candidates.files)
    return by_directory(paths, candidates.files)


def _new(migration: str, group: PathGroup, files: Sequence[BatchFile], ask: BatchRequest) -> PullRequestBatch:
    named = re.sub(r"[^a-z0-9]+", "-", group.label.lower())[-_LONGEST_SLUG:].strip("-")
    known = hashlib.sha256("\0".join((ask.tier, *group.paths)).encode()).hexdigest()[:8]
    return _batch(migration, f"{named}-{known}" if named else known, group.label, files, ask.tier)


def _batch(migration: str, slug: str, label: str, files: Sequence[BatchFile], tier: Tier) -> PullRequestBatch:
    critical = any(finding.critical for file in files for finding in (*file.fixed, *file.left))
    return PullRequestBatch(
        migration=migration, slug=slug, label=label, files=tuple(files), tier=tier, critical=critical
    )


def _still_closed(facts: BatchFacts, files: Mapping[str, BatchFile]) -> tuple[ClosedPull, ...]:
    """The closed pull requests that keep something from being opened now."""
    if facts.ask is None or facts.ask.paths:
        return ()
    claimed = frozenset(facts.taken).union(*(pull.files for pull in facts.open))
    open_to = files.keys() - claimed
    found = (ClosedPull(number=pull.number, paths=pull.paths & open_to) for pull in facts.closed)
    return tuple(pull for pull in found if pull.paths)
