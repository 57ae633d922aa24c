"""Expressions in string annotations and other quoted types, with the places that they have in the file."""

import ast
import re
from collections.abc import Iterator

from bot.engine.resolve.bindings import BindingKind, Scope
from bot.engine.source.text import SourceMap, parse_expression

_PLAIN = re.compile(r"""[uUrR]?('''|\"""|'|")(.*)\1\Z""", re.DOTALL)
_TYPING = ("typing", "typing_extensions")
_GENERIC = ("typing", "typing_extensions", "collections", "abc", "builtins")
"""The last components of modules whose members make types when they are subscripted."""
_BUILT_IN = frozenset({"list", "dict", "set", "frozenset", "tuple", "type"})
_LOWER = _BUILT_IN | {"deque", "defaultdict"}
MAKERS = frozenset({"cast", "assert_type", "TypeVar", "NewType", "ForwardRef", "NamedTuple", "TypedDict"})
"""Functions of typing that are given types, which may be quoted."""


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


def may_be_generic(head: ast.expr) -> bool:
    """Whether a subscript of it may make a type, as far as its last name shows."""
    last = last_name(head)
    return last in _LOWER or last[:1].isupper()


def makes_types(head: ast.expr, scope: Scope) -> bool:
    """Whether it is a generic class, or one of the `MAKERS`, of Python's own: by what the file imports.

    A name that nothing binds is a built-in one, or comes from typing through a star import.
    """
    node, parts = head, list[str]()
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return False
    owner = scope.owner(node.id)
    if owner is None:
        return not parts
    imports = [binding.imported for binding in owner.bindings[node.id]]
    tail = "".join(f".{part}" for part in reversed(parts))
    names = [origin + tail for imported in imports if imported for origin in imported.origins]
    holders = (name.rpartition(".")[0].rpartition(".")[2] for name in names)
    return None not in imports and bool(names) and all(holder in _GENERIC for holder in holders)


def types_given(call: ast.Call) -> list[ast.expr]:
    """The arguments of a call of one of the `MAKERS` that are types, or hold the fields that have some."""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    match last_name(call.func):
        case "cast" | "ForwardRef":
            found = call.args[:1]
        case "assert_type" | "NewType":
            found = call.args[1:2]
        case "TypeVar":
            found = [*call.args[1:], *(named[key] for key in ("bound", "default") if key in named)]
        case "NamedTuple":
            fields = [field for each in call.args[1:2] for field in getattr(each, "elts", ())]
            found = [field.elts[1] for field in fields if isinstance(field, ast.Tuple) and len(field.elts) > 1]
        case "TypedDict":
            found = [value for each in call.args[1:2] if isinstance(each, ast.Dict) for value in each.values]
        case _:
            found = []
    return found


def last_name(node: ast.expr) -> str:
    """The last component of an attribute chain; empty for another expression."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


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
