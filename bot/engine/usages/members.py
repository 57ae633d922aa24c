"""Where a string says which member of a value is meant: ``getattr(value, name)``, ``vars(value)[name]`` and others."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.engine.resolve.resolver import written
from bot.engine.resolve.values import Values
from bot.engine.usages.strings import BY_MEMBER

_ASKING = frozenset({"__getattribute__", "__getattr__", "__setattr__", "__delattr__"})
_TAKING = frozenset({"get", "pop", "setdefault", "__getitem__"})
_GETTERS = frozenset({"operator.attrgetter", "operator.methodcaller"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberString:
    """Strings that say which member is meant, and what may have the member."""

    texts: tuple[ast.Constant, ...]
    holders: tuple[ast.expr, ...]
    function: str
    """What they are given to, as it is written."""


def member_strings(node: ast.AST, values: Values) -> Iterator[MemberString]:
    """The members that a call or a subscript takes by their names."""
    match node:
        case ast.Call(func=ast.Name() | ast.Attribute() as function, args=[holder, key, *_]) if (
            _last(function) in BY_MEMBER
        ):
            yield _member(values, key, [holder], written(function))
        case ast.Call(func=ast.Attribute(value=holder, attr=method), args=[key, *_]) if method in _ASKING:
            yield _member(values, key, [holder], written(node.func) or method)
        case ast.Call(func=ast.Attribute(value=table, attr=method), args=[key, *_]) if method in _TAKING:
            yield from _named(values, table, key)
        case ast.Subscript(value=table, slice=key):
            yield from _named(values, table, key)
        case ast.Call(func=ast.Name(id="map"), args=[getter, iterable]):
            yield from _got(values, getter, values.elements(iterable))
        case ast.Call(func=ast.Name() | ast.Attribute() as partial, args=[ast.Name() as function, holder, key]) if (
            _last(partial) == "partial" and function.id in BY_MEMBER
        ):
            yield _member(values, key, [holder], function.id)
        case ast.Call(func=getter, args=[holder]):
            yield from _got(values, getter, [holder])
        case _:
            return


def _member(values: Values, key: ast.expr, holders: Sequence[ast.expr], function: str) -> MemberString:
    return MemberString(texts=values.texts(key), holders=tuple(holders), function=function)


def _named(values: Values, table: ast.expr, key: ast.expr) -> Iterator[MemberString]:
    """A member that is taken of ``vars(value)`` or of ``value.__dict__``."""
    texts = values.texts(key)
    for leaf in values.of(table) if texts else ():
        match leaf:
            case ast.Attribute(value=holder, attr="__dict__"):
                yield MemberString(texts=texts, holders=(holder,), function="__dict__")
            case ast.Call(func=ast.Name(id="vars"), args=[holder]):
                yield MemberString(texts=texts, holders=(holder,), function="vars")
            case _:
                continue


def _got(values: Values, getter: ast.expr, holders: Sequence[ast.expr]) -> Iterator[MemberString]:
    """What ``attrgetter("name")`` and ``methodcaller("name")`` get of values."""
    if not isinstance(getter, ast.Call | ast.Name):
        return
    for leaf in values.of(getter):
        if isinstance(leaf, ast.Call) and not _GETTERS.isdisjoint(values.names(leaf.func)):
            for key in leaf.args if _last(leaf.func) == "attrgetter" else leaf.args[:1]:
                yield _member(values, key, holders, written(leaf.func))


def _last(function: ast.expr) -> str:
    return written(function).rpartition(".")[2]
