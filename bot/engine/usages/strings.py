"""Strings that name a module member: what ``patch``, ``setattr``, ``getattr`` and ``import_module`` are given."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.engine.resolve.resolver import NAMING, Resolver, written

_BY_PATH = frozenset({"patch", "spy", "setattr", "delattr", "import_string", "resolve_name", "locate"})
"""The last component of functions whose first argument can be a dotted path (``unittest.mock.patch``, pytest's
``monkeypatch.setattr``, ``pkgutil.resolve_name``, ``pydoc.locate``, Django's and Werkzeug's ``import_string``)."""
_MODULES = frozenset({"find_spec", "run_module", "find_loader", "import_module", "importorskip"})
"""Those whose first argument is a module's name."""
BY_MEMBER = frozenset({"object", "spy", "setattr", "delattr", "getattr", "hasattr"})
"""Those whose first argument is the module and whose second is the member's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StringUse:
    """A string and the dotted names that it can mean."""

    node: ast.Constant | ast.keyword
    """The string; of ``patch.multiple`` the keyword that is the member's name."""
    dotted: tuple[str, ...]
    function: str
    holder: ast.expr | None = None
    """The expression for what has the member that the string names."""


def string_uses(call: ast.Call, resolver: Resolver) -> Iterator[StringUse]:
    """The dotted strings that ``call`` is given."""
    named = [keyword.value for keyword in call.keywords if keyword.arg in NAMING]
    arguments = [*call.args[:2], *named]
    if getattr(call.func, "attr", "") == "multiple":
        yield from _multiple(call, written(call.func), resolver)
        return
    if not any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in arguments):
        return
    function = written(call.func) or getattr(call.func, "attr", "")
    last = _meaning(call.func, function, resolver).rpartition(".")[2]
    match arguments:
        case [ast.Constant(value=str(path)) as node, *_] if last in _MODULES and path:
            yield StringUse(node=node, dotted=resolver.named_module(call), function=function)
        case [ast.Constant(value=str(path)) as node, *_] if path and resolver.gets_module(call.func):
            yield StringUse(node=node, dotted=(path,), function=function)
        case [ast.Constant(value=str(path)) as node, *_] if path and resolver.is_importer(call.func):
            yield StringUse(node=node, dotted=resolver.imported_module(call) or (path,), function=function)
        case [ast.Constant(value=str(path)) as node, *_] if last in _BY_PATH and "." in path:
            yield StringUse(node=node, dotted=(path.replace(":", "."),), function=function)
        case [module, ast.Constant(value=str(member)) as node, *_] if last in BY_MEMBER:
            bases = resolver.expression(module)
            if bases:
                dotted = tuple(f"{base}.{member}" for base in bases)
                yield StringUse(node=node, dotted=dotted, function=function, holder=module)
        case _:
            return


def _multiple(call: ast.Call, function: str, resolver: Resolver) -> Iterator[StringUse]:
    """``patch.multiple(module, name=…)``: each name is a member."""
    for target in call.args[:1] or [keyword.value for keyword in call.keywords if keyword.arg == "target"]:
        constant = isinstance(target, ast.Constant) and isinstance(target.value, str)
        holders = (str(target.value),) if isinstance(target, ast.Constant) and constant else resolver.expression(target)
        for keyword in call.keywords:
            if keyword.arg and keyword.arg != "target":
                dotted = tuple(f"{holder}.{keyword.arg}" for holder in holders)
                yield StringUse(node=keyword, dotted=dotted, function=function)


def members_of_string(node: ast.AST, parents: Mapping[ast.AST, ast.AST], resolver: Resolver) -> Iterator[StringUse]:
    """``sys.modules["a.b"]``, ``"a.b" in sys.modules``, and the members that are taken of it or of
    ``import_module("a.b")``: shortest first."""
    match node:
        case ast.Call(func=function):
            text = _named(node)
            if text is None or not (resolver.is_importer(function) or resolver.gets_module(function)):
                return
            spelled, dotted = written(function), resolver.expression(node)
        case ast.Subscript(value=table, slice=ast.Constant(value=str()) as text) if resolver.is_table(table):
            spelled, dotted = written(table), resolver.expression(node)
        case ast.Compare(left=ast.Constant(value=str(name)) as text, ops=[ast.In() | ast.NotIn()], comparators=[table]):
            spelled, dotted = written(table), (name,) if resolver.is_table(table) else ()
        case _:
            return
    while dotted:
        yield StringUse(node=text, dotted=dotted, function=spelled)
        parent = parents.get(node)
        if not isinstance(parent, ast.Attribute):
            return
        node, dotted = parent, tuple(f"{each}.{parent.attr}" for each in dotted)


def _named(call: ast.Call) -> ast.Constant | None:
    """The string that names the module."""
    given = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg in NAMING)]
    first = given[0] if given else None
    return first if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _meaning(function: ast.expr, spelled: str, resolver: Resolver) -> str:
    """The function's own name where the file has imported it under another; of an attribute only the last part."""
    if isinstance(function, ast.Attribute):
        return function.attr
    origins = resolver.expression(function)
    return origins[0] if origins else spelled
