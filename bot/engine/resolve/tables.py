"""What stands in tables that are written out: lists, tuples, sets and dicts."""

import ast
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest

from bot.engine.resolve.bindings import Load
from bot.engine.resolve.scope import owner_at

_ADDING = {"append": 0, "add": 0, "insert": 1, "extend": 0, "update": 0, "setdefault": 1}
"""Methods that put something into a table, and which argument it is."""
_WHOLE = frozenset({"extend", "update"})


def entries(table: ast.expr, keys: Sequence[object]) -> list[ast.expr]:
    """What stands in a table under one of ``keys``; all that is in it without keys.  A set stands for any table."""
    match table:
        case ast.Dict(keys=written, values=values):
            found: list[ast.expr] = []
            for key, value in zip(written, values, strict=True):
                if key is None:
                    found += entries(value, keys)
                elif not keys or not isinstance(key, ast.Constant) or key.value in keys:
                    found.append(value)
            return found
        case ast.List(elts=values) | ast.Tuple(elts=values):
            places = [key for key in keys if isinstance(key, int)]
            if not places or any(isinstance(each, ast.Starred) for each in values):
                return [value for value in values if not isinstance(value, ast.Starred)]
            return [values[place] for place in places if -len(values) <= place < len(values)]
        case ast.Set(elts=values):
            return [value for value in values if not isinstance(value, ast.Starred)]
        case ast.Call(func=ast.Name(id="dict"), keywords=keywords):
            return [each.value for each in keywords if not keys or each.arg in keys]
        case _:
            return []


def elements(table: ast.expr) -> list[ast.expr]:
    """What a loop over a table goes through."""
    match table:
        case ast.List(elts=values) | ast.Tuple(elts=values) | ast.Set(elts=values):
            return values
        case ast.Dict(keys=keys):
            return [key for key in keys if key is not None]
        case _:
            return []


def spread(table: ast.expr, method: str) -> list[ast.expr]:
    """What a loop over ``table.values()``, ``.items()`` or ``.keys()`` goes through."""
    if method == "values":
        return entries(table, ())
    match table:
        case ast.Dict(keys=keys, values=values) if method == "items":
            return [_pair(key, value) for key, value in zip(keys, values, strict=True) if key is not None]
        case ast.Set(elts=values) if method == "items":
            return [_pair(ast.Constant(value=None), value) for value in values]
        case ast.Call() if method == "items":
            return [_pair(ast.Constant(value=None), value) for value in entries(table, ())]
        case _:
            return elements(table) if isinstance(table, ast.Dict) else []


def _pair(*parts: ast.expr) -> ast.expr:
    return ast.Tuple(elts=list(parts), ctx=ast.Load())


def column(value: ast.expr, place: int) -> list[ast.expr]:
    """The part of an unpacked value at a place."""
    match value:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) if place < len(parts):
            return [] if any(isinstance(each, ast.Starred) for each in parts[: place + 1]) else [parts[place]]
        case _:
            return []


def _first(given: Sequence[list[ast.expr]]) -> list[ast.expr]:
    return given[0] if given else []


def _numbered(given: Sequence[list[ast.expr]]) -> list[ast.expr]:
    return [_pair(ast.Constant(value=None), each) for each in _first(given)]


def _zipped(given: Sequence[list[ast.expr]]) -> list[ast.expr]:
    return [_pair(*parts) for parts in zip_longest(*given, fillvalue=ast.Constant(value=None))]


ELEMENT: Mapping[str, Callable[[Sequence[list[ast.expr]]], list[ast.expr]]] = {
    **dict.fromkeys(("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter"), _first),
    "enumerate": _numbered,
    "zip": _zipped,
}
"""What is gone through in what built-in functions make of other things that are gone through."""


def added(load: Load, parents: Mapping[ast.AST, ast.AST]) -> ast.expr | None:
    """What is put into the table that a variable holds, wherever that is, as a set: under which key does not matter."""
    owner = owner_at(load)
    found: list[ast.expr] = []
    for each in owner.reads.get(load.node.id, ()) if owner else ():
        found += _put(each.node, parents)
    return ast.Set(elts=found) if found else None


def _put(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> list[ast.expr]:
    above = parents.get(node)
    around = parents.get(above) if above else None
    match above, around:
        case ast.Subscript(value=table, ctx=ast.Store()), ast.Assign(value=value) if table is node:
            return [value]
        case ast.Attribute(attr=method), ast.Call(func=function, args=arguments) if function is above:
            place = _ADDING.get(method)
            if place is None or place >= len(arguments):
                return []
            given = arguments[place]
            return [*elements(given), *entries(given, ())] if method in _WHOLE else [given]
        case _:
            return []
