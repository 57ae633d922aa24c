"""``unless``: what a captured expression must not be, by its form."""

import ast
from enum import StrEnum

from bot.domain.migration import Rewrite
from bot.engine.rewrite.matching import Match


class Form(StrEnum):
    """What an expression is, as it is written."""

    STRING = "string"
    BYTES = "bytes"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NONE = "none"
    LITERAL = "literal"
    """Any of these."""
    NAME = "name"
    ATTRIBUTE = "attribute"
    CALL = "call"
    LAMBDA = "lambda"
    LIST = "list"
    TUPLE = "tuple"
    DICT = "dict"
    SET = "set"
    STARRED = "starred"


def excepted(rewrite: Rewrite, match: Match) -> bool:
    """Whether something that ``match`` captured is what the rule's ``unless`` names."""
    return any(
        form in forms_of(node)
        for variable, form in rewrite.unless.items()
        for node in _captured(match, variable.removeprefix("$"))
    )


def _captured(match: Match, name: str) -> list[ast.expr]:
    one = [found[name] for found in (match.one, match.bound) if name in found]
    return [*one, *(each.value if isinstance(each, ast.keyword) else each for each in match.rest.get(name, ()))]


def forms_of(node: ast.expr) -> frozenset[Form]:
    """What an expression is as it is written; a sum or a ``%`` of a string is a string, a choice is all its parts."""
    match node:
        case ast.Constant(value=value):
            return frozenset({Form.LITERAL, _OF_VALUE.get(type(value), Form.LITERAL)})
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant()):
            return frozenset({Form.LITERAL, Form.NUMBER})
        case ast.BinOp(op=ast.Add() | ast.Mod(), left=left, right=right):
            sides = forms_of(left) | (forms_of(right) if isinstance(node.op, ast.Add) else frozenset())
            return sides & {Form.STRING, Form.BYTES}
        case ast.IfExp(body=body, orelse=other):
            return forms_of(body) | forms_of(other)
        case ast.BoolOp(values=values):
            return frozenset[Form]().union(*map(forms_of, values))
        case ast.NamedExpr(value=value):
            return forms_of(value)
        case _:
            return frozenset({_OF_NODE[type(node)]}) if type(node) in _OF_NODE else frozenset()


_OF_VALUE = {
    str: Form.STRING, bytes: Form.BYTES, int: Form.NUMBER, float: Form.NUMBER, complex: Form.NUMBER,
    bool: Form.BOOLEAN, type(None): Form.NONE,
}  # fmt: skip
_OF_NODE: dict[type[ast.expr], Form] = {
    ast.JoinedStr: Form.STRING, ast.Name: Form.NAME, ast.Attribute: Form.ATTRIBUTE, ast.Call: Form.CALL,
    ast.Lambda: Form.LAMBDA, ast.List: Form.LIST, ast.ListComp: Form.LIST, ast.Tuple: Form.TUPLE,
    ast.Dict: Form.DICT, ast.DictComp: Form.DICT, ast.Set: Form.SET, ast.SetComp: Form.SET, ast.Starred: Form.STARRED,
}  # fmt: skip
