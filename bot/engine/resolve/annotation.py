"""Expressions in string annotations, with the places that they have in the file."""

import ast
import re
from collections.abc import Iterator

from bot.engine.resolve.bindings import BindingKind, Scope
from bot.engine.source.text import SourceMap, parse_expression

_PLAIN = re.compile(r"""[uU]?('''|\"""|'|")(.*)\1\Z""", re.DOTALL)
_TYPING = ("typing", "typing_extensions")


def annotation_strings(node: ast.expr, scope: Scope) -> Iterator[ast.Constant]:
    """The strings in an annotation that stand for types: not those of ``Literal`` and not ``Annotated``'s metadata."""
    pending: list[ast.AST] = [node]
    while pending:
        match pending.pop():
            case ast.Constant(value=str()) as string:
                yield string
            case ast.Subscript(value=head, slice=inside):
                if _means(head, "Literal", scope):
                    continue
                if _means(head, "Annotated", scope) and isinstance(inside, ast.Tuple):
                    pending.append(inside.elts[0])
                else:
                    pending.append(inside)
            case ast.Call() | ast.JoinedStr():
                continue
            case other:
                pending.extend(reversed(list(ast.iter_child_nodes(other))))


def _means(head: ast.expr, name: str, scope: Scope) -> bool:
    """Whether ``head`` is typing's ``name``: by its own name, or by an import that renames it."""
    match head:
        case ast.Attribute(attr=attribute):
            return attribute == name
        case ast.Name(id=identifier):
            owner = scope.owner(identifier)
            bindings = owner.bindings[identifier] if owner else []
            imported = [binding.imported for binding in bindings if binding.kind is BindingKind.FROM_IMPORT]
            origins = {origin for each in imported if each for origin in each.origins}
            return identifier == name if not origins else bool(origins & {f"{module}.{name}" for module in _TYPING})
        case _:
            return False


def parse_annotation(string: ast.Constant, source: SourceMap) -> ast.expr | None:
    """The expression in a string annotation; ``None`` if it is none.

    Its nodes stand where they are written.  Where that is no one place (escapes, several lines, parts joined), all
    of them have the place of the whole string.
    """
    value = str(string.value)
    stripped = value.strip()
    try:
        expression = parse_expression(stripped).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    start = _inner_column(string, value, source)
    shift = None if start is None else start + len(value[: value.index(stripped)].encode())
    for node in ast.walk(expression):
        if isinstance(node, ast.expr | ast.keyword):
            _place(node, string, shift)
    return expression


def _inner_column(string: ast.Constant, value: str, source: SourceMap) -> int | None:
    """The ``ast`` column at which the text of a plain string begins; ``None`` if its text is not its value."""
    if string.lineno != string.end_lineno:
        return None
    start, end = source.span(string)
    written = source.source[start:end].decode(source.encoding)
    plain = _PLAIN.match(written)
    if plain is None or plain.group(2) != value or "\\" in value:
        return None
    return string.col_offset + plain.start(2)


def _place(node: ast.expr | ast.keyword, string: ast.Constant, shift: int | None) -> None:
    node.lineno = string.lineno
    node.end_lineno = string.end_lineno
    if shift is None:
        node.col_offset, node.end_col_offset = string.col_offset, string.end_col_offset
    else:
        node.col_offset += shift
        node.end_col_offset = (node.end_col_offset or 0) + shift
