"""Usages of one file that have to be one object: to rewrite some of them alone would tell them apart."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.domain.finding import Kind
from bot.domain.migration import Applicability
from bot.engine.program.definition import definition_of, is_one
from bot.engine.program.index import Index
from bot.engine.rewrite.groups import Group
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.rules import successor
from bot.engine.usages.analysis import Analysis, Use

_SORTING = frozenset({"isinstance", "issubclass"})
_EQUAL = (ast.Is, ast.IsNot, ast.Eq, ast.NotEq, ast.In, ast.NotIn)


def one_object(analysis: Analysis, groups: Sequence[Group]) -> list[Group]:
    """The groups; none is safe in which one of several usages changes that are one object, and another one stays."""
    found, bound = list(groups), list(_bound_together(analysis))
    while bound:
        safe = {use for group in found if group.fix.applicability is Applicability.SAFE for use in group.uses}
        torn = {use: other for uses in bound for use in uses & safe for other in uses - safe}
        if not torn:
            break
        found = [_no_longer_safe(group, torn) if torn.keys() & set(group.uses) & safe else group for group in found]
    return found


def _no_longer_safe(group: Group, torn: dict[Use, Use]) -> Group:
    fix = replace(group.fix, applicability=Applicability.UNSAFE)
    line = next(torn[use].range.line for use in group.uses if use in torn)
    refusal = Refusal(reason=Reason.TORN, name=f"line {line}")
    return replace(group, fix=fix, refusals={**dict.fromkeys(group.uses, refusal), **group.refusals})


def _bound_together(analysis: Analysis) -> Iterator[frozenset[Use]]:
    """The usages of one thing where the code asks whether something is that thing, or of that class."""
    by_name: dict[tuple[str, str], list[Use]] = {}
    for use in analysis.uses:
        target = successor(use)
        if target is not None and (use.expression is not None or _is_read(use)):
            by_name.setdefault((use.symbol, target), []).append(use)
    for (symbol, target), uses in by_name.items():
        asked = [use for use in uses if is_asked(analysis, use)] if len(uses) > 1 else []
        if not asked or (sort := kind_of_two(analysis.index, symbol, target)) is None:
            continue
        yield frozenset(uses if sort is ast.ClassDef else asked)


def kind_of_two(index: Index, symbol: str, target: str) -> type[ast.stmt] | None:
    """What two names are definitions of, if they certainly are two."""
    old, new = definition_of(index, symbol, set()), definition_of(index, target, set())
    if old is None or new is None or is_one(index, old, new):
        return None
    return type(old.statement)


def _is_read(use: Use) -> bool:
    """Whether it is a member that is taken by its name."""
    function = use.dotted.function.rpartition(".")[2] if use.dotted is not None else ""
    return use.kind is Kind.STRING_REFERENCE and function in ("getattr", "attrgetter")


def is_asked(analysis: Analysis, use: Use) -> bool:
    """Whether a usage stands where it matters which object it is."""
    child, parent = use.node if use.expression is None else use.expression, analysis.parents.get(use.node)
    if use.expression is not None:
        parent = analysis.parents.get(use.expression)
    while isinstance(parent, ast.Tuple | ast.List | ast.Starred):
        child, parent = parent, analysis.parents.get(parent)
    match parent:
        case ast.Compare(left=left, ops=ops, comparators=others):
            beside = [each for each in (left, *others) if each is not child]
            return isinstance(ops[0], _EQUAL) and not all(isinstance(each, ast.Constant) for each in beside)
        case ast.Call(func=ast.Name(id=name), args=[_, sort]):
            return name in _SORTING and sort is child
        case ast.ExceptHandler() | ast.MatchClass() | ast.Set():
            return True
        case ast.Dict(keys=keys):
            return child in keys
        case ast.Subscript():
            return _is_table(parent, child)
        case ast.Attribute(attr="__subclasses__"):
            return True
        case _:
            return False


def _is_table(node: ast.Subscript, key: ast.AST) -> bool:
    """Whether it is an item of a table, and no type with arguments."""
    name = getattr(node.value, "attr", getattr(node.value, "id", ""))
    return node.slice is key and not name[:1].isupper() and name not in ("list", "dict", "set", "tuple", "type")
