"""From the usages of one file to a verdict on each."""

import ast
from collections.abc import Mapping

from bot.domain.finding import Edit, Kind
from bot.domain.migration import Applicability, TargetKind
from bot.engine.analysis import Analysis, Binding, ScopeKind, Use, Verdict
from bot.engine.detect import analyse
from bot.engine.rewrite.dotted import is_defined_here
from bot.engine.rewrite.edits import EditConflict, apply_edits, combine
from bot.engine.rewrite.fallbacks import is_fallback
from bot.engine.rewrite.flow import reads_itself
from bot.engine.rewrite.groups import Group, Grouper
from bot.engine.rewrite.imports import in_function, spell
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.moves import Mover, by_use
from bot.engine.rewrite.needed import named_by_string
from bot.engine.rewrite.paths import as_written, siblings, successor_of_node
from bot.engine.rewrite.proof import Prover
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.rules import Outcome, UsageRewrite, gone, successor, weight
from bot.engine.rewrite.shown import shown, within
from bot.engine.rewrite.sites import Planner
from bot.engine.rewrite.statements import remove_items

_DEFAULT = Refusal(reason=Reason.NO_RULE)
_THOROUGH = 1 << 20
"""Bytes: as long as the fixes times the file's size stay below it, pyflakes sees the file with each fix alone."""


def plan_fixes(analysis: Analysis) -> Mapping[int, Verdict]:
    """The verdict on each usage, by its position in ``analysis.uses``.  Raises nothing that the source can cause."""
    if not analysis.editable:
        return {n: _refused(Refusal(reason=Reason.ENCODING)) for n in range(len(analysis.uses))}
    verdicts = _Plan(analysis).verdicts()
    return {n: verdicts[use] for n, use in enumerate(analysis.uses)}


class _Plan:
    """The plan of one file."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.layout = Layout(analysis)
        self.planner = Planner(self.layout)

    def verdicts(self) -> dict[Use, Verdict]:
        """The verdict on every usage, fixes proved."""
        groups, refusals = self.groups()
        return self._settled(self._proved(groups, refusals), refusals)

    def groups(self) -> tuple[list[Group], dict[Use, Refusal]]:
        """What would be done, unproved, and why the rest would not."""
        outcomes = {use: self._outcome(use) for use in self.analysis.uses}
        for use, outcome in outcomes.items():
            if outcome is None and (target := successor(use)):
                outcomes[use] = self._unusable(use, target)
        dropped = [use for use, outcome in outcomes.items() if outcome is None]
        moves = list(Mover.of(self.layout, dropped).moves())
        moved = by_use(moves)
        for use in dropped:
            if use not in moved:
                outcomes[use] = self._alone(use)
        sites = [outcome for outcome in outcomes.values() if isinstance(outcome, UsageRewrite)]
        grouper = Grouper(self.planner, sites, moves)
        groups = grouper.groups()
        refusals = {use: outcome for use, outcome in outcomes.items() if isinstance(outcome, Refusal)}
        groups = self._unseen(groups, refusals)
        of_groups = {u: r for u, r in grouper.refusals.items() if u not in refusals or r.reason is not Reason.NO_RULE}
        return groups, {**refusals, **of_groups}

    def _unseen(self, groups: list[Group], refusals: dict[Use, Refusal]) -> list[Group]:
        """The groups that change nothing that a formatted string shows."""
        spans = shown(self.layout) if groups else []
        seen = [group for group in groups if within(spans, group.fix.edits)]
        refusals |= {use: Refusal(reason=Reason.SHOWN) for group in seen for use in group.uses}
        return [group for group in groups if group not in seen]

    def _unusable(self, use: Use, target: str) -> Refusal | None:
        """Why ``target`` cannot take the place of this usage, whatever it is."""
        if self.analysis.index.lacks(target):
            return Refusal(reason=Reason.MISSING, name=target)
        if use.target.kind is TargetKind.SYMBOL and _is_package(use):
            return Refusal(reason=Reason.IS_MODULE, name=use.target.name)
        if is_defined_here(self.analysis, target):
            return Refusal(reason=Reason.DEFINES_SUCCESSOR)
        if any(is_fallback(self.analysis, binding, target) for binding in use.bindings):
            return Refusal(reason=Reason.FALLBACK)
        return None

    def _outcome(self, use: Use) -> Outcome | None:
        """``None``: the canonical name takes its place as it is (``drop_in``)."""
        drops_in = use.migration.drop_in and successor(use) is not None
        match use.kind:
            case Kind.DEFINITION:
                inside = use.scope.kind is ScopeKind.CLASS
                return Refusal(reason=Reason.OVERRIDDEN if inside else Reason.DEFINED_AGAIN)
            case Kind.STRING_REFERENCE:
                return self._string(use, drops_in=drops_in)
            case Kind.RE_EXPORT if isinstance(use.node, ast.Constant):
                return None if drops_in else self._entry(use)
            case Kind.IMPORT | Kind.RE_EXPORT:
                return None if drops_in else Refusal(reason=Reason.NO_RULE)
            case Kind.CALL | Kind.REFERENCE:
                return self._expression(use, drops_in=drops_in)

    def _expression(self, use: Use, *, drops_in: bool) -> Outcome | None:
        if use.object is not None:
            beside = (successor(use) or "").rpartition(".")[0] == use.symbol.rpartition(".")[0]
            return None if drops_in and beside and not self.planner.applicable(use) else Refusal(reason=Reason.OBJECT)
        if any(self._may_run_before(use, binding) for binding in use.bindings):
            return Refusal(reason=Reason.FALLBACK)
        if any(binding.imported is None for binding in use.bindings) or (len(use.bindings) > 1 and not drops_in):
            return None if drops_in else Refusal(reason=Reason.FALLBACK)
        if drops_in and not self.planner.applicable(use):
            return None
        outcome = self.planner.plan(use)
        fitted = isinstance(outcome, UsageRewrite) or outcome.reason is Reason.RULE
        return None if drops_in and not fitted else outcome

    def _may_run_before(self, use: Use, binding: Binding) -> bool:
        """Whether the function around a usage may run above the import, where the name is something else."""
        root = self.analysis.root
        if binding.scope is not root or not in_function(use.scope):
            return False
        same = siblings(binding) or [binding]
        others = [other for other in (*root.bindings[binding.name], *root.stars) if other not in same]
        return binding.statement.lineno > use.statement.lineno and any(
            other.statement.lineno < binding.statement.lineno for other in others
        )

    def _string(self, use: Use, *, drops_in: bool) -> Outcome:
        function = use.dotted.function if use.dotted else ""
        if use.resolves is False or (use.dotted and use.dotted.resolves is False):
            return Refusal(reason=Reason.STRING_UNRESOLVED, name=function)
        target, node = successor(use), use.node
        written = isinstance(node, ast.Constant) and use.dotted is not None and node.value == use.dotted.text
        if not drops_in or target is None or not written or use.dotted is None or use.dotted.text != use.symbol:
            return Refusal(reason=Reason.STRING, name=function)
        start, end = self.layout.span(node)
        text = self.layout.text(start, end)
        at = text.find(use.symbol)
        if at < 0:
            return Refusal(reason=Reason.STRING, name=function)
        first = start + len(text[:at].encode())
        edit = Edit(start=first, end=first + len(use.symbol.encode()), text=target)
        refusal = Refusal(reason=Reason.STRING, name=function)
        return UsageRewrite(use=use, applicability=Applicability.UNSAFE, refusal=refusal, edits=(edit,))

    def _entry(self, use: Use) -> Outcome:
        """An entry of ``__all__`` goes last, together with the import."""
        parent = self.analysis.parents[use.node]
        if not isinstance(parent, ast.List | ast.Tuple) or not use.bindings:
            return Refusal(reason=Reason.RE_EXPORTED)
        gone = [element is use.node for element in parent.elts]
        edits = tuple(remove_items(self.layout, parent.elts, gone, bracketed=True))
        refusal = Refusal(reason=Reason.RE_EXPORTED)
        return UsageRewrite(use=use, applicability=Applicability.UNSAFE, refusal=refusal, edits=edits, export=True)

    def _alone(self, use: Use) -> Outcome:
        """A drop-in successor where the import cannot change as a whole: this usage alone is spelled again."""
        target = successor(use)
        if use.expression is None or target is None or use.load is None:
            return Refusal(reason=Reason.STAR_IMPORT if use.star else Reason.FALLBACK)
        if len(use.bindings) > 1 or any(binding.imported is None for binding in use.bindings):
            return Refusal(reason=Reason.FALLBACK)
        below = use.symbol[len(use.target.name) :]
        dotted = successor_of_node(use) if below else target
        start, end = self.layout.span(use.node)
        if use.string is not None and not as_written(self.layout, use):
            return Refusal(reason=Reason.IN_STRING)
        spelling = spell(self.layout, dotted, use, module_itself=use.target.kind is TargetKind.MODULE)
        if isinstance(spelling, Refusal):
            return spelling
        if isinstance(self.analysis.parents.get(use.node), ast.MatchValue) and "." not in spelling.text:
            return Refusal(reason=Reason.NO_RULE)  # in a pattern a name without a dot is bound, not compared
        refusal = self.planner.doubt(use) or self._patched_from_outside(use, use.load.node.id)
        return UsageRewrite(
            use=use, applicability=Applicability.UNSAFE if refusal else Applicability.SAFE, refusal=refusal,
            edits=(Edit(start=start, end=end, text=spelling.text),), loads=gone(use, [spelling.text]),
            additions=(spelling.addition,) if spelling.addition else (),
        )  # fmt: skip

    def _patched_from_outside(self, use: Use, name: str) -> Refusal | None:
        """Whether a string may name the variable of this file by which the usage goes: then a patch would miss it."""
        own = use.expression is not None and isinstance(use.expression, ast.Name)
        known = own and (named_by_string(self.analysis, name) or reads_itself(self.analysis, name))
        return Refusal(reason=Reason.MONKEYPATCHED) if known else None

    # --- the proof --------------------------------------------------------------------------------------------

    def _proved(self, groups: list[Group], refusals: dict[Use, Refusal]) -> list[Group]:
        """The groups whose fixes hold, each alone and all together."""
        prover = Prover(self.analysis)
        thorough = len(groups) * len(self.analysis.source) < _THOROUGH
        kept = []
        for group in groups:
            edits = group.fix.edits
            wrong = prover.fault(edits, names=thorough and not prover.is_plain(edits))
            if wrong is None:
                kept.append(group)
            else:
                _give_up([group], wrong, refusals)
        for tier in (Applicability.SAFE, Applicability.UNSAFE):
            kept = self._together(prover, kept, tier, refusals)
        return kept

    def _together(
        self, prover: Prover, groups: list[Group], tier: Applicability, refusals: dict[Use, Refusal]
    ) -> list[Group]:
        """The groups up to a tier must hold together; of those that do not, the first ones are kept."""
        chosen = [group for group in groups if group.fix.applicability in (Applicability.SAFE, tier)]
        of_tier = [group for group in chosen if group.fix.applicability is tier]
        if not of_tier or self._fault_of(prover, chosen) is None:
            return groups
        kept = [group for group in chosen if group not in of_tier]
        for group in of_tier:
            wrong = self._fault_of(prover, [*kept, group], last=group is of_tier[-1])
            if wrong is None:
                kept.append(group)
            else:
                _give_up([group], wrong, refusals)
        return [group for group in groups if group in kept or group not in chosen]

    def _fault_of(self, prover: Prover, groups: list[Group], *, last: bool = True) -> str | None:
        """Whether all of ``groups`` hold together, and (the ``last`` time) leave nothing of their sort to be done."""
        try:
            edits = combine([group.fix for group in groups])
            wrong = prover.fault(edits)
            if wrong is not None or not last:
                return wrong
            return self._left(apply_edits(self.analysis.source, edits), groups)
        except EditConflict as error:
            return str(error)

    def _left(self, source: bytes, groups: list[Group]) -> str | None:
        """Whether a second run would find more to do."""
        migrations = list(dict.fromkeys(use.migration.name for use in self.analysis.uses))
        by_name = {use.migration.name: use.migration for use in self.analysis.uses}
        again = analyse(source, self.analysis.path, [by_name[name] for name in migrations], self.analysis.index)
        if not isinstance(again, Analysis):
            return "the result cannot be read"
        done = max(weight(group.fix.applicability) for group in groups)
        more = [group for group in _Plan(again).groups()[0] if weight(group.fix.applicability) <= done]
        return "a second run would change more" if more else None

    # --- the verdicts -----------------------------------------------------------------------------------------

    def _settled(self, groups: list[Group], refusals: Mapping[Use, Refusal]) -> dict[Use, Verdict]:
        missing_modules = frozenset(self.planner.missing_modules)
        found: dict[Use, Verdict] = {}
        for group in groups:
            for use in group.uses:
                refusal = group.refusals.get(use)
                if refusal is None and group.fix.applicability is not Applicability.SAFE:
                    refusal = next(iter(group.refusals.values()), _DEFAULT)
                found[use] = Verdict(
                    applicability=group.fix.applicability, fix=group.fix, missing_modules=missing_modules,
                    reason=_sentence(refusal), reason_code=refusal.reason.value if refusal else None,
                )  # fmt: skip
        for use in self.analysis.uses:
            if use not in found:
                found[use] = _refused(refusals.get(use, _DEFAULT), missing_modules)
        return found


def _is_package(use: Use) -> bool:
    """Whether the file imports a module below what the migration takes for a symbol."""
    below = f"{use.target.name}."
    beside = [other for binding in use.bindings for other in binding.scope.bindings[binding.name]]
    plain = [b.imported for b in beside if b.imported and b.imported.name is None]
    return any(module.startswith(below) for imported in plain for module in imported.modules)


def _give_up(groups: list[Group], wrong: str, refusals: dict[Use, Refusal]) -> None:
    refusals |= {use: Refusal(reason=Reason.NOT_PROVED, name=wrong) for group in groups for use in group.uses}


def _sentence(refusal: Refusal | None) -> str | None:
    if refusal is None:
        return None
    return refusal.name if refusal.reason is Reason.RULE and refusal.name else refusal.sentence


def _refused(refusal: Refusal, missing_modules: frozenset[str] = frozenset()) -> Verdict:
    code = refusal.reason.value
    return Verdict(
        applicability=Applicability.DISPLAY_ONLY,
        reason=_sentence(refusal),
        reason_code=code,
        missing_modules=missing_modules,
    )  # fmt: skip
