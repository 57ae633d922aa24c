"""What calls of a function come to, as far as its ``return`` statements say so."""

import ast
import builtins
from collections.abc import Iterator

from bot.engine.program.definition import Definition, Function, definition_of, leaf
from bot.engine.program.index import Index
from bot.engine.program.nodes import own_nodes
from bot.engine.resolve.exports import PARSE_ERRORS, parse

_MADE = {"list": "a list", "sorted": "a list", "tuple": "a tuple", "dict": "a dictionary", "set": "a set",
         "frozenset": "a frozen set", "str": "text", "repr": "text", "int": "a number", "len": "a number",
         "float": "a number", "bool": "a truth value", "bytes": "bytes",
         **dict.fromkeys(("map", "filter", "zip", "reversed", "enumerate", "iter"), "an iterator")}  # fmt: skip
"""What built-in functions give."""
_KEEPING = frozenset({"deprecated", "override", "final", "cache", "lru_cache", "staticmethod", "classmethod"})
_MANAGERS = frozenset({"contextmanager", "asynccontextmanager"})
_NOTHING = "nothing"


def gives_otherwise(index: Index, symbol: str, successor: str) -> str | None:
    """How the results of two functions differ for certain; not where the deprecated one hands on to its successor."""
    old, new = definition_of(index, symbol, set()), definition_of(index, successor, set())
    if old is None or new is None or old.statement is new.statement:
        return None
    if not isinstance(old.statement, Function) or not isinstance(new.statement, Function):
        return None
    words = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(old.statement)}
    if new.statement.name in words and new.statement.name != old.statement.name:
        return None
    one, other = _given(index, old), _given(index, new)
    if other == frozenset({_NOTHING}) and one != other and _has_value(old.statement):
        return f"{successor} returns nothing, and {symbol} does"
    if one is None or other is None or one & other or _NOTHING in one:
        return None
    return f"{successor} gives {min(other)}, and {symbol} {min(one)}"


def _has_value(function: Function) -> bool:
    return any(not _is_none(each.value) for each in _returns(function))


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _given(index: Index, found: Definition) -> frozenset[str] | None:
    """The kinds of what it gives; ``None`` where one of them is not known."""
    function = found.statement
    if not isinstance(function, Function):
        return None
    if found.decorators and found.decorators <= _MANAGERS | _KEEPING and found.decorators & _MANAGERS:
        return frozenset({"a context manager"})
    if isinstance(function, ast.AsyncFunctionDef) or found.decorators - _KEEPING or _is_open(function):
        return None
    returns = list(_returns(function))
    if all(_is_none(each.value) for each in returns):
        return frozenset({_NOTHING})
    kinds = [_kind(index, found, each.value) for each in returns]
    return frozenset(kind for kind in kinds if kind) if all(kinds) else None


def _is_open(function: Function) -> bool:
    """Whether it is written to be overridden, never comes back, or gives its values one by one."""
    body = [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    stub = all(isinstance(node, ast.Pass | ast.Raise) for node in body)
    return (stub and bool(function.decorator_list or not any(isinstance(n, ast.Pass) for n in body))) or any(
        isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(function)
    )


def _returns(function: Function) -> Iterator[ast.Return]:
    return (node for node in own_nodes(function) if isinstance(node, ast.Return))


def _kind(index: Index, found: Definition, value: ast.expr | None) -> str | None:
    match value:
        case None | ast.Constant(value=None):
            return _NOTHING
        case ast.Constant(value=constant):
            names = {bool: "a truth value", int: "a number", float: "a number", str: "text", bytes: "bytes"}
            return names.get(type(constant))
        case ast.Tuple(elts=parts):
            starred = any(isinstance(each, ast.Starred) for each in parts)
            return None if starred else f"a tuple of {len(parts)}"
        case ast.Call(func=ast.Name(id=name)):
            return _called(index, found, name)
        case _:
            return _DISPLAYS.get(type(value))


_DISPLAYS: dict[type[ast.AST], str] = {
    ast.JoinedStr: "text", ast.List: "a list", ast.ListComp: "a list", ast.Dict: "a dictionary",
    ast.DictComp: "a dictionary", ast.Set: "a set", ast.SetComp: "a set", ast.GeneratorExp: "an iterator",
    ast.Lambda: "a function",
}  # fmt: skip


def _called(index: Index, found: Definition, name: str) -> str | None:
    """What a call of a function of the same module, or of a built-in one, gives."""
    known = index.source_of(found.module)
    try:
        body = parse(known[1]).body if isinstance(known, tuple) else []
    except PARSE_ERRORS:
        return None
    bound = [node for node in body if getattr(node, "name", None) == name]
    if len(bound) == 1 and isinstance(bound[0], ast.AsyncFunctionDef):
        plain = not any(leaf(each) not in _KEEPING for each in bound[0].decorator_list)
        generates = any(isinstance(node, ast.Yield) for node in own_nodes(bound[0]))
        return "a coroutine" if plain and not generates else None
    mentioned = isinstance(known, tuple) and name in index.exports(*known).origins
    return _MADE.get(name) if hasattr(builtins, name) and not bound and not mentioned else None
