"""What is read off the variables that a matched statement binds: ``with old() as v:``, and then ``v.rows()``."""

import ast
from collections.abc import Iterator

from bot.engine.program.taken import needed_elsewhere
from bot.engine.resolve.bindings import Binding, BindingKind, Load, Scope, ScopeKind
from bot.engine.resolve.flow import reaching
from bot.engine.rewrite.flow import consumption, runs_later
from bot.engine.rewrite.matching import Match, Matcher
from bot.engine.rewrite.namespaces import reads_by_name, reads_itself
from bot.engine.rewrite.patterns import Reading
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.rules import Rule
from bot.engine.usages.analysis import Analysis

_Found = list[tuple[Reading, Match]]


def reads_of(analysis: Analysis, rule: Rule, match: Match) -> _Found | Refusal:
    """Every place where one of the variables is read, with the entry of ``reads`` that it fits; or why one has none."""
    found: _Found = []
    for variable in dict.fromkeys(reading.variable for reading in rule.readings):
        node = match.bound.get(variable, match.one.get(variable))
        binding = _binding(analysis, node) if isinstance(node, ast.Name) else None
        if binding is None:
            return Refusal(reason=Reason.NO_RULE)
        if (escaping := _escapes(analysis, binding)) is not None:
            return escaping
        readings = [reading for reading in rule.readings if reading.variable == variable]
        for load in binding.scope.reads.get(binding.name, ()):
            read = _read(analysis, readings, binding, load)
            if isinstance(read, Refusal):
                return read
            found += [read] if read else []
    return found


def _binding(analysis: Analysis, node: ast.Name) -> Binding | None:
    owner = analysis.scope_of(node).owner(node.id)
    return next((each for each in (owner.bindings[node.id] if owner else ()) if each.node is node), None)


def _escapes(analysis: Analysis, binding: Binding) -> Refusal | None:
    """Why others than the places in the file that name the variable may read it."""
    scope, name = binding.scope, binding.name
    if binding.written_in is not scope or any(name in inner.nonlocals for inner in scope.walk()):
        return Refusal(reason=Reason.SCOPE_ESCAPES)
    if any(each.kind is BindingKind.AUGMENTED for each in scope.bindings[name]):
        return Refusal(reason=Reason.REBOUND, name=name)
    if scope.kind is ScopeKind.CLASS:
        return Refusal(reason=Reason.STORED_ON_SELF)
    if scope.kind is not ScopeKind.MODULE:
        return Refusal(reason=Reason.SCOPE_ESCAPES) if reads_by_name(analysis, scope) else None
    listed = any(export.name == name for export in analysis.exports)
    taken = listed or reads_itself(analysis, name) or needed_elsewhere(analysis, name)
    return Refusal(reason=Reason.STORED) if taken else None


def open_to_others(analysis: Analysis, rule: Rule, match: Match) -> Refusal | None:
    """Why a rule that looks at all that is read cannot see all of it: a module's variable may be taken from it."""
    bound = [node for node in (*match.bound.values(), *match.one.values()) if isinstance(node, ast.Name)]
    stored = [node for node in bound if isinstance(node.ctx, ast.Store)]
    at_top = any(analysis.scope_of(node).kind is ScopeKind.MODULE for node in stored)
    return Refusal(reason=Reason.STORED) if rule.readings and at_top else None


def _read(
    analysis: Analysis, readings: list[Reading], binding: Binding, load: Load
) -> tuple[Reading, Match] | Refusal | None:
    """What is done with the variable at one place; ``None`` where it certainly has another value."""
    scope = binding.scope
    others = [each for each in scope.bindings[binding.name] if each.kind is not BindingKind.ANNOTATION]
    if len(others) > 1:
        reached = reaching(load, analysis.parents)
        later = runs_later(load.scope, scope)
        if not later and binding not in reached:
            return None
        if later or len(reached) > 1:
            return Refusal(reason=Reason.REBOUND, name=binding.name)
    if load.string is not None:
        return Refusal(reason=Reason.IN_STRING)
    matcher = Matcher(
        deprecated=lambda node: node is load.node, value_of=lambda _: None, names_of=lambda _: (),
        subject=readings[0].variable,
    )  # fmt: skip
    for reading in readings:
        for root in _around(analysis, load.node):
            found = matcher.match(reading.pattern, root)
            if found is not None and _is_read_only(analysis, root, load.node):
                return reading, found
    return consumption(analysis, load.node) or Refusal(reason=Reason.NO_RULE)


def _is_read_only(analysis: Analysis, root: ast.expr, node: ast.Name) -> bool:
    """Whether the value is read, not assigned; the variable alone: also that nothing is read off it there."""
    if not isinstance(getattr(root, "ctx", ast.Load()), ast.Load):
        return False
    match analysis.parents[node]:
        case ast.Attribute() | ast.Await():
            return root is not node
        case ast.Subscript(value=held) | ast.Call(func=held) if held is node:
            return root is not node
        case _:
            return True


def _around(analysis: Analysis, node: ast.AST) -> Iterator[ast.expr]:
    while isinstance(node, ast.expr | ast.keyword):
        if isinstance(node, ast.expr):
            yield node
        node = analysis.parents[node]


def same_names(analysis: Analysis, place: ast.AST, scope: Scope, texts: list[str]) -> bool:
    """Whether what is written for names in ``scope`` means the same where ``place`` stands."""
    here = analysis.scope_of(place)
    return all(here.owner(first) is scope.owner(first) for first in (text.partition(".")[0] for text in texts))
