"""What one usage, with all that hangs on its value, becomes: the first rule of its migration that fits."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from bot.domain.migration import Action, Applicability, Condition, Migration, Rewrite
from bot.engine.program.witness import is_same
from bot.engine.resolve.bindings import Load
from bot.engine.rewrite.exceptions import excepted
from bot.engine.rewrite.filled import filled
from bot.engine.rewrite.flow import (
    Bound,
    Discarded,
    Probe,
    consumption,
    expects_effect,
    observed_by_try,
    value_use,
)
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.matching import Match, Matcher
from bot.engine.rewrite.order import has_effects
from bot.engine.rewrite.patches import is_looked_up, patches
from bot.engine.rewrite.patches import refused as by_string
from bot.engine.rewrite.paths import names_of, usages_inside
from bot.engine.rewrite.patterns import CANONICAL, metavariable
from bot.engine.rewrite.reads import reads_of
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.requires import accepts, has_type
from bot.engine.rewrite.rules import Outcome, Rule, UsageRewrite, compiled, gone, successor, weight
from bot.engine.rewrite.signatures import Signature, signature
from bot.engine.rewrite.unbound import drops_in_without_object
from bot.engine.rewrite.witnesses import against, replaced
from bot.engine.usages.analysis import Analysis, Use
from bot.engine.usages.by_object import is_made


@dataclass(eq=False)
class Planner:
    """Plans the uses of one file one by one."""

    layout: Layout
    rules: dict[int, tuple[Rule, ...]] = field(default_factory=dict)
    missing_modules: set[str] = field(default_factory=set)
    signatures: dict[str, Signature | None] = field(default_factory=dict)
    unread: dict[Use, Refusal] = field(default_factory=dict)
    """Usages that a rule would fit, but for what is read off a variable there."""

    @property
    def analysis(self) -> Analysis:
        return self.layout.analysis

    @cached_property
    def patched(self) -> Sequence[Use]:
        """See `patches`."""
        return patches(self.analysis)

    def rules_of(self, migration: Migration) -> tuple[Rule, ...]:
        """The rules of a migration, compiled once."""
        found = self.rules.get(id(migration))
        if found is None:
            found = self.rules[id(migration)] = tuple(compiled(rewrite) for rewrite in migration.rewrites)
        return found

    # --- one usage --------------------------------------------------------------------------------------------

    def plan(self, use: Use) -> Outcome:
        """What a call or a reference becomes by the migration's rules (``drop_in`` is not looked at)."""
        if use.expression is None or use.string is not None:
            return Refusal(reason=Reason.IN_STRING)
        if (refusal := by_string(self.analysis, self.patched, use)) is not None:
            return refusal
        value = self._value(use)
        if value is not None:
            found = value_use(self.analysis, value)
            match found:
                case Discarded(statement):
                    return self._unused(use, statement, value) or self._direct(use, None)
                case Bound(statement, _, loads) if not loads:
                    return self._unused(use, statement, value) or self._direct(use, None)
                case Bound():
                    followed = self._followed(use, value, found)
                    fits = isinstance(followed, UsageRewrite) or followed.reason is Reason.RULE
                    return followed if fits or isinstance(followed, UsageRewrite) else self._direct(use, followed)
                case Probe():
                    return self._probed(use, value) or self._direct(use, None)
                case Refusal():
                    return self._direct(use, found)
        return self._direct(use, None)

    def _value(self, use: Use) -> ast.expr | None:
        """The expression whose value the call gives: itself, or the ``await`` of it."""
        if use.call is None:
            return None
        parent = self.analysis.parents[use.call]
        return parent if isinstance(parent, ast.Await) else use.call

    def _rule_for(self, use: Use, condition: Condition) -> Rule | None:
        return next((rule for rule in self.applicable(use) if rule.rewrite.when is condition), None)

    def applicable(self, use: Use) -> list[Rule]:
        """The migration's rules for this target."""
        rules = self.rules_of(use.migration)
        return [rule for rule in rules if not rule.rewrite.targets or use.target.name in rule.rewrite.targets]

    def _unused(self, use: Use, statement: ast.stmt, value: ast.expr) -> Outcome | None:
        rule = self._rule_for(use, Condition.RESULT_UNUSED)
        if rule is None:
            return None
        if rule.rewrite.action is not Action.DELETE_STATEMENT:
            return Refusal(reason=Reason.RULE, name=rule.rewrite.message or "")
        call = use.call
        if call is not None and any(has_effects(node) for node in (*call.args, *call.keywords)):
            return Refusal(reason=Reason.SIDE_EFFECTS)
        if expects_effect(self.analysis, statement):
            return Refusal(reason=Reason.EXPECTED_EFFECT)
        observed = observed_by_try(self.analysis, statement) and self._alone_in_try(statement)
        warning = Refusal(reason=Reason.IMPORT_PROBED) if observed else None
        return self._usage_rewrite(use, rule, deletes=(statement,), warning=warning)

    def _alone_in_try(self, statement: ast.stmt) -> bool:
        """Whether nothing but imports stands beside the statement: then the ``try`` is there to see them fail."""
        return all(
            each is statement or isinstance(each, ast.Import | ast.ImportFrom | ast.Pass)
            for each in self.layout.body(statement)
        )

    def _probed(self, use: Use, value: ast.expr) -> Outcome | None:
        rule = self._rule_for(use, Condition.ONLY_PROBED)
        if rule is None or rule.template is None:
            return None
        return self._rendered(use, [(rule, Match(root=value))])

    def _followed(self, use: Use, value: ast.expr, bound: Bound) -> Outcome:
        """Every place where the variable is read must have its rule; probes may stay if the value can be replaced."""
        matches: list[tuple[Rule, Match]] = []
        probes: list[Load] = []
        for load in bound.loads:
            found = self._match_above(use, load.node, {load.node.id: value})
            if found is not None and found[0].template is not None:
                matches.append(found)
            elif found is not None:
                return Refusal(reason=Reason.RULE, name=found[0].rewrite.message or "")
            elif (refused := consumption(self.analysis, load.node)) is not None:
                return refused
            else:
                probes.append(load)
        rule = self._rule_for(use, Condition.ONLY_PROBED)
        if not probes:
            return self._rendered(use, matches, deletes=(bound.statement,))
        if rule is None or rule.template is None:
            return Refusal(reason=Reason.NO_RULE)
        return self._rendered(use, [*matches, (rule, Match(root=value))])

    def _direct(self, use: Use, refused: Refusal | None) -> Outcome:
        """A rule for the expression around the usage."""
        if use.expression is None:
            return Refusal(reason=Reason.NO_RULE)
        found = self._match_above(use, use.expression, {})
        if found is not None and found[0].template is not None:
            return self._rendered(use, [found])
        if found is not None:
            return Refusal(reason=Reason.RULE, name=found[0].rewrite.message or "")
        if refused is not None and any(rule.follows for rule in self.applicable(use)):
            return refused
        if use in self.unread:
            return self.unread[use]
        if use.call is None:
            return consumption(self.analysis, use.expression) or Refusal(reason=Reason.NO_RULE)
        return Refusal(reason=Reason.NO_RULE)

    def ruled(self, use: Use) -> Outcome | None:
        """What a rule makes of a call or a reference; ``None`` where none fits, so that the successor may drop in."""
        if not self.applicable(use):
            return None
        outcome = self.plan(use)
        fitted = isinstance(outcome, UsageRewrite) or outcome.reason is Reason.RULE or use in self.unread
        return outcome if fitted or self.fits(use) else None

    def fits(self, use: Use) -> bool:
        """Whether some rule fits an expression around the usage."""
        return use.expression is not None and self._match_above(use, use.expression, {}) is not None

    def _match_above(self, use: Use, inner: ast.expr, values: Mapping[str, ast.expr]) -> tuple[Rule, Match] | None:
        """The first rule that fits an expression around ``inner`` in which ``inner`` (or its value) is the usage."""
        matcher = Matcher(
            deprecated=lambda node: node is use.expression,
            value_of=lambda node: values.get(node.id),
            names_of=lambda node: names_of(self.analysis, node),
            signature=lambda: self._signature(use),
            parents=self.analysis.parents,
        )
        around: list[ast.expr | ast.stmt] = []
        node: ast.AST = inner
        while isinstance(node, ast.expr | ast.keyword):
            if isinstance(node, ast.expr):
                around.append(node)
            node = self.analysis.parents[node]
        around += [node] if isinstance(node, ast.stmt) else []
        for rule in self.applicable(use):
            if rule.pattern is None:
                continue
            # A variable alone does not fit: its value would be made where it is read, not where it is bound.
            for root in around[1:] if values else around:
                found = matcher.match(rule.pattern, root)
                if found is None or (values and inner not in found.through) or excepted(rule.rewrite, found):
                    continue
                read = reads_of(self.analysis, rule, found)
                if not isinstance(read, Refusal):
                    found.read = read
                    return rule, found
                self.unread.setdefault(use, read)
        return None

    def _signature(self, use: Use) -> Signature | None:
        """Of what the usage names; not of what stays under its name: its result would fit again."""
        if use.target.keeps_name:
            return None
        if use.symbol not in self.signatures:
            self.signatures[use.symbol], missing_modules = signature(self.analysis.index, use.symbol)
            self.missing_modules |= missing_modules
        return self.signatures[use.symbol]

    # --- the result -------------------------------------------------------------------------------------------

    def _rendered(self, use: Use, matches: Sequence[tuple[Rule, Match]], deletes: tuple[ast.stmt, ...] = ()) -> Outcome:
        whole = UsageRewrite(use=use, applicability=Applicability.SAFE, deletes=deletes, loads=gone(use))
        for rule, match in matches:
            found = self._render(use, rule, match)
            if isinstance(found, Refusal):
                return found
            whole = replace(
                whole, edits=(*whole.edits, *found.edits), rendered=(*whole.rendered, *found.rendered),
                additions=tuple(dict.fromkeys((*whole.additions, *found.additions))), loads=found.loads,
            )  # fmt: skip
            if weight(found.applicability) > weight(whole.applicability):
                whole = replace(whole, applicability=found.applicability, refusal=found.refusal)
        return whole

    def _render(self, use: Use, rule: Rule, match: Match) -> Outcome:
        if rule.template is None:
            return Refusal(reason=Reason.NO_RULE)
        done = filled(self.layout, use, rule, match, self._becomes, self.missing_modules)
        if isinstance(done, Refusal):
            return done
        whole = self._usage_rewrite(use, rule, warning=done.warning, match=match)
        loads = gone(use, done.names)
        return replace(whole, edits=done.edits, additions=done.additions, rendered=done.rendered, loads=loads)

    def _becomes(self, node: ast.expr) -> tuple[ast.expr, str] | None:
        """What takes the place of ``node``, if that is what a rule fits for a usage in it: its tree and its text."""
        for use in self._inside.get(node, ()):
            found = self._match_above(use, use.expression, {}) if use.expression else None
            if found is None or found[1].root is not node or found[0].template is None:
                continue
            template, match = found[0].template, found[1]
            if not isinstance(template.tree, ast.expr):
                continue
            captured = match.one.get(metavariable(template.tree) or "")
            if captured is None:
                return template.tree, template.text
            return self._becomes(captured) or (captured, self.layout.text_of(captured))
        return None

    @cached_property
    def _inside(self) -> Mapping[ast.AST, Sequence[Use]]:
        return usages_inside(self.analysis)

    def _usage_rewrite(
        self, use: Use, rule: Rule, *, deletes: tuple[ast.stmt, ...] = (), warning: Refusal | None = None,
        match: Match | None = None,
    ) -> UsageRewrite:  # fmt: skip
        """A rewrite with the applicability that the rule and the facts allow."""
        applicability, refusal = rule.rewrite.applicability, None
        if applicability is not Applicability.SAFE:
            refusal = Refusal(reason=Reason.RULE, name=rule.rewrite.message or "")
            if match is not None and rule.rewrite.safe_if:
                refusal = self._unproved(rule.rewrite, match)
                applicability = applicability if refusal else Applicability.SAFE
        elif match is not None:
            refusal = self._unproved(rule.rewrite, match)
        needs_canonical = rule.template is not None
        refusal = refusal or warning or (self.unmet(use.migration, use) if needs_canonical else None)
        refusal = refusal or against(self.analysis, use) or replaced(self.analysis, use)
        if refusal is not None and applicability is Applicability.SAFE:
            applicability = Applicability.UNSAFE
        return UsageRewrite(use=use, applicability=applicability, refusal=refusal, deletes=deletes, loads=gone(use))

    def _unproved(self, rewrite: Rewrite, match: Match) -> Refusal | None:
        for variable, missing_modules in rewrite.safe_if.items():
            node = match.one.get(variable.removeprefix("$"))
            if node is None or not has_type(self.analysis, node, missing_modules):
                text = self.layout.text_of(node) if node is not None else variable
                return Refusal(reason=Reason.UNPROVED_TYPE, name=f"{text} is a {missing_modules.rpartition('.')[2]}")
        return None

    def doubt(self, use: Use, dotted: bool) -> Refusal | None:
        """Why it is not safe that a drop-in successor takes the place of a usage.

        ``dotted``: it is read as a member of its module then, which it was not before.
        """
        written = not isinstance(getattr(use.node, "ctx", ast.Load()), ast.Load)
        if written and not is_same(self.analysis.index, use.symbol, successor(use)):
            return Refusal(reason=Reason.ASSIGNED)
        if use.load is not None and (refusal := by_string(self.analysis, self.patched, use)) is not None:
            return refusal
        if use.dotted is not None and not is_same(self.analysis.index, use.symbol, successor(use)):
            looked_up = Refusal(reason=Reason.LOOKED_UP, name=use.dotted.function)
            return looked_up if is_looked_up(self.analysis, use) else Refusal(reason=Reason.MONKEYPATCHED)
        if use.object is not None and not is_made(use.object):
            return Refusal(reason=Reason.UNPROVED_TYPE, name=f"{use.object.name} is of no subclass of its class")
        refusal = self.unmet(use.migration, use) or against(self.analysis, use, dotted, as_it_is=True)
        return refusal or drops_in_without_object(self.analysis, use, self.missing_modules)

    def unmet(self, migration: Migration, use: Use) -> Refusal | None:
        """The first requirement of the migration that the index does not confirm."""
        for requirement in migration.requires:
            symbol = requirement.symbol
            if symbol in ("$canonical", CANONICAL):
                symbol = use.target.canonical or ""
            answer, missing_modules = accepts(self.analysis.index, symbol, requirement.parameter)
            self.missing_modules |= missing_modules
            if not answer:
                short = symbol.rpartition(".")[2]
                return Refusal(reason=Reason.REQUIREMENT, name=f"{short} accepts {requirement.parameter}")
        return None
