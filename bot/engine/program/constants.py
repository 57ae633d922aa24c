"""Strings that are put together of constants: ``f"{BASE}.name"``, ``"pkg" + ".name"``, ``"%s.name" % BASE``."""

import ast
from collections.abc import Mapping

Texts = Mapping[str, str | None]
"""By variable, the one string that it is bound to."""


def folded(node: ast.expr, texts: Texts) -> str | None:
    """The string that an expression gives; ``None`` if that is not known.

    ``__name__`` stays: the name of the module depends on where the file is.
    """
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id="__name__"):
            return "__name__"
        case ast.Name(id=name):
            return texts.get(name)
        case ast.JoinedStr(values=parts):
            found = [folded(_inside(part), texts) for part in parts]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            found = [folded(left, texts), folded(right, texts)]
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod(), right=ast.Name() as right):
            before, mark, after = text.partition("%s")
            found = [before, folded(right, texts), after] if mark and "%" not in before + after else [None]
        case _:
            return None
    known = [part for part in found if part is not None]
    return "".join(known) if len(known) == len(found) else None


def constant(node: ast.expr, texts: Texts) -> ast.Constant | None:
    """The string of an expression as a literal, if it is known."""
    if isinstance(node, ast.Name) and texts.get(node.id) is None:
        return None
    text = folded(node, texts) if isinstance(node, ast.Name | ast.JoinedStr | ast.BinOp) else None
    return None if text is None else ast.copy_location(ast.Constant(text), node)


def _inside(part: ast.expr) -> ast.expr:
    """What a field shows as it is, without a conversion and a format."""
    plain = isinstance(part, ast.FormattedValue) and part.conversion == -1 and part.format_spec is None
    return part.value if plain and isinstance(part, ast.FormattedValue) else part
