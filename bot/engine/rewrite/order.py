"""When captured expressions are evaluated: before the rewrite, and after it.

An expression may have *effects* (a call, a walrus, an iteration), may *read* what effects can change (an attribute, an
item, a global that is bound again, the inside of a list), or neither.  Reading an attribute or an item is taken to
change nothing, unless the file itself has a property of that name that calls or changes something, or such a
``__getattr__``, ``__getitem__`` …
"""

import ast
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from functools import lru_cache

from bot.engine.resolve.annotation import last_name
from bot.engine.resolve.bindings import Binding, BindingKind, Scope
from bot.engine.rewrite.matching import Match, Rest
from bot.engine.rewrite.patterns import CANONICAL, Template, metavariable, offset_of, rest_variable
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.usages.analysis import Analysis

Captured = ast.expr | ast.keyword
_Ahead = Mapping[int, Rest]


class Touch(IntEnum):
    """What evaluating an expression has to do with the world."""

    NOTHING = 0
    READS = 1
    CHANGES = 2


class When(IntEnum):
    """How a part of a template is evaluated when the whole is."""

    ONCE = 0
    PERHAPS = 1
    """Not at all, or once."""
    AGAIN = 2
    """Any number of times."""
    LATER = 3
    """By who calls the lambda, or asks the generator."""


_CHANGES = (
    ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.ListComp, ast.SetComp, ast.DictComp, ast.Starred,
)  # fmt: skip
_READS = (
    ast.Attribute, ast.Subscript, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.FormattedValue,
    ast.GeneratorExp, ast.keyword,
)  # fmt: skip
_DISPLAYS = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.JoinedStr)
_PROPERTIES = frozenset({"property", "cached_property"})
_READ_BY = frozenset({"__getattr__", "__getattribute__", "__getitem__", "__missing__"})
_CALM = frozenset(
    {"property", "cached_property", "len", "str", "int", "float", "bool", "tuple", "list", "dict", "set", "frozenset",
     "sorted", "min", "max", "sum", "any", "all", "repr", "isinstance", "getattr", "hasattr", "super", "join", "get",
     "format", "strip", "lower", "upper", "split", "items", "keys", "values", "startswith", "endswith", "replace",
     "AttributeError", "KeyError", "IndexError", "TypeError"}
)  # fmt: skip
"""Functions and methods that change nothing, by the last component of their names."""
_AGAIN = frozenset({BindingKind.LOOP, BindingKind.AUGMENTED, BindingKind.WALRUS, BindingKind.DELETE})


def has_effects(node: ast.AST) -> bool:
    """Whether evaluating ``node`` can do more than give a value, as far as its form shows."""
    effects = ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr
    return any(isinstance(each, effects) for each in ast.walk(node))


def touch(analysis: Analysis, node: ast.AST) -> Touch:
    """The most that evaluating ``node`` does; what a lambda or a generator puts off does not count."""
    found = Touch.NOTHING
    pending = [node]
    while pending:
        each = pending.pop()
        found = max(found, _own(analysis, each))
        if isinstance(each, ast.Lambda):
            continue  # its defaults would count: nobody writes them here
        pending += [each.generators[0].iter] if isinstance(each, ast.GeneratorExp) else ast.iter_child_nodes(each)
    return found


def _own(analysis: Analysis, node: ast.AST) -> Touch:
    match node:
        case ast.Starred(value=value) if isinstance(value, _DISPLAYS):
            return Touch.NOTHING
        case ast.Compare(ops=operators) if all(isinstance(each, ast.Is | ast.IsNot) for each in operators):
            return Touch.NOTHING
        case ast.keyword(arg=str()):
            return Touch.NOTHING
        case ast.Name():
            return Touch.NOTHING if is_settled(analysis, node) else Touch.READS
    if isinstance(node, _CHANGES) or _runs_code(analysis, node):
        return Touch.CHANGES
    return Touch.READS if isinstance(node, _READS) and not _is_of_constants(node) else Touch.NOTHING


def _runs_code(analysis: Analysis, node: ast.AST) -> bool:
    """Whether reading an attribute or an item may do more than that, by what the file itself defines."""
    match node:
        case ast.Attribute(attr=name):
            names = {name, "__getattr__", "__getattribute__"}
        case ast.Subscript():
            names = {"__getitem__", "__missing__"}
        case _:
            return False
    return not names.isdisjoint(_acting(analysis.tree))


@lru_cache(maxsize=1)
def _acting(tree: ast.Module) -> frozenset[str]:
    """The properties in a file, and the methods that reading calls, which call or change something themselves."""
    found: set[str] = set()
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        is_property = any(last_name(each) in _PROPERTIES for each in function.decorator_list)
        if (is_property or function.name in _READ_BY) and any(map(_acts, ast.walk(function))):
            found.add(function.name)
    return frozenset(found)


def _acts(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return last_name(node.func) not in _CALM
    stored = isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load)
    return stored or isinstance(node, ast.Global | ast.Nonlocal | ast.Yield)


def _is_of_constants(node: ast.AST) -> bool:
    children = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)]
    return all(isinstance(each, ast.Constant) for each in children)


def is_settled(analysis: Analysis, node: ast.Name) -> bool:
    """Whether no call can give the variable another value: it is a function's own, a built-in, or bound once in its
    module."""
    scope = analysis.scope_of(node)
    owner = scope.owner(node.id)
    if owner is None:
        return not scope.module.stars
    bindings = owner.bindings[node.id]
    return all(_is_own(binding, owner) for binding in bindings) and (owner.parent is not None or len(bindings) == 1)


def _is_own(binding: Binding, owner: Scope) -> bool:
    return binding.written_in is owner and binding.kind is not BindingKind.WALRUS


def makes_object(node: ast.AST) -> bool:
    """Whether a value is another object each time it is evaluated, and one that may be changed: ``[]`` is."""
    return any(isinstance(each, ast.List | ast.Dict | ast.Set | ast.Lambda) for each in _held(node))


def _held(node: ast.AST) -> Iterator[ast.AST]:
    """What a value is, or holds: the parts of a tuple, of a choice."""
    yield node
    match node:
        case ast.Tuple(elts=parts) | ast.BoolOp(values=parts):
            yield from (each for part in parts for each in _held(part))
        case ast.IfExp(body=one, orelse=other):
            yield from (*_held(one), *_held(other))
        case ast.keyword(value=value):
            yield from _held(value)
        case _:
            return


def stays(analysis: Analysis, node: ast.AST) -> bool:
    """Whether ``node`` has the same value whenever it is evaluated."""
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    return touch(analysis, node) is Touch.NOTHING and all(_is_bound_once(analysis, name) for name in names)


def _is_bound_once(analysis: Analysis, node: ast.Name) -> bool:
    owner = analysis.scope_of(node).owner(node.id)
    if owner is None:
        return True
    bindings = owner.bindings[node.id]
    return len(bindings) == 1 and bindings[0].kind not in _AGAIN and not _is_in_loop(analysis, bindings[0].statement)


def _is_in_loop(analysis: Analysis, statement: ast.stmt) -> bool:
    node: ast.AST | None = statement
    while node is not None:
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            return True
        node = None if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else analysis.parents.get(node)
    return False


# --- the order ------------------------------------------------------------------------------------------------------


def trouble(analysis: Analysis, template: Template, match: Match, ahead: _Ahead) -> Refusal | None:
    """Why the captured expressions would be evaluated otherwise than before, if they would."""
    given = [*match.one.values(), *itertools.chain(*match.rest.values()), *itertools.chain(*ahead.values())]
    given.sort(key=lambda node: (_is_stored_in(match.root, node), node.lineno, node.col_offset))
    touches = {id(node): touch(analysis, node) for node in given}
    used = list(_evaluated(template, match, ahead))
    times = Counter(id(node) for node, _ in used)
    tests = (node.test for node in ast.walk(template.tree) if isinstance(node, ast.IfExp))
    asked = Counter(id(match.one.get(metavariable(test) or "")) for test in tests)
    if any(touches[id(node)] is Touch.CHANGES and times[id(node)] != 1 for node in given):
        return Refusal(reason=Reason.SIDE_EFFECTS)
    if any(makes_object(n) and (times[id(n)] - asked[id(n)] > 1 or when >= When.AGAIN) for n, when in used):
        return Refusal(reason=Reason.SIDE_EFFECTS)
    if any(_is_put_off(analysis, node, when, touches[id(node)]) for node, when in used):
        return Refusal(reason=Reason.EVALUATION_ORDER)
    places = {id(node): n for n, node in enumerate(given)}
    order = [(places[id(node)], touches[id(node)]) for node, _ in used if touches[id(node)]]
    return Refusal(reason=Reason.EVALUATION_ORDER) if _clashes(order) else None


def _is_stored_in(root: ast.AST, node: Captured) -> bool:
    """Whether ``node`` is part of what an assignment assigns to: evaluated after the value."""
    end = (root.value.lineno, root.value.col_offset) if isinstance(root, ast.Assign) else None
    return end is not None and (node.lineno, node.col_offset) < end


def _clashes(order: Sequence[tuple[int, Touch]]) -> bool:
    """Whether two of which one changes what the other may read have changed places."""
    last = {Touch.READS: -1, Touch.CHANGES: -1}
    for at, touched in order:
        if at < last[Touch.CHANGES] or (touched is Touch.CHANGES and at < last[Touch.READS]):
            return True
        last[touched] = max(last[touched], at)
    return False


def _is_put_off(analysis: Analysis, node: Captured, when: When, touched: Touch) -> bool:
    if when is When.LATER:
        return not stays(analysis, node)
    return when is not When.ONCE and touched is Touch.CHANGES


def _evaluated(template: Template, match: Match, ahead: _Ahead) -> Iterator[tuple[Captured, When]]:
    """The captured expressions in the order in which the result evaluates them."""
    for node, when in _parts(template.tree, When.ONCE):
        if isinstance(node, ast.keyword):
            yield from ((each, when) for each in ahead.get(offset_of(template.text, node), ()))
        rest, one = rest_variable(node), metavariable(node)
        if rest is not None:
            yield from ((each, when) for each in match.rest.get(rest, ()))
        elif one is not None and one != CANONICAL:
            yield match.one[one], when


def _parts(node: ast.AST, when: When) -> Iterator[tuple[ast.AST, When]]:
    """The nodes of a template in the order of their evaluation (a node before what it consists of)."""
    yield node, when
    if rest_variable(node) is None:
        for child, own in _children(node):
            yield from _parts(child, max(when, own))


def _children(node: ast.AST) -> Sequence[tuple[ast.AST, When]]:
    once, perhaps = When.ONCE, When.PERHAPS
    match node:
        case ast.Assign(targets=stored, value=value):
            return [(each, once) for each in (value, *stored)]
        case ast.Lambda(body=body):
            return [(body, When.LATER)]
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return [(test, once), (body, perhaps), (orelse, perhaps)]
        case ast.BoolOp(values=[first, *others]):
            return [(first, once), *((each, perhaps) for each in others)]
        case ast.Compare(left=left, comparators=[first, *others]):
            return [(left, once), (first, once), *((each, perhaps) for each in others)]
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            source, inner = node.generators[0].iter, When.LATER if isinstance(node, ast.GeneratorExp) else When.AGAIN
            rest = [each for part in node.generators for each in ast.iter_child_nodes(part) if each is not source]
            results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            return [(source, once), *((each, inner) for each in (*rest, *results))]
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return [(each, once) for pair in pairs for each in pair if each is not None]
        case _:
            return [(each, once) for each in ast.iter_child_nodes(node)]
