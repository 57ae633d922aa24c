"""How tightly an expression binds, and how tightly one has to where it stands: what needs brackets.

The levels are those of Python's grammar (language reference, "Operator precedence"); a place asks for a level at
least, and may take some looser forms beside (a walrus as an argument, a tuple behind ``return``).
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from bot.engine.rewrite.lex import CLOSING, OPENING, tokens


class Rank(IntEnum):
    """The looser, the smaller."""

    NAMED = 0
    YIELD = 1
    TUPLE = 2
    STARRED = 3
    TEST = 4
    """``lambda`` and the conditional expression."""
    OR = 5
    AND = 6
    NOT = 7
    COMPARE = 8
    BIT_OR = 9
    BIT_XOR = 10
    BIT_AND = 11
    SHIFT = 12
    SUM = 13
    TERM = 14
    FACTOR = 15
    POWER = 16
    AWAIT = 17
    ATOM = 18
    """Names, literals, displays, and what calls, subscripts and attributes make of them."""


_OPERATORS: dict[type[ast.operator], Rank] = {
    ast.BitOr: Rank.BIT_OR, ast.BitXor: Rank.BIT_XOR, ast.BitAnd: Rank.BIT_AND,
    ast.LShift: Rank.SHIFT, ast.RShift: Rank.SHIFT, ast.Add: Rank.SUM, ast.Sub: Rank.SUM,
    ast.Mult: Rank.TERM, ast.Div: Rank.TERM, ast.FloorDiv: Rank.TERM, ast.Mod: Rank.TERM,
    ast.MatMult: Rank.TERM, ast.Pow: Rank.POWER,
}  # fmt: skip
_LEVELS: dict[type[ast.expr], Rank] = {
    ast.NamedExpr: Rank.NAMED, ast.Yield: Rank.YIELD, ast.YieldFrom: Rank.YIELD, ast.Starred: Rank.STARRED,
    ast.Lambda: Rank.TEST, ast.IfExp: Rank.TEST, ast.Compare: Rank.COMPARE, ast.Await: Rank.AWAIT,
}  # fmt: skip
_INTEGER = re.compile(r"[0-9][0-9_]*\Z")
"""What a dot behind it would continue: ``1.real`` is no attribute of 1."""


@dataclass(frozen=True, slots=True)
class Place:
    """What can stand somewhere without brackets."""

    level: Rank = Rank.TEST
    also: frozenset[Rank] = frozenset()
    word: type[ast.boolop] | None = None
    """An operand of ``and`` or ``or``, where the same word groups alike with brackets and without."""
    attribute: bool = False
    """Before a dot."""
    items: bool = False
    """Behind ``with``, where the brackets of a tuple would be those of a list of items."""

    def takes(self, node: ast.expr, text: str) -> bool:
        """Whether ``node``, written as ``text``, can stand here as it is."""
        if isinstance(node, ast.BoolOp) and self.word is type(node.op):
            return True
        if (self.attribute and _INTEGER.match(text)) or (self.items and isinstance(node, ast.Tuple)):
            return False
        found = level(node, text)
        return found >= self.level or found in self.also


_EXPRESSION = Place()
_ATOM = Place(Rank.ATOM)
_NAMED = Place(also=frozenset({Rank.NAMED}))
_DISJUNCTION = Place(Rank.OR)
_OPERAND = Place(Rank.BIT_OR)
_TUPLE = Place(also=frozenset({Rank.TUPLE}))
_ANY = Place(also=frozenset({Rank.TUPLE, Rank.YIELD}))
_BELOW: dict[type[ast.expr], Place] = {
    ast.Compare: _OPERAND, ast.Attribute: Place(Rank.ATOM, attribute=True), ast.Await: _ATOM, ast.Subscript: _TUPLE,
    ast.Yield: _TUPLE, ast.FormattedValue: _ANY, ast.Call: _NAMED, ast.List: _NAMED, ast.Set: _NAMED,
    ast.ListComp: _NAMED, ast.SetComp: _NAMED, ast.GeneratorExp: _NAMED,
}  # fmt: skip
"""What can stand below an expression of which all parts are alike."""


def level(node: ast.expr, text: str) -> Rank:
    """How tightly ``node``, written as ``text``, binds."""
    match node:
        case ast.BinOp(op=operator):
            return _OPERATORS[type(operator)]
        case ast.BoolOp(op=ast.And()):
            return Rank.AND
        case ast.BoolOp():
            return Rank.OR
        case ast.UnaryOp(op=ast.Not()):
            return Rank.NOT
        case ast.UnaryOp():
            return Rank.FACTOR
        case ast.Tuple():
            return Rank.ATOM if enclosed(text) else Rank.TUPLE
        case _:
            return _LEVELS.get(type(node), Rank.ATOM)


def enclosed(text: str) -> bool:
    """Whether one pair of brackets goes around the whole of ``text``."""
    found = tokens(text)
    if not found or found[0].text != "(":
        return False
    depth = 0
    for n, token in enumerate(found):
        depth += (token.text in OPENING) - (token.text in CLOSING)
        if depth == 0:
            return n == len(found) - 1
    return False


def place(parents: Mapping[ast.AST, ast.AST], node: ast.AST) -> Place:
    """What can stand where ``node`` stands; a whole expression, without a parent, may be anything."""
    parent = parents.get(node)
    if isinstance(parent, ast.Starred):
        return _EXPRESSION if isinstance(parents.get(parent), ast.Call | ast.ClassDef) else _OPERAND
    if isinstance(parent, ast.expr):
        return _of_expression(parent, node)
    return _ANY if parent is None else _of_statement(parent, node)


def is_delimited(parent: ast.AST | None, node: ast.AST) -> bool:
    """Whether ``node`` stands between brackets, commas and the like, which part it from what is around."""
    match parent:
        case ast.Call(func=head) | ast.Subscript(value=head):
            return node is not head
        case ast.keyword() | ast.List() | ast.Set() | ast.Dict():
            return True
        case ast.ListComp(elt=element) | ast.SetComp(elt=element) | ast.GeneratorExp(elt=element):
            return node is element
        case _:
            return False


def _of_expression(parent: ast.expr, node: ast.AST) -> Place:
    match parent:
        case ast.BinOp(op=operator, left=left):
            return _operand_of(operator, leading=node is left)
        case ast.BoolOp(op=word):
            return Place(Rank.NOT if isinstance(word, ast.And) else Rank.AND, word=type(word))
        case ast.UnaryOp(op=operator):
            return Place(Rank.NOT if isinstance(operator, ast.Not) else Rank.FACTOR)
        case ast.Call(func=head) | ast.Subscript(value=head) if node is head:
            return _ATOM
        case ast.IfExp(orelse=last):
            return _EXPRESSION if node is last else _DISJUNCTION
        case ast.Dict(keys=keys, values=values):
            unpacked = any(value is node and key is None for key, value in zip(keys, values, strict=True))
            return _OPERAND if unpacked else _EXPRESSION
        case _:
            return _BELOW.get(type(parent), _EXPRESSION)


def _operand_of(operator: ast.operator, *, leading: bool) -> Place:
    if isinstance(operator, ast.Pow):
        return Place(Rank.AWAIT if leading else Rank.FACTOR)
    own = _OPERATORS[type(operator)]
    return Place(own if leading else Rank(own + 1))


def _of_statement(parent: ast.AST, node: ast.AST) -> Place:
    match parent:
        case ast.Expr() | ast.Assign() | ast.AugAssign():
            return _ANY
        case ast.AnnAssign(value=value):
            return _ANY if node is value else _EXPRESSION
        case ast.Return() | ast.For() | ast.AsyncFor():
            return _TUPLE
        case ast.If() | ast.While():
            return _NAMED
        case ast.Match():
            return Place(also=frozenset({Rank.NAMED, Rank.TUPLE}))
        case ast.withitem():
            return Place(items=True)
        case ast.comprehension():
            return _DISJUNCTION
        case ast.ClassDef(bases=bases) if any(node is base for base in bases):
            return _NAMED
        case _:
            return _EXPRESSION
