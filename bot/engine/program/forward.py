"""Names in strings that stand for types where no annotation is: ``list["Row"]``, ``NewType("N", "Row")`` …"""

import ast
from collections.abc import Container, Iterator

from bot.engine.resolve.annotation import last_name
from bot.engine.resolve.exports import PARSE_ERRORS
from bot.engine.source.text import parse_expression

_MAKERS = frozenset({"NewType", "TypedDict", "NamedTuple", "namedtuple", "cast", "TypeVar", "ForwardRef"})
_LOWER = frozenset({"list", "dict", "set", "frozenset", "tuple", "type", "deque", "defaultdict"})
_LONGEST = 500


def forward_names(tree: ast.Module, known: Container[ast.AST]) -> frozenset[str]:
    """The names that such strings speak of, but for those strings that are ``known`` to be types."""
    return frozenset(name for string in _strings(tree) if string not in known for name in _names(str(string.value)))


def _strings(tree: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=head, slice=inside) if _is_generic(head):
                yield from _within(inside)
            case ast.Call(func=function, args=arguments, keywords=keywords) if last_name(function) in _MAKERS:
                for part in (*arguments, *(keyword.value for keyword in keywords)):
                    yield from _within(part)
            case ast.AnnAssign(annotation=annotation, value=ast.expr() as value) if (
                last_name(annotation) == "TypeAlias"
            ):
                yield from _within(value)
            case _:
                pass


def _within(node: ast.expr) -> Iterator[ast.Constant]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and len(each.value) < _LONGEST:
            yield each


def _is_generic(head: ast.expr) -> bool:
    """Whether a subscript of it makes a type, as far as its name shows."""
    last = last_name(head)
    return last != "Literal" and (last in _LOWER or last[:1].isupper())


def _names(text: str) -> Iterator[str]:
    try:
        tree = parse_expression(text.strip())
    except PARSE_ERRORS:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
