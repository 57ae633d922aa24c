"""Successors that are another class, where objects of the deprecated one are still about: asked for, or compared."""

import ast
from collections.abc import Iterator, Sequence

from bot.engine.program.definition import Definition, bases_of, definition_of, is_one
from bot.engine.program.index import Index
from bot.engine.program.nature import is_enumeration
from bot.engine.resolve.exports import parse


def another_class(index: Index, symbol: str, successor: str | None) -> str | None:
    """How the successor is another class, where objects of the old one, or of both, are still made."""
    if successor is None or (both := _two_classes(index, symbol, successor)) is None:
        return None
    old, new = both
    above = any(is_one(index, new, _definition(index, base)) for base in bases_of(index, old))
    below = any(is_one(index, old, _definition(index, base)) for base in bases_of(index, new))
    if above or below:
        return f"{successor} is {'above' if above else 'below'} {symbol}, which is not the same class"
    place = _made_at(index, old)
    return f"{successor} and {symbol} are two classes, and {place} makes objects of the second" if place else None


def another_equal(index: Index, symbol: str, successor: str) -> str | None:
    """How objects of the two classes are not equal, where the module of the old one still gives its own to others."""
    if (both := _two_classes(index, symbol, successor)) is None or not _is_equal_within(index, symbol, both[0]):
        return None
    old, new = both
    if any(is_one(index, each, _definition(index, base)) for each in both for base in bases_of(index, new)):
        return None
    place = _made_at(index, old, is_enumeration(index, symbol))
    return f"{successor} and {symbol} are two classes, and {place} makes objects of the second" if place else None


def _is_equal_within(index: Index, symbol: str, found: Definition) -> bool:
    """Whether objects of a class are equal to others of that class alone: members of an enumeration, data …"""
    if is_enumeration(index, symbol) or found.decorators & {"dataclass", "define", "frozen", "attrs"}:
        return True
    return any(isinstance(each, ast.FunctionDef) and each.name == "__eq__" for each in found.statement.body)


def asked_for(index: Index, symbol: str, successor: str) -> str | None:
    """Where the module of a deprecated class asks objects if they are of it, which those of the successor are not."""
    if (both := _two_classes(index, symbol, successor)) is None:
        return None
    old, new = both
    if any(is_one(index, old, _definition(index, base)) for base in bases_of(index, new)):
        return None
    known, name = index.source_of(old.module), old.statement.name
    for node in _outside(parse(known[1]), name) if isinstance(known, tuple) else ():
        if isinstance(known, tuple) and name in {getattr(each, "id", "") for each in _asks_for(node)}:
            return f"{successor} is another class than {symbol}, of which {known[0]}:{node.lineno} asks objects to be"
    return None


def _two_classes(index: Index, one: str, other: str) -> tuple[Definition, Definition] | None:
    """The definitions of both names, if they are two classes."""
    found = definition_of(index, one, set()), definition_of(index, other, set())
    match found:
        case Definition(statement=ast.ClassDef()), Definition(statement=ast.ClassDef()):
            return None if is_one(index, *found) else (found[0], found[1])
        case _:
            return None


def _outside(tree: ast.Module, name: str) -> Iterator[ast.expr | ast.ExceptHandler]:
    """What asks objects for their class, but in the class itself: there it asks for its own."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Call | ast.ExceptHandler | ast.Attribute):
            yield node
        if not (isinstance(node, ast.ClassDef) and node.name == name):
            pending += ast.iter_child_nodes(node)


def _asks_for(node: ast.AST) -> Sequence[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, ast.Tuple(elts=sorts)]):
            return sorts
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, sort]):
            return [sort]
        case ast.ExceptHandler(type=ast.Tuple(elts=sorts)):
            return sorts
        case ast.ExceptHandler(type=ast.expr() as sort) | ast.Attribute(value=sort, attr="__subclasses__"):
            return [sort]
        case _:
            return ()


def _definition(index: Index, dotted: str) -> Definition | None:
    return definition_of(index, dotted, set())


def _made_at(index: Index, found: Definition, members: bool = False) -> str | None:
    """Where the module that defines a class makes objects of it, or of a class that is derived from it.

    ``members``: it is an enumeration, whose members are the objects.
    """
    known, name = index.source_of(found.module), found.statement.name
    for node in ast.walk(parse(known[1])) if isinstance(known, tuple) else ():
        match node:
            case ast.Call(func=ast.Name(id=made)) | ast.Raise(exc=ast.Name(id=made)):
                makes = made == name
            case ast.ClassDef(bases=bases):
                makes = any(isinstance(base, ast.Name) and base.id == name for base in bases)
            case ast.Attribute(value=ast.Name(id=made)):
                makes = members and made == name and node.lineno not in _lines(found)
            case _:
                makes = False
        if makes and isinstance(known, tuple):
            return f"{known[0]}:{getattr(node, 'lineno', 1)}"
    return None


def _lines(found: Definition) -> range:
    return range(found.statement.lineno, (found.statement.end_lineno or found.statement.lineno) + 1)
