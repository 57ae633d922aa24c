"""Imports that nothing needs any more, once their usages are rewritten."""

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.domain.finding import Kind
from bot.domain.migration import Action, Applicability, Condition
from bot.engine.program.taken import needed_elsewhere
from bot.engine.resolve.bindings import Binding, BindingKind, Load, ScopeKind
from bot.engine.rewrite.flow import observed_by_try
from bot.engine.rewrite.import_order import relied_on
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.namespaces import reads_by_name, reads_itself
from bot.engine.rewrite.paths import serves
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.replacements import ImportReplacement
from bot.engine.rewrite.rules import UsageRewrite, weight
from bot.engine.rewrite.sites import Planner
from bot.engine.rewrite.statements import ImportStatement
from bot.engine.rewrite.twice import imported_name, is_again, is_plain, siblings
from bot.engine.usages.analysis import Analysis, Use

SAFE, UNSAFE = Applicability.SAFE, Applicability.UNSAFE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Removal:
    """The import of a name that may go, and what it waits for."""

    binding: Binding
    use: Use | None
    """The usage that the import is; ``None`` for an import of the module around the deprecated name."""
    rewrites: tuple[UsageRewrite, ...]
    applicability: Applicability
    refusal: Refusal | None = None

    @property
    def statement(self) -> ImportStatement:
        statement = self.binding.statement
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            raise TypeError("an import is bound by an import statement")
        return statement


def removals(
    planner: Planner, rewrites: Sequence[UsageRewrite], replacements: Sequence[ImportReplacement],
    needed: Collection[Binding] = (),
) -> tuple[list[Removal], dict[Use, Refusal]]:  # fmt: skip
    """Every import that may go in some tier, and why those of the others that are usages may not.

    ``needed`` are those that something newly goes through.
    """
    analysis, found, refusals = planner.analysis, list[Removal](), dict[Use, Refusal]()
    finder = _Finder(planner=planner, rewrites=rewrites)
    imports = {use.bindings[0]: use for use in analysis.uses if isinstance(use.node, ast.alias)}
    moved = {replacement.binding for replacement in replacements}
    through = (binding for rewrite in rewrites for binding in rewrite.use.bindings if binding.imported)
    candidates = [*imports, *(each for binding in through for each in siblings(binding) or [binding])]
    for binding in dict.fromkeys(candidates):
        if binding in moved or binding.imported is None or binding.imported.name == "*":
            continue
        still = Refusal(reason=Reason.STILL_USED) if binding in needed else None
        removal = still or finder.removal(binding, imports.get(binding))
        if isinstance(removal, Removal):
            found.append(removal)
        elif binding in imports:
            refusals[imports[binding]] = removal
    return found, refusals


@dataclass(frozen=True, kw_only=True, eq=False)
class _Finder:
    """Looks at one import after the other."""

    planner: Planner
    rewrites: Sequence[UsageRewrite]

    @property
    def layout(self) -> Layout:
        return self.planner.layout

    @property
    def analysis(self) -> Analysis:
        return self.planner.layout.analysis

    @cached_property
    def consumed(self) -> Mapping[Load, UsageRewrite]:
        """The reads that end, each with the rewrite that ends it."""
        return {load: rewrite for rewrite in self.rewrites for load in rewrite.loads}

    @cached_property
    def respelled(self) -> Mapping[Load, UsageRewrite]:
        """The reads that begin another path afterwards, each with the rewrite that writes it."""
        return {rewrite.use.load: rewrite for rewrite in self.rewrites if rewrite.use.load and rewrite.respelled}

    def removal(self, binding: Binding, use: Use | None) -> Removal | Refusal:
        """The removal of an import, or why it has to stay."""
        loads = binding.scope.reads.get(binding.name, [])
        exports = [s for s in self.rewrites if s.export and binding in s.use.bindings]
        ended = {load: self._ended(binding, load) for load in loads}
        if any(found is None for found in ended.values()):
            return Refusal(reason=Reason.STILL_USED)
        rewrites = [*dict.fromkeys(rewrite for found in ended.values() if found for rewrite in found), *exports]
        if not rewrites and use is None:
            return Refusal(reason=Reason.STILL_USED)
        if (refused := self._kept(binding, exports)) is not None:
            return refused
        if use is None and self._is_relied_on(binding):
            return Refusal(reason=Reason.STILL_USED)
        if not rewrites and use is not None:
            return self._unused(binding, use)
        worst = max((rewrite.applicability for rewrite in rewrites), key=weight)
        if use is not None and use.kind is Kind.RE_EXPORT:
            worst = UNSAFE
        reason = next(
            (rewrite.refusal for rewrite in rewrites if rewrite.applicability is worst and rewrite.refusal), None
        )
        if worst is SAFE and self._probed(binding, rewrites):
            worst, reason = UNSAFE, Refusal(reason=Reason.IMPORT_PROBED)
        return Removal(binding=binding, use=use, rewrites=tuple(rewrites), applicability=worst, refusal=reason)

    def _is_relied_on(self, binding: Binding) -> bool:
        """Whether another file uses a module that this import loads: the usages change, and the import stays."""
        imported = binding.imported
        if imported is None or binding.scope is not self.analysis.root:
            return False
        loaded = {*imported.modules, *(imported.origins if imported.name else ())}
        return any("." in module and relied_on(self.analysis, module) for module in loaded)

    def _ended(self, binding: Binding, load: Load) -> Sequence[UsageRewrite] | None:
        """The rewrites by which a read no longer needs an import, if it ever did; ``None`` if it goes on to need it.

        What begins with ``a`` needs of ``import a.b`` and ``import a.c`` only the one whose path it continues, and of
        ``import a.b`` that stands twice only the first one.
        """
        if load in self.consumed:
            return [self.consumed[load]]
        beside = [other for other in siblings(binding) if other is not binding and self._may_serve(other, binding)]
        if load in self.respelled and is_plain(binding):
            rewrite = self.respelled[load]
            return None if f"{rewrite.respelled}.".startswith(f"{imported_name(binding)}.") else [rewrite]
        return [] if any(serves(other, load, self.analysis.parents) for other in beside) else None

    def _may_serve(self, other: Binding, binding: Binding) -> bool:
        """Whether another import can do for this one: it names another module, or the same one certainly before."""
        return imported_name(other) != imported_name(binding) or is_again(self.analysis, binding, other)

    def _probed(self, binding: Binding, rewrites: Sequence[UsageRewrite]) -> bool:
        """Whether a ``try`` watches the import, and its uses vanish with it.

        Where they become uses of the successor, the ``try`` (or the import that is reused) watches that one.
        """
        return not any(rewrite.rendered for rewrite in rewrites) and observed_by_try(self.analysis, binding.statement)

    def _kept(self, binding: Binding, exports: Sequence[UsageRewrite]) -> Refusal | None:
        """What else needs an import than the reads of its name."""
        scope, name = binding.scope, binding.name
        if binding.written_in is not scope or scope.kind is ScopeKind.CLASS:
            return Refusal(reason=Reason.SCOPE_ESCAPES)
        same = siblings(binding) or [binding]
        others = [b for b in scope.bindings[name] if b not in same and b.kind is not BindingKind.ANNOTATION]
        if others:
            return Refusal(reason=Reason.FALLBACK)
        if reads_by_name(self.analysis, scope):
            return Refusal(reason=Reason.SCOPE_ESCAPES)
        if scope is not self.analysis.root:
            return None
        if reads_itself(self.analysis, name):
            return Refusal(reason=Reason.SCOPE_ESCAPES)
        if any(export.name == name for export in self.analysis.exports) and not exports:
            return Refusal(reason=Reason.RE_EXPORTED)
        if not exports and needed_elsewhere(self.analysis, name):
            return Refusal(reason=Reason.RE_EXPORTED)
        return None

    def _unused(self, binding: Binding, use: Use) -> Removal | Refusal:
        """An import that nothing reads, by the rule for those."""
        rules = [r for r in self.planner.applicable(use) if r.rewrite.when is Condition.IMPORT_UNUSED]
        rule = next((r for r in rules if r.rewrite.action is Action.DELETE_STATEMENT), None)
        if rule is None:
            return Refusal(reason=Reason.NO_RULE)
        applicability, refusal = rule.rewrite.applicability, None
        comment = self.layout.remark(self.layout.span(binding.node)[1]) or ""
        comment += self.layout.remark(self.layout.span(binding.statement)[1]) or ""
        if use.kind is Kind.RE_EXPORT or (self.analysis.is_package and binding.scope is self.analysis.root):
            refusal = Refusal(reason=Reason.RE_EXPORTED)
        elif observed_by_try(self.analysis, binding.statement):
            refusal = Refusal(reason=Reason.IMPORT_PROBED)
        elif "F401" in comment or "unused-import" in comment:
            refusal = Refusal(reason=Reason.KEPT_ON_PURPOSE)
        elif applicability is not SAFE:
            refusal = Refusal(reason=Reason.RULE, name=rule.rewrite.message or "")
        if refusal is not None and applicability is SAFE:
            applicability = UNSAFE
        return Removal(binding=binding, use=use, rewrites=(), applicability=applicability, refusal=refusal)
