"""What becomes of each usage of a file, taken alone: the first stage of the rewriting."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.finding import Edit, Kind
from bot.domain.migration import Applicability, TargetKind
from bot.engine.program import stars, witness
from bot.engine.program.doubts import is_doubtful
from bot.engine.program.existence import lacks, lacks_for
from bot.engine.program.guards import guards
from bot.engine.program.taken import is_written, named_by_string
from bot.engine.resolve.bindings import Binding, ScopeKind
from bot.engine.rewrite.dotted import is_defined_here
from bot.engine.rewrite.fallbacks import is_fallback
from bot.engine.rewrite.home import is_at_home, is_called_after, unfit_at_home
from bot.engine.rewrite.imports import spell
from bot.engine.rewrite.intended import spelled
from bot.engine.rewrite.judged import without_import
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.lists import remove_items
from bot.engine.rewrite.mangling import mangled
from bot.engine.rewrite.namespaces import reads_by_name, reads_itself
from bot.engine.rewrite.paths import as_written, names_module, reached_by, successor_of_node
from bot.engine.rewrite.patterns import DEPRECATED, metavariable
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.renamable import is_exported
from bot.engine.rewrite.rules import Outcome, UsageRewrite, gone, successor
from bot.engine.rewrite.sites import Planner
from bot.engine.rewrite.takers import taken_otherwise
from bot.engine.rewrite.twice import siblings
from bot.engine.rewrite.witnesses import replaced, unlike_here
from bot.engine.usages.analysis import Analysis, Use
from bot.engine.usages.evaluation import in_function


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """The usages of a file, each in one of the three."""

    rewrites: tuple[UsageRewrite, ...]
    """Those that are rewritten by themselves."""
    dropped_in: tuple[Use, ...]
    """Those in whose place the successor comes as it is: the imports decide how."""
    refusals: dict[Use, Refusal]


def outcomes(planner: Planner) -> Outcomes:
    """What becomes of each usage by the rules of its migration."""
    judge = _Judge(planner)
    found: dict[Use, Outcome | None] = {}
    for use in planner.analysis.uses:
        outcome, target = judge.outcome(use), successor(use)
        found[use] = judge.unusable(use, target) if outcome is None and target else outcome
    return _sorted({**found, **without_import(found)})


def alone(planner: Planner, uses: Sequence[Use]) -> Outcomes:
    """What becomes of usages whose imports cannot change as a whole: each is spelled again."""
    judge = _Judge(planner)
    found: dict[Use, Outcome | None] = {use: judge.alone(use) for use in uses}
    beside = {use: found.get(holder) for use in uses if (holder := _holder(planner.analysis, use)) is not None}
    return _sorted({**found, **{use: _with(use, of) for use, of in beside.items() if isinstance(of, UsageRewrite)}})


def _with(use: Use, holder: UsageRewrite) -> UsageRewrite:
    """The name of a member stays as it is where what has the member is rewritten."""
    return UsageRewrite(use=use, applicability=holder.applicability, refusal=holder.refusal, beside=holder.use)


def _holder(analysis: Analysis, use: Use) -> Use | None:
    """The usage that is the module whose member a string names: ``patch.object(module, "name")``."""
    call = analysis.parents.get(use.node) if _is_patched_by_member(use) else None
    if not isinstance(call, ast.Call):
        return None
    given = {*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "target")}
    leaf, last = use.symbol.rpartition(".")[2], (successor(use) or "").rpartition(".")[2]
    found = (each for each in analysis.uses if each.expression in given and each.target == use.target)
    return next(found, None) if leaf == last else None


def _sorted(found: dict[Use, Outcome | None]) -> Outcomes:
    return Outcomes(
        rewrites=tuple(outcome for outcome in found.values() if isinstance(outcome, UsageRewrite)),
        dropped_in=tuple(use for use, outcome in found.items() if outcome is None),
        refusals={use: outcome for use, outcome in found.items() if isinstance(outcome, Refusal)},
    )


class _Judge:
    """Looks at one usage of a file after the other."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.layout = planner.layout
        self.analysis = planner.analysis

    def unusable(self, use: Use, target: str) -> Refusal | None:
        """Why ``target`` cannot take the place of this usage, whatever it is."""
        index = self.analysis.index
        if not use.target.exists and (lacks(index, target) or lacks_for(index, self.analysis.path, target)):
            return Refusal(reason=Reason.MISSING, name=target)
        if (lost := stars.lost(self.analysis, use, target, stars.elsewhere(self.analysis, use))) is not None:
            return Refusal(reason=Reason.MISSING, name=lost)
        if use.target.kind is TargetKind.SYMBOL and _is_package(use):
            return Refusal(reason=Reason.IS_MODULE, name=use.target.name)
        if self._defines(use, target):
            if not is_at_home(self.analysis, use):
                return Refusal(reason=Reason.DEFINES_SUCCESSOR)
            if (refused := unfit_at_home(self.analysis, use, target)) is not None:
                return refused
        if use.expression is not None and (private := mangled(self.analysis, use, [spelled(target)])) is not None:
            return Refusal(reason=Reason.PRIVATE, name=private)
        if guards(self.analysis, use, target) or any(is_fallback(self.analysis, b, target) for b in use.bindings):
            return Refusal(reason=Reason.FALLBACK)
        if (refused := unlike_here(self.analysis, use, target)) is not None:
            return refused
        taker = taken_otherwise(self.analysis, use, _is_unsafe_by_rule)
        return Refusal(reason=Reason.TAKEN, name=str(taker)) if taker else None

    def _defines(self, use: Use, target: str) -> bool:
        """Whether the file is what takes the place of a usage, or has it: of a star import that is a module."""
        imported = use.binding.imported if use.binding and isinstance(use.node, ast.alias) else None
        if imported is not None and imported.name == "*":
            return target in self.analysis.modules
        return is_defined_here(self.analysis, target)

    def outcome(self, use: Use) -> Outcome | None:
        """``None``: the canonical name takes its place as it is (``drop_in``)."""
        if use.through:
            return Refusal(reason=Reason.THROUGH_VALUE, name=use.through)
        drops_in = use.migration.drop_in and successor(use) is not None
        if any(self.analysis.index.is_contended(name) for name in reached_by(use)) or self._is_doubtful(use):
            return Refusal(reason=Reason.FALLBACK)
        match use.kind:
            case Kind.DEFINITION:
                inside = use.scope.kind is ScopeKind.CLASS
                return Refusal(reason=Reason.OVERRIDDEN if inside else Reason.DEFINED_AGAIN)
            case Kind.STRING_REFERENCE:
                return self._string(use, drops_in=drops_in)
            case Kind.RE_EXPORT if isinstance(use.node, ast.Constant):
                return None if drops_in else self._entry(use)
            case Kind.IMPORT | Kind.RE_EXPORT:
                return None if drops_in and not self._has_rule_for_name(use) else Refusal(reason=Reason.NO_RULE)
            case Kind.CALL | Kind.REFERENCE:
                return self._expression(use, drops_in=drops_in)

    def _has_rule_for_name(self, use: Use) -> bool:
        """Whether a rule says what becomes of the name itself: the successor does not drop in for who takes it on."""
        patterns = [rule.pattern for rule in self.planner.applicable(use) if rule.pattern is not None]
        return any(metavariable(pattern.tree) == DEPRECATED for pattern in patterns)

    def _is_doubtful(self, use: Use) -> bool:
        """Whether a file that passes the name on may have something else under it."""
        imported = [b.imported for b in (*use.bindings, *([use.star] if use.star else [])) if b.imported]
        if isinstance(use.node, ast.alias):
            names = [origin for each in imported if each.name not in (None, "*") for origin in each.origins]
        else:
            brought = use.load.node.id if use.star and use.load else ""
            names = [f"{module}.{brought}" for each in imported if each.name == "*" for module in each.modules]
            names += reached_by(use)
        return any(is_doubtful(self.analysis.index, name, use.target.name) for name in names)

    def _expression(self, use: Use, *, drops_in: bool) -> Outcome | None:
        if use.object is not None:
            beside = (successor(use) or "").rpartition(".")[0] == use.symbol.rpartition(".")[0]
            return None if drops_in and beside and not self.planner.applicable(use) else Refusal(reason=Reason.OBJECT)
        if any(self._may_run_before(use, binding) for binding in (*use.bindings, *([use.star] if use.star else []))):
            return Refusal(reason=Reason.FALLBACK)
        if self._stays_at_home(use):
            refused = unfit_at_home(self.analysis, use, successor(use) or "")
            if refused is not None:
                return refused
        elif any(binding.imported is None for binding in use.bindings) or (len(use.bindings) > 1 and not drops_in):
            return None if drops_in else self._unsure(use)
        return self.planner.ruled(use) if drops_in else self.planner.plan(use)

    def _stays_at_home(self, use: Use) -> bool:
        """Whether a module uses what it defines itself, and defines the successor as well."""
        target = successor(use)
        return target is not None and is_at_home(self.analysis, use) and is_defined_here(self.analysis, target)

    def _may_run_before(self, use: Use, binding: Binding) -> bool:
        """Whether a usage, or the function around it, may run above the import, where the name is something else."""
        root = self.analysis.root
        if binding.scope is not root:
            return False
        same = siblings(binding) or [binding]
        name = use.load.node.id if use.star and use.load else binding.name
        if in_function(use.scope):
            others = [other for other in (*root.bindings.get(name, ()), *root.stars) if other not in same]
        else:
            others = [star for star in root.stars if star not in same and self._brings_another(star, name, use)]
        if binding.statement.lineno <= use.statement.lineno:
            return False
        above = any(other.statement.lineno < binding.statement.lineno for other in others)
        return above and not is_called_after(self.analysis, use, binding.statement)

    def _brings_another(self, star: Binding, name: str, use: Use) -> bool:
        """Whether a star import may bring something else by the name of the usage."""
        index, modules = self.analysis.index, star.imported.modules if star.imported else ()
        return any(
            index.offers(module, name) and use.symbol not in index.resolution(f"{module}.{name}").names
            for module in modules
        )

    def _string(self, use: Use, *, drops_in: bool) -> Outcome | None:
        function = use.dotted.function if use.dotted else ""
        if use.resolves is False or (use.dotted and use.dotted.resolves is False):
            return Refusal(reason=Reason.STRING_UNRESOLVED, name=function)
        target, node = successor(use), use.node
        if drops_in and use.bindings and witness.is_same(self.analysis.index, use.symbol, target):
            return None  # it names the same member of what the import brings
        if drops_in and _is_patched_by_member(use):
            return None  # it needs no other text where the module's import changes
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
        edits = tuple(remove_items(self.layout, parent, gone))
        refusal = Refusal(reason=Reason.RE_EXPORTED)
        return UsageRewrite(use=use, applicability=Applicability.UNSAFE, refusal=refusal, edits=edits, export=True)

    def alone(self, use: Use) -> Outcome:
        """A drop-in successor where the import cannot change as a whole: this usage alone is spelled again."""
        target = successor(use)
        if use.dotted is not None:
            return Refusal(reason=Reason.STRING, name=use.dotted.function)
        if isinstance(use.node, ast.alias) and use.binding is not None:
            return self._kept(use, use.binding, (target or "").rpartition(".")[2])
        if use.expression is None or target is None or use.load is None:
            return Refusal(reason=Reason.STAR_IMPORT if use.star else Reason.FALLBACK)
        if not self._stays_at_home(use) and (
            len(use.bindings) > 1 or any(binding.imported is None for binding in use.bindings)
        ):
            return self._unsure(use)
        below = use.symbol[len(use.target.name) :]
        dotted = successor_of_node(use) if below else target
        start, end = self.layout.span(use.node)
        if use.string is not None and not as_written(self.layout, use):
            return Refusal(reason=Reason.IN_STRING)
        spelling = spell(self.layout, dotted, use, module_itself=names_module(use))
        if isinstance(spelling, Refusal):
            return spelling
        refusal = self.planner.doubt(use, "." in spelling.text) or self._patched_from_outside(
            use, use.load.node.id, spelling.text
        )
        return UsageRewrite(
            use=use, applicability=Applicability.UNSAFE if refusal else Applicability.SAFE, refusal=refusal,
            edits=(Edit(start=start, end=end, text=spelling.text),), loads=gone(use, [spelling.text]),
            additions=(spelling.addition,) if spelling.addition else (), respelled=spelling.text,
        )  # fmt: skip

    def _unsure(self, use: Use) -> Refusal:
        """Why a usage that no import of its own brings is not spelled again."""
        if is_at_home(self.analysis, use):
            return Refusal(reason=Reason.AT_HOME)
        if len(use.bindings) == 1:
            return Refusal(reason=Reason.IN_VARIABLE, name=use.bindings[0].name)
        return Refusal(reason=Reason.FALLBACK)

    def _kept(self, use: Use, binding: Binding, leaf: str) -> Refusal:
        """Why an import cannot become that of the successor."""
        scope, name = binding.scope, binding.name
        if binding.imported is not None and binding.imported.name == "*":
            return Refusal(reason=Reason.STAR_IMPORT)
        if len(scope.bindings[name]) > len(siblings(binding) or [binding]):
            return Refusal(reason=Reason.FALLBACK)
        if reads_by_name(self.analysis, scope, name) or reads_itself(self.analysis, name):
            return Refusal(reason=Reason.SCOPE_ESCAPES)
        public = scope is self.analysis.root and (self.analysis.is_package or is_exported(self.analysis, name))
        if use.kind is Kind.RE_EXPORT or public:
            return Refusal(reason=Reason.RE_EXPORTED)
        return Refusal(reason=Reason.NAME_TAKEN, name=leaf)

    def _patched_from_outside(self, use: Use, name: str, text: str) -> Refusal | None:
        """Whether something may replace the variable of this file by which the usage goes: it would in vain."""
        if text.partition(".")[0] != name and (refusal := replaced(self.analysis, use)) is not None:
            return refusal
        own = use.expression is not None and isinstance(use.expression, ast.Name)
        if own and (reads_itself(self.analysis, name) or is_written(self.analysis, name)):
            return Refusal(reason=Reason.MONKEYPATCHED)
        known = own and named_by_string(self.analysis, name)
        return Refusal(reason=Reason.LOOKED_UP, name="Other code") if known else None


def _is_patched_by_member(use: Use) -> bool:
    """Whether it is the name alone of a member of the module beside it: ``patch.object(module, "name")``."""
    member = isinstance(use.node, ast.Constant) and use.node.value == use.symbol.rpartition(".")[2]
    function = use.dotted.function.rpartition(".")[2] if use.dotted else ""
    known = bool(use.bindings) and function in ("object", "setattr", "delattr", "spy")
    return known and member and use.target.kind is TargetKind.MODULE


def _is_package(use: Use) -> bool:
    """Whether the file imports a module below what the migration takes for a symbol."""
    below = f"{use.target.name}."
    beside = [other for binding in use.bindings for other in binding.scope.bindings[binding.name]]
    plain = [b.imported for b in beside if b.imported and b.imported.name is None]
    return any(module.startswith(below) for imported in plain for module in imported.modules)


def _is_unsafe_by_rule(analysis: Analysis, use: Use) -> bool:
    """Whether a usage stays, though a rule fits it: by that rule its successor alone is not the same."""
    found = Planner(Layout(analysis)).ruled(use)
    return isinstance(found, Refusal) or (found is not None and found.applicability is not Applicability.SAFE)
