"""Strings that are put together of constants: ``f"{BASE}.name"``, ``"pkg" + ".name"``, ``"%s.name" % BASE``."""

import ast
import re
from collections.abc import Mapping, Sequence
from itertools import islice, product

Texts = Mapping[str, Sequence[str]]
"""By variable, the strings that it is bound to somewhere."""
_FIELD = re.compile(r"\{\d*\}")
_MOST = 32
"""Strings that one expression may give: of more the first ones."""


def folded(node: ast.expr, texts: Texts) -> list[str]:
    """The strings that an expression may give; none if that is not known.

    ``__name__`` stays: the name of the module depends on where the file is.
    """
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.Name(id="__name__"):
            return ["__name__"]
        case ast.Name(id=name):
            return list(texts.get(name, ()))
        case ast.Attribute(value=ast.Name(id=name), attr="__name__" | "__module__"):
            return list(texts.get(f"{name}.{node.attr}", ()))
        case ast.JoinedStr(values=parts):
            found = [folded(_inside(part), texts) for part in parts]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            found = [folded(left, texts), folded(right, texts)]
        case ast.BinOp(left=left, op=ast.Mod(), right=right):
            values = right.elts if isinstance(right, ast.Tuple) else [right]
            patterns = [text.split("%s") for text in folded(left, texts)]
            return [text for each in patterns for text in _filled(each, values, texts) if "%" not in "".join(each)]
        case ast.Call(func=ast.Attribute(value=left, attr="format"), args=values, keywords=[]):
            patterns = [_FIELD.split(text) for text in folded(left, texts)]
            return [text for each in patterns for text in _filled(each, values, texts)]
        case ast.Call(
            func=ast.Attribute(value=left, attr="join"), args=[ast.List(elts=values) | ast.Tuple(elts=values)]
        ):
            between = [["", *[text] * (len(values) - 1), ""] for text in folded(left, texts) if values]
            return [text for each in between for text in _filled(each, values, texts)]
        case _:
            return []
    return ["".join(parts) for parts in islice(product(*found), _MOST)]


def _filled(between: Sequence[str], values: Sequence[ast.expr], texts: Texts) -> list[str]:
    """The strings with the values between some texts, of which there is one more."""
    if len(between) != len(values) + 1:
        return []
    found = [each for pair in zip(between, values, strict=False) for each in ([pair[0]], folded(pair[1], texts))]
    return ["".join(parts) for parts in islice(product(*found, [between[-1]]), _MOST)]


def constants(node: ast.expr, texts: Texts) -> list[ast.expr]:
    """The strings of an expression as literals, if they are known; else the expression itself."""
    computed = node.id in texts if type(node) is ast.Name else type(node) in (ast.JoinedStr, ast.BinOp, ast.Call)
    found = folded(node, texts) if computed else []
    return [ast.copy_location(ast.Constant(text), node) for text in found] or [node]


def _inside(part: ast.expr) -> ast.expr:
    """What a field shows as it is, without a conversion and a format."""
    plain = isinstance(part, ast.FormattedValue) and part.conversion == -1 and part.format_spec is None
    return part.value if plain and isinstance(part, ast.FormattedValue) else part
