"""The value of the stage of moves: an import that becomes another one, with all that is read through it."""

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from bot.domain.finding import Edit
from bot.domain.migration import Applicability, TargetKind
from bot.engine.resolve.bindings import Binding
from bot.engine.rewrite.imports import Addition, Line
from bot.engine.rewrite.reasons import Refusal
from bot.engine.usages.analysis import Use


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImportReplacement:
    """An import of a deprecated thing (or of the module that holds it) becomes one of its successor."""

    binding: Binding
    line: Line | None
    """``None``: the file has the successor already, so that the import goes."""
    uses: tuple[Use, ...]
    """The import, all calls and references through it, and its entries in ``__all__``."""
    edits: tuple[Edit, ...] = ()
    doubles: Binding | None = None
    """The import that this one says again; it goes with it."""
    after: Binding | None = None
    """The import that gives up the name which this one takes; both change, or neither does."""
    additions: tuple[Addition, ...] = ()
    """The successor's import, where that comes beside another statement than the one that goes."""
    refusals: Mapping[Use, Refusal] = field(default_factory=dict)
    """Why it is not safe, by the usage that says so."""
    waits_for: tuple[Use, ...] = ()
    """What is read through it and is spelled alone: the import does not change before."""
    keeping: "ImportReplacement | None" = None
    """The same, with the file's own name for the thing kept: where another import wants the successor's."""

    @property
    def bound(self) -> str | None:
        """What the file calls the thing afterwards, by this import; ``None`` where that goes."""
        return None if self.line is None else self.line.local or self.line.name or self.line.module.partition(".")[0]

    @property
    def applicability(self) -> Applicability:
        return Applicability.UNSAFE if self.refusals else Applicability.SAFE

    @property
    def itself(self) -> Use | None:
        """The usage that the import is; ``None`` where it brings what has the deprecated name."""
        return next((use for use in self.uses if isinstance(use.node, ast.alias)), None)

    @property
    def is_divisible(self) -> bool:
        """Whether only a part of what is read through it is not safe, and the import may stay for that.

        It is one of the deprecated module, or it brings what has the deprecated names.
        """
        own = self.itself
        if own is not None and (own.target.kind is not TargetKind.MODULE or own in self.refusals or self.doubles):
            return False
        return 0 < len(self.refusals) < len(self.uses) - (own is not None)

    @property
    def safe_parts(self) -> list[Use]:
        """What is read through it and is safe."""
        return [use for use in self.uses if use not in self.refusals and use is not self.itself]

    def without(self, gone: Collection[Use], spans: Collection[tuple[int, int]]) -> "ImportReplacement":
        """The same without usages, which stand at ``spans``: those are spelled alone."""
        edits = tuple(edit for edit in self.edits if (edit.start, edit.end) not in spans)
        uses = tuple(use for use in self.uses if use not in gone)
        return replace(self, uses=uses, edits=edits, waits_for=tuple(gone), keeping=None)
