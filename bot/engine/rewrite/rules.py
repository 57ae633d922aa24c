"""The rules of a migration, compiled, and what one of them makes of a usage."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.finding import Edit
from bot.domain.migration import Applicability, Rewrite
from bot.engine.resolve.bindings import Load
from bot.engine.rewrite.compiling import compile_pattern, compile_reading, compile_template
from bot.engine.rewrite.imports import Addition
from bot.engine.rewrite.patterns import DEPRECATED, Pattern, Reading, Template, metavariable
from bot.engine.rewrite.reasons import Refusal
from bot.engine.rewrite.rendering import Rendered
from bot.engine.usages.analysis import Use


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UsageRewrite:
    """A rewrite of one usage; it needs nothing but that its imports are there."""

    use: Use
    applicability: Applicability
    refusal: Refusal | None = None
    """Why it is not safe."""
    edits: tuple[Edit, ...] = ()
    deletes: tuple[ast.stmt, ...] = ()
    additions: tuple[Addition, ...] = ()
    rendered: tuple[Rendered, ...] = ()
    """What is rendered again; its edits are among ``edits``."""
    loads: tuple[Load, ...] = ()
    """The reads of imported names that are gone afterwards."""
    respelled: str = ""
    """The dotted path that takes the usage's place, if it is one."""
    export: bool = False
    """An entry of ``__all__``: goes only together with the import."""
    beside: Use | None = None
    """The usage whose rewrite is all that this one needs: it has no edits of its own."""


Outcome = UsageRewrite | Refusal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """A ``Rewrite``, compiled."""

    rewrite: Rewrite
    pattern: Pattern | None
    template: Template | None
    readings: tuple[Reading, ...] = ()

    @property
    def follows(self) -> bool:
        """Whether it asks what becomes of a call's value: by a condition, or by a pattern around the call."""
        if self.pattern is None:
            return True
        tree = self.pattern.tree.value if isinstance(self.pattern.tree, ast.Await) else self.pattern.tree
        tree = tree.func if isinstance(tree, ast.Call) else tree
        return metavariable(tree) != DEPRECATED


def successor(use: Use) -> str | None:
    """The dotted name that takes the place of ``use.symbol``."""
    return use.successor


def gone(use: Use, spellings: Iterable[str] = ()) -> tuple[Load, ...]:
    """The read of an imported name that ends with the usage: none, if what is written instead begins with it too."""
    kept = {spelling.partition(".")[0] for spelling in spellings}
    return (use.load,) if use.load and use.load.node.id not in kept else ()


def compiled(rewrite: Rewrite) -> Rule:
    """Raises ``PatternError`` for a pattern that does not parse, which no checked configuration has."""
    pattern = compile_pattern(rewrite.match) if rewrite.match is not None else None
    template = compile_template(rewrite.replace, pattern) if rewrite.replace is not None else None
    variables = pattern.variables if pattern else ()
    readings = tuple(compile_reading(text, other, variables) for text, other in rewrite.reads.items())
    return Rule(rewrite=rewrite, pattern=pattern, template=template, readings=readings)


def weight(applicability: Applicability) -> int:
    """The less certain, the heavier."""
    return [Applicability.SAFE, Applicability.UNSAFE, Applicability.DISPLAY_ONLY].index(applicability)
