"""Migrations: the values that ``.github/ssot.yml`` is read into and that the engine uses.

Standard library only.  ``bot.config`` builds these from YAML, ``bot.engine`` reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.checklist_item import ChecklistItem


class Applicability(StrEnum):
    """How far a fix can be trusted; the values are ruff's terms."""

    SAFE = "safe"
    """Applied without a person."""
    UNSAFE = "unsafe"
    """Offered for review, applied only on demand."""
    DISPLAY_ONLY = "display-only"
    """Explained, never applied."""

    @property
    def label(self) -> str:
        """The word that people read: ``safe``, ``unsafe`` or ``manual``."""
        return "manual" if self is Applicability.DISPLAY_ONLY else self.value


class Mode(StrEnum):
    """How the check run treats a pull request's new usages, and the existing ones."""

    WARN = "warn"
    """New usages are reported; the check stays neutral."""
    BLOCK_NEW = "block-new"
    """New usages fail the check; existing ones do not."""
    MIGRATE = "migrate"
    """As ``block-new``, and migration pull requests are opened."""
    REMOVED = "removed"
    """The migration is over: any usage in a changed file fails the check."""


class TargetKind(StrEnum):
    """What a deprecated name refers to."""

    SYMBOL = "symbol"
    """A function, class or constant of a module."""
    MODULE = "module"
    """A module or a package with everything below it."""


class Condition(StrEnum):
    """Facts of the value flow that a rewrite can ask for with ``when:``."""

    RESULT_UNUSED = "result-unused"
    """The call's result is never read: a bare statement, or a binding without a load."""
    ONLY_PROBED = "only-probed"
    """The result is only tested for presence: truth value, ``is None``, ``is not None``."""
    IMPORT_UNUSED = "import-unused"
    """The imported name is never loaded in the scope that it is bound in."""


class Action(StrEnum):
    """Rewrites that are not a replacement of one expression by another."""

    DELETE_STATEMENT = "delete-statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One deprecated dotted name and what takes its place.

    ``name`` is the dotted path of the *definition* (``pkg.module.symbol``), ``canonical`` the dotted path of
    its successor (itself, if only its arguments change), or ``None`` where no single name takes its place.
    """

    name: str
    canonical: str | None = None
    kind: TargetKind = TargetKind.SYMBOL
    message: str | None = None
    """Advice for this name alone, shown instead of the migration's; ``None``: that one is right."""
    exists: bool = False
    """The repository has the successor, though its files do not show it."""

    @property
    def leaf(self) -> str:
        """The last component, by which usages are prefiltered."""
        return self.name.rpartition(".")[2]

    @property
    def holder(self) -> str | None:
        """Of a symbol: the last component of what it may be a member of, a class; ``None`` at a module's top level."""
        owner = self.name.rpartition(".")[0]
        return owner.rpartition(".")[2] if self.kind is TargetKind.SYMBOL and "." in owner else None

    @property
    def keeps_name(self) -> bool:
        """It takes its own place: only ways of using it are deprecated, those that a ``match`` fits."""
        return self.canonical == self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """One rule of a migration; the first that matches a usage wins.

    Exactly one of ``when`` and ``match`` says where it applies; exactly one of ``replace`` and ``action`` says what
    is done (neither of them for a ``display-only`` rule, which only explains).  ``match`` and ``replace`` are
    Python expressions or statements with metavariables: ``$deprecated`` and ``$canonical`` (the target's names as
    this file spells them), ``$name`` one expression, ``$*args`` and ``$**kwargs`` the rest of a call's arguments.
    """

    when: Condition | None = None
    match: str | None = None
    replace: str | None = None
    action: Action | None = None
    applicability: Applicability = Applicability.UNSAFE
    safe_if: Mapping[str, str] = field(default_factory=dict)
    """Metavariable (with its ``$``) to the dotted type that its value must be proved to have."""
    unless: Mapping[str, str] = field(default_factory=dict)
    """Metavariable (with its ``$``) to the `bot.engine.rewrite.exceptions.Form` with which the rule does not fit."""
    reads: Mapping[str, str | None] = field(default_factory=dict)
    """What may be read off the variables that ``match`` binds, and what takes its place (``None``: it stays)."""
    imports: tuple[str, ...] = ()
    """Dotted names that ``replace`` needs besides the canonical one, e.g. ``datetime.timezone``."""
    message: str | None = None
    """A sentence for the author; ``None``: the engine's own wording."""
    targets: tuple[str, ...] = ()
    """Names of the targets that the rule applies to; empty: all of the migration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A condition on the target revision without which no fix is ``safe``: ``symbol`` accepts ``parameter``."""

    symbol: str
    parameter: str


CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks for it; the first one counts."""


class Split(StrEnum):
    """What the files of one migration pull request have in common."""

    DIRECTORY = "directory"
    """They are in the same directory."""
    CODEOWNERS = "codeowners"
    """They have the same owners in the repository's CODEOWNERS file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequests:
    """How a migration is split into pull requests."""

    files: int = 20
    """In one pull request, at most."""
    open: int = 5
    """Pull requests at a time, at most."""
    split: Split = Split.DIRECTORY
    draft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One deprecation migration, complete and validated."""

    name: str
    targets: tuple[Target, ...]
    mode: Mode = Mode.BLOCK_NEW
    drop_in: bool = False
    """The canonical name takes the same arguments: replacing the name is the whole migration.

    It is applied, as a safe fix, where none of ``rewrites`` matches and the target has a canonical name.
    """
    rewrites: tuple[Rewrite, ...] = ()
    requires: tuple[Requirement, ...] = ()
    include: tuple[str, ...] = ()
    """Git-style globs of the paths that are scanned; empty: all."""
    exclude: tuple[str, ...] = ()
    critical: tuple[str, ...] = ()
    """Git-style globs of the paths that are migrated first and are marked as critical."""
    message: str | None = None
    """Shown with every finding; ``None``: the engine's own wording."""
    docs_url: str | None = None
    pull_requests: PullRequests = PullRequests()
    tracking_issue: int | None = None
    """The number of an issue of the repository that is migrated; ``None``: there is no tracker."""
    checklist: "tuple[ChecklistItem, ...]" = ()
    """The checkboxes of the tracking issue, and what each requires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The effective configuration of one repository."""

    migrations: tuple[Migration, ...]
    source_roots: tuple[str, ...] = ()
    """Directories that are on ``sys.path``, relative to the repository, ``/``-separated; empty: found."""
    max_comments: int = 20
    """Inline comments in one review; the rest goes to its summary."""
    confirm_ignores: bool = False
    """A comment that ignores a usage and comes from a fork counts only once somebody with write confirms it."""

    @property
    def target_modules(self) -> frozenset[str]:
        """The dotted names that hold the targets: what must be importable from the source roots."""
        return frozenset(target.name.rpartition(".")[0] for each in self.migrations for target in each.targets)
