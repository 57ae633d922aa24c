"""The tree that a rewrite is meant to give, held against the tree of what is written.

The template's tree, with the trees of what was captured in the places of its metavariables, stands for the match; the
expression around it, up to the nearest brackets, is parsed again as it would be written.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from bot.domain.finding import Edit
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.matching import Match, Rest
from bot.engine.rewrite.patterns import CANONICAL, Template, metavariable, offset_of, path_of, rest_variable
from bot.engine.rewrite.precedence import is_delimited
from bot.engine.source.text import parse_expression, parse_statement

_SIMPLE = ast.Expr | ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return | ast.Assert | ast.Raise
_MARK = "_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Builds the intended tree of one match."""

    template: Template
    match: Match
    names: Mapping[str, str]
    ahead: Mapping[int, Rest]
    """Keyword arguments by the offset, in the template, of the one that they come before."""

    def tree(self) -> ast.AST:
        """The template's tree, filled."""
        return self._built(self.template.tree)

    def _built(self, node: ast.AST) -> ast.AST:
        name = metavariable(node)
        if name is not None and name != CANONICAL:
            return self.match.one[name]
        path = name or path_of(node) or ""
        if path in self.names and (name or path != CANONICAL):
            return spelled(self.names[path])
        return type(node)(**{field: self._value(value) for field, value in ast.iter_fields(node)})

    def _value(self, value: object) -> object:
        if isinstance(value, list):
            return [each for item in value for each in self._items(item)]
        return self._built(value) if isinstance(value, ast.AST) else value

    def _items(self, item: object) -> Iterator[object]:
        if isinstance(item, ast.keyword):
            yield from self.ahead.get(offset_of(self.template.text, item), ())
        rest = rest_variable(item) if isinstance(item, ast.AST) else None
        if rest is not None:
            yield from self.match.rest.get(rest, ())
        else:
            yield self._value(item)


def spelled(name: str) -> ast.expr:
    """The tree of a name as it is written: dotted, or an expression."""
    try:
        return parse_expression(f"(\n{name}\n)").body
    except SyntaxError:
        return ast.Name(id=name, ctx=ast.Load())  # like nothing that can be written


def agrees(layout: Layout, root: ast.AST, intended: ast.AST, edits: Sequence[Edit]) -> bool:
    """Whether the file reads, with ``edits`` made, as if ``intended`` stood in the place of ``root``."""
    unit = _unit(layout, root)
    start, end = layout.span(unit)
    parts, at = [], start
    for edit in edits:
        parts += [layout.text(at, edit.start), edit.text]
        at = edit.end
    text = "".join([*parts, layout.text(at, end)])
    try:
        found = _parsed(layout, unit, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return found is not None and same(unit, found, {id(root): intended})


def _unit(layout: Layout, root: ast.AST) -> ast.AST:
    """The node to be parsed again: up to the next brackets, or the statement if that has no body."""
    node: ast.AST = root
    parents = layout.analysis.parents
    while not isinstance(node, ast.stmt) and not is_delimited(parent := parents[node], node):
        if isinstance(parent, _SIMPLE):
            return parent
        if isinstance(parent, ast.expr):
            node = parent
        elif isinstance(parent, ast.comprehension):
            node = parents[parent]
        else:
            break
    return node


def _parsed(layout: Layout, unit: ast.AST, text: str) -> ast.AST | None:
    """What ``text`` means where ``unit`` stands; ``None`` if it does not stay one thing there."""
    if isinstance(unit, ast.stmt):
        return parse_statement(text)
    match layout.analysis.parents[unit]:
        case ast.keyword(arg=None):
            call = parse_expression(f"{_MARK}(**\n{text}\n)").body
            return _only(call, "keywords", "value")
        case ast.keyword():
            call = parse_expression(f"{_MARK}({_MARK}=\n{text}\n)").body
            return _only(call, "keywords", "value")
        case ast.Call():
            return _only(parse_expression(f"{_MARK}(\n{text}\n)").body, "args")
        case ast.List() | ast.Set():
            return _only(parse_expression(f"[\n{text}\n]").body, "elts")
        case ast.Dict() as display:
            return _in_display(display, unit, text)
        case ast.Subscript():
            return cast("ast.Subscript", parse_expression(f"{_MARK}[\n{text}\n]").body).slice
        case _:
            return parse_expression(f"(\n{text}\n)").body


def _in_display(display: ast.Dict, unit: ast.AST, text: str) -> ast.AST | None:
    """A key, a value or what is unpacked."""
    for key, value in zip(display.keys, display.values, strict=True):
        if unit is key:
            return _only(parse_expression(f"{{\n{text}\n:{_MARK}}}").body, "keys")
        if unit is value:
            before = "**" if key is None else f"{_MARK}:"
            return _only(parse_expression(f"{{{before}\n{text}\n}}").body, "values")
    return None


def _only(node: ast.AST, field: str, inner: str | None = None) -> ast.AST | None:
    """The single member of a list; of a call's, the single argument."""
    every = [each for name in ("args", "keywords", "elts", "values") for each in getattr(node, name, ())]
    members = getattr(node, field, [])
    if len(every) != 1 or len(members) != 1:
        return None
    return cast("ast.AST", getattr(members[0], inner) if inner else members[0])


def same(expected: object, found: object, instead: Mapping[int, ast.AST]) -> bool:
    """Whether two trees are equal, the nodes of ``expected`` in ``instead`` (by id) being others."""
    pending = [(expected, found)]
    while pending:
        one, other = pending.pop()
        one = instead.get(id(one), one)
        if isinstance(one, ast.BoolOp) and isinstance(other, ast.BoolOp) and type(one.op) is type(other.op):
            one, other = list(_operands(one, instead)), list(_operands(other, {}))
        if type(one) is not type(other):
            return False
        if isinstance(one, ast.AST):
            pending += [(getattr(one, f, None), getattr(other, f, None)) for f in one._fields if f != "ctx"]
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            pending += zip(one, other, strict=True)
        elif one != other:
            return False
    return True


def _operands(node: ast.BoolOp, instead: Mapping[int, ast.AST]) -> Iterator[ast.AST]:
    """``a or (b or c)`` is ``a or b or c``."""
    for value in [instead.get(id(each), each) for each in node.values]:
        if isinstance(value, ast.BoolOp) and type(value.op) is type(node.op):
            yield from _operands(value, instead)
        else:
            yield value
