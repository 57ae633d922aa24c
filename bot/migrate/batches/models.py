"""Migration pull requests as values: what they are made from, what was decided about them, and the outcome.

``plan`` decides, ``render_pull`` writes the texts, ``request`` and ``update`` perform it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from bot.domain.file_result import FileMigration
from bot.domain.finding import Failed, Finding, Scanned, Skipped
from bot.domain.globs import matches
from bot.domain.migration import Applicability, Migration
from bot.domain.references import Sha
from bot.identity.branches import of_batch


class Tier(StrEnum):
    """Which fixes a migration pull request applies."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    """The safe ones and those that may change behaviour."""

    @property
    def applies(self) -> frozenset[Applicability]:
        both = frozenset({Applicability.SAFE, Applicability.UNSAFE})
        return both if self is Tier.UNSAFE else frozenset({Applicability.SAFE})


# --- facts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """A file of the default branch in which the migration has findings."""

    path: str
    migrated: Mapping[Tier, FileMigration]
    """The file with the fixes of a tier; for those tiers that are asked about."""
    mode: str = "100644"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of the file as it is."""
        reports = (each.report for each in self.migrated.values())
        return next((report.findings for report in reports if isinstance(report, Scanned)), ())

    @property
    def critical(self) -> bool:
        return any(finding.critical for finding in self.findings)

    def left(self, tier: Tier) -> tuple[Finding, ...]:
        """The usages that the fixes of the tier leave to change by hand."""
        return self.migrated[tier].left if tier in self.migrated else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPull:
    """An open migration pull request, as it is now."""

    number: int
    branch: str
    head_sha: Sha
    files: Mapping[str, str | None]
    """Each changed path with the id of its blob; ``None`` for a deleted one."""
    tier: Tier = Tier.SAFE
    asked_by: int = 0
    """The comment that asked for it; 0: nobody did."""
    digest: str | None = None
    """Of what its body says, see `PullRequestBatch.digest`; ``None``: somebody removed the bot's text."""
    foreign: bool = False
    """It holds a commit that the App did not make."""
    retargeted: bool = False
    """Its base is not the default branch (any more)."""
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPull:
    """A migration pull request that a person closed without merging it."""

    number: int
    paths: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """What is wanted: the fixes of a tier, in all files or in those that ``paths`` name.

    ``paths`` are files, directories and git-style globs, relative to the repository; ``""`` is all of it.  A file that
    a path covers is asked for by name: it comes even if a person closed a pull request with it before.
    """

    tier: Tier = Tier.SAFE
    paths: tuple[str, ...] = ()

    def covers(self, path: str) -> bool:
        """Whether one of ``paths`` names the file or a directory above it.  Raises ``GlobError``."""
        return any(_names(each, path) for each in self.paths)


def _names(given: str, path: str) -> bool:
    if not given or path == given or path.startswith(f"{given}/"):
        return True
    return any(sign in given for sign in "*?[") and matches(path, (given,))


class Owners(Protocol):
    """Who reviews a file: what a CODEOWNERS file says."""

    def of(self, path: str) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFacts:
    """All that the decision about one migration's pull requests depends on."""

    migration: Migration
    files: tuple[FileFacts, ...]
    """Those with a finding of the migration, with or without a fix."""
    open: tuple[OpenPull, ...] = ()
    taken: Mapping[str, int] = field(default_factory=dict)
    """Paths that other open pull requests of the App change (another migration's, or one that removes definitions),
    with its number."""
    closed: tuple[ClosedPull, ...] = ()
    owners: Owners | None = None
    """``None``: the repository has no CODEOWNERS file, or the split does not ask for it."""
    ask: BatchRequest | None = None
    """``None``: what is open is updated, nothing is opened."""


# --- decisions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFile:
    """A file of a migration pull request: migrated, and with the mode that git has for it."""

    migrated: FileMigration
    mode: str

    @property
    def path(self) -> str:
        return self.migrated.path

    @property
    def content(self) -> bytes:
        """After the fixes."""
        return self.migrated.after

    @property
    def fixed(self) -> tuple[Finding, ...]:
        """The usages that are gone; their places are those of the file before."""
        return self.migrated.fixed

    @property
    def left(self) -> tuple[Finding, ...]:
        """The usages that are left to change by hand; their places are those of ``content``."""
        return self.migrated.left


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestBatch:
    """The files of one migration pull request, sorted by path."""

    migration: str
    slug: str
    """Identifies the files: the same ones get the same slug."""
    label: str
    """The directory that they lie in, or their owners; empty: neither."""
    files: tuple[BatchFile, ...]
    tier: Tier = Tier.SAFE
    critical: bool = False

    @property
    def branch(self) -> str:
        return of_batch(self.migration, self.slug)

    @property
    def digest(self) -> str:
        """Of everything in the pull request's commit and text: 16 hexadecimal characters."""
        said = [f"{self.tier}\0{self.migration}"]
        for file in self.files:
            usages = (f"{f.range.line}:{f.kind}:{f.reason}" for f in (*file.fixed, *file.left))
            said.append("\0".join((file.path, hashlib.sha256(file.content).hexdigest(), *usages)))
        return hashlib.sha256("\n".join(said).encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBatch:
    """A pull request to open."""

    batch: PullRequestBatch

    @property
    def branch(self) -> str:
        return self.batch.branch


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateBatch:
    """An open pull request whose commit, or only its text, has to be rebuilt."""

    pull: OpenPull
    batch: PullRequestBatch
    commit: bool

    @property
    def branch(self) -> str:
        return self.pull.branch


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseBatch:
    """An open pull request in which nothing is left to do."""

    pull: OpenPull

    @property
    def branch(self) -> str:
        return self.pull.branch


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveBatch:
    """An open pull request that is out of date and is not updated: a person has pushed to it."""

    pull: OpenPull

    @property
    def branch(self) -> str:
        return self.pull.branch


BatchAction = OpenBatch | UpdateBatch | CloseBatch | LeaveBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """What to do, in order, and what else the reply reports."""

    actions: tuple[BatchAction, ...] = ()
    current: tuple[OpenPull, ...] = ()
    """Open pull requests that need no change."""
    waiting: tuple[PullRequestBatch, ...] = ()
    """What is opened when one of the open ones is merged or closed."""
    facades: tuple[FileFacts, ...] = ()
    """Files that re-export the name, which other files still import."""
    taken: tuple[tuple[str, int], ...] = ()
    """Paths to migrate that another open pull request of the App changes, with its number."""
    closed: tuple[ClosedPull, ...] = ()
    """Those that a person closed, with the paths that could still be migrated."""
    left: tuple[Finding, ...] = ()
    """Usages that no fix of the tier covers."""


# --- the outcome ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedAction:
    """What GitHub did not let the bot do, and what it said."""

    action: BatchAction
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What came of a plan."""

    numbers: Mapping[str, int]
    """The pull requests that were opened, by branch as the plan names it."""
    refused: tuple[RefusedAction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """A migration's pull requests after a plan was performed; in a dry run, as planned."""

    migration: Migration
    commit: Sha
    """Of the default branch, at which everything was read."""
    plan: BatchPlan
    ask: BatchRequest
    numbers: Mapping[str, int]
    """The pull requests that were opened, by branch as the plan names it; empty in a dry run."""
    unread: tuple[Failed | Skipped, ...] = ()
    """Files that were not scanned."""
    refused: tuple[RefusedAction, ...] = ()
    """What GitHub did not let the bot do."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """What GitHub said, each once."""
        return tuple(dict.fromkeys(each.reason for each in self.refused))
