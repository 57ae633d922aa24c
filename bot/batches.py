"""Migration pull requests as values: what they are cut from, what was decided about them, what became of that.

Row 0.  ``bot.batching`` decides, ``bot.render.migration`` words it, ``bot.workflows.migrate_issue`` performs it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.migration import Applicability, Migration
from bot.model import FileMigration, Finding, Scanned, Sha

BRANCHES = "ssot/"
"""What the names of all branches of migration pull requests begin with: ``ssot/<migration>/<slug>``."""


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
    """A file of the default branch in which the migration finds something."""

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
        """The usages that the fixes of the tier leave for a person."""
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
    digest: str = ""
    """Of what its body says; see ``bot.batching.digest``."""
    foreign: bool = False
    """It holds a commit that the App did not make."""
    retargeted: bool = False
    """It does not lead to the default branch (any more)."""
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPull:
    """A migration pull request that a person closed without merging it."""

    number: int
    paths: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is wanted: the fixes of a tier, in all files or in those below ``paths``.

    ``paths`` are relative to the repository; ``""`` is all of it.  A file that a path covers is asked for by name: it
    comes even if a person closed a pull request with it before.
    """

    tier: Tier = Tier.SAFE
    paths: tuple[str, ...] = ()

    def covers(self, path: str) -> bool:
        """Whether one of ``paths`` names the file or a directory above it."""
        return any(not each or path == each or path.startswith(f"{each}/") for each in self.paths)


class Owners(Protocol):
    """Who reviews a file: what a CODEOWNERS file says."""

    def of(self, path: str) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFacts:
    """All that the decision about one migration's pull requests depends on."""

    migration: Migration
    files: tuple[FileFacts, ...]
    """Those with a finding of the migration, whatever can be done about it."""
    open: tuple[OpenPull, ...] = ()
    taken: frozenset[str] = frozenset()
    """Paths in the open pull requests of other migrations."""
    closed: tuple[ClosedPull, ...] = ()
    owners: Owners | None = None
    """``None``: the repository has no CODEOWNERS file, or the split does not ask for it."""
    ask: Ask | None = None
    """``None``: what is open is kept up to date, nothing is opened."""


# --- decisions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFile:
    """A file of a migration pull request."""

    path: str
    content: bytes
    """After the fixes."""
    mode: str
    fixed: tuple[Finding, ...]
    """The usages that are gone; their places are those of the file before."""
    left: tuple[Finding, ...]
    """The usages that stay for a person; their places are those of ``content``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The files of one migration pull request, sorted by path."""

    migration: str
    slug: str
    """Says which files: the same ones get the same slug."""
    label: str
    """The directory that they lie in, or their owners; empty: neither."""
    files: tuple[BatchFile, ...]
    tier: Tier = Tier.SAFE
    critical: bool = False

    @property
    def branch(self) -> str:
        return f"{BRANCHES}{self.migration}/{self.slug}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBatch:
    """A pull request to open."""

    batch: Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateBatch:
    """An open pull request whose commit, or only its text, has to be made anew."""

    pull: OpenPull
    batch: Batch
    commit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseBatch:
    """An open pull request in which nothing is left to do."""

    pull: OpenPull


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveBatch:
    """An open pull request that is out of date, and stays so: a person has pushed to it."""

    pull: OpenPull


BatchAction = OpenBatch | UpdateBatch | CloseBatch | LeaveBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """What to do, in the order to do it, and what there is besides."""

    actions: tuple[BatchAction, ...] = ()
    current: tuple[OpenPull, ...] = ()
    """Open pull requests about which there is nothing to do."""
    waiting: tuple[Batch, ...] = ()
    """What comes when one of the open ones is merged or closed."""
    facades: tuple[FileFacts, ...] = ()
    """Files that re-export the name, which other files still import."""
    taken: tuple[str, ...] = ()
    """Paths that another migration's open pull request changes."""
    closed: tuple[ClosedPull, ...] = ()
    """Those that a person closed, with the paths that could still be migrated."""
    left: tuple[Finding, ...] = ()
    """Usages that no fix of the tier is for."""
