"""Strings that name a module member: what ``patch``, ``setattr``, ``getattr`` and ``import_module`` are given."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.engine.resolve import Resolver, is_importer, written

_BY_PATH = frozenset({"patch", "spy", "setattr", "delattr", "import_string", "resolve_name", "locate"})
"""The last component of functions whose first argument can be a dotted path (``unittest.mock.patch``, pytest's
``monkeypatch.setattr``, ``pkgutil.resolve_name``, ``pydoc.locate``, Django's and Werkzeug's ``import_string``)."""
_BY_MEMBER = frozenset({"object", "spy", "setattr", "delattr", "getattr", "hasattr"})
"""Those whose first argument is the module and whose second is the member's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StringUse:
    """A string and the dotted names that it can mean."""

    node: ast.Constant
    dotted: tuple[str, ...]
    function: str


def string_uses(call: ast.Call, resolver: Resolver) -> Iterator[StringUse]:
    """The dotted strings that ``call`` is given."""
    if not any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in call.args[:2]):
        return
    function = written(call.func) or getattr(call.func, "attr", "")
    last = _meaning(call.func, function, resolver).rpartition(".")[2]
    match call.args:
        case [ast.Constant(value=str(path)) as node, *_] if is_importer(call.func) and path:
            yield StringUse(node=node, dotted=resolver.imported_module(call) or (path,), function=function)
        case [ast.Constant(value=str(path)) as node, *_] if last in _BY_PATH and "." in path:
            yield StringUse(node=node, dotted=(path.replace(":", "."),), function=function)
        case [module, ast.Constant(value=str(member)) as node, *_] if last in _BY_MEMBER:
            bases = resolver.expression(module)
            if bases:
                yield StringUse(node=node, dotted=tuple(f"{base}.{member}" for base in bases), function=function)
        case _:
            return


def members_of_string(node: ast.AST, parents: Mapping[ast.AST, ast.AST], resolver: Resolver) -> Iterator[StringUse]:
    """``sys.modules["a.b"]``, and the members that are taken of it or of ``import_module("a.b")``: shortest first."""
    match node:
        case ast.Call(func=function, args=[ast.Constant(value=str()) as text, *_]) if is_importer(function):
            spelled = written(function)
        case ast.Subscript(value=ast.Attribute(attr="modules") as table, slice=ast.Constant(value=str()) as text):
            spelled = written(table)
        case _:
            return
    dotted = resolver.expression(node)
    while dotted:
        yield StringUse(node=text, dotted=dotted, function=spelled)
        parent = parents.get(node)
        if not isinstance(parent, ast.Attribute):
            return
        node, dotted = parent, tuple(f"{each}.{parent.attr}" for each in dotted)


def _meaning(function: ast.expr, spelled: str, resolver: Resolver) -> str:
    """The function's own name where the file has imported it under another; of an attribute only the last part."""
    if isinstance(function, ast.Attribute):
        return function.attr
    origins = resolver.expression(function)
    return origins[0] if origins else spelled
