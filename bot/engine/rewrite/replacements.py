"""The value of the stage of moves: an import that becomes another one, with all that is read through it."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.finding import Edit
from bot.domain.migration import Applicability
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
    def is_divisible(self) -> bool:
        """Whether only a part of it is not safe, and the import need not go: it brings the module of what is read."""
        itself = any(isinstance(use.node, ast.alias) for use in self.uses)
        return not itself and 0 < len(self.refusals) < len(self.uses)


def undivided(found: Sequence[ImportReplacement]) -> list[ImportReplacement]:
    """Those in which what is safe need not wait for what is not: of the others each usage is spelled alone."""
    left = {each.binding for each in found if each.is_divisible}
    return [each for each in found if each.binding not in left and each.doubles not in left]
