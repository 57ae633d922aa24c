"""What the variables of a file may stand for, or which strings they may be: who is given what, by whatever statement.

The answer may be a value too many, never one too few: who is called is asked by name alone.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Given = tuple[str, ast.expr, int]
"""A variable, an expression that it may be bound to, and the line where it is."""
_Looping = ast.For | ast.AsyncFor | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_LOOPS = frozenset({ast.For, ast.AsyncFor, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp})
_LISTS = (ast.Tuple, ast.List, ast.Set)
_CHOICES = (ast.NamedExpr, ast.IfExp, ast.BoolOp)
_WITH_OBJECT = ("self", "cls")


def given(nodes: Sequence[ast.AST]) -> list[Given]:
    """What the nodes of a file bind: by an assignment, a loop over what is written out, a default, a call of theirs."""
    functions: dict[str, list[ast.arguments]] = {}
    found: list[Given] = []
    tables = _tables(nodes)
    for node in nodes:
        kind = type(node)
        if kind in _LOOPS:
            found += _over_tables(node, tables)  # type: ignore[arg-type]
        if kind in _WAYS:
            found += _WAYS[kind](node)
        if kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
            functions.setdefault(node.name, []).append(node.args)  # type: ignore[attr-defined]
    for node in nodes:
        if type(node) is ast.Call:
            name = node.func.attr if type(node.func) is ast.Attribute else getattr(node.func, "id", "")
            for parameters in functions.get(name, ()):
                found += _handed(parameters, node)
    return found


def _assigned(node: ast.Assign | ast.AnnAssign | ast.NamedExpr) -> Iterator[Given]:
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        if node.value is not None:
            yield from _paired(target, node.value)


def _looped(node: _Looping) -> Iterator[Given]:
    for part in [node] if isinstance(node, ast.For | ast.AsyncFor) else node.generators:
        for value in part.iter.elts if isinstance(part.iter, _LISTS) else ():
            yield from _paired(part.target, value)


def _tables(nodes: Sequence[ast.AST]) -> Mapping[str, Sequence[ast.expr]]:
    """The lists and dictionaries that are written out, by the variables that they are bound to."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, (*_LISTS, ast.Dict)):
            for name, value, _ in _assigned(node):
                if value is node.value:
                    found.setdefault(name, []).append(value)
    return found


def _over_tables(node: _Looping, tables: Mapping[str, Sequence[ast.expr]]) -> Iterator[Given]:
    """What a loop over such a variable, or over a dictionary that is written out, binds."""
    for part in [node] if isinstance(node, ast.For | ast.AsyncFor) else node.generators:
        over, method = part.iter, ""
        match over:
            case ast.Call(func=ast.Name(), args=[one], keywords=[]):
                over = one  # sorted, reversed, list …
            case _:
                pass
        match over:
            case ast.Call(func=ast.Attribute(value=held, attr=method), args=[]):
                over = held
            case _:
                pass
        for table in tables.get(over.id, ()) if isinstance(over, ast.Name) else (over,):
            for value in _items(table, method):
                yield from _paired(part.target, value)


def _items(table: ast.expr, method: str) -> Iterator[ast.expr]:
    match table:
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if key is not None:
                    yield {"items": ast.Tuple([key, value]), "values": value}.get(method, key)
        case ast.List(elts=values) | ast.Tuple(elts=values) | ast.Set(elts=values):
            yield from values
        case _:
            return


def _paired(target: ast.expr, value: ast.expr) -> Iterator[Given]:
    match target, value:
        case ast.Name(id=name), _:
            yield name, value, target.lineno
        case ((ast.Tuple(elts=targets) | ast.List(elts=targets)), (ast.Tuple(elts=values) | ast.List(elts=values))):
            if len(targets) == len(values):
                for one, other in zip(targets, values, strict=True):
                    yield from _paired(one, other)
        case _:
            return


def _defaults(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[Given]:
    parameters = node.args
    positional = [*parameters.posonlyargs, *parameters.args]
    last = positional[len(positional) - len(parameters.defaults) :]
    yield from ((each.arg, value, each.lineno) for each, value in zip(last, parameters.defaults, strict=True))
    for each, default in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True):
        if default is not None:
            yield each.arg, default, each.lineno


def _handed(parameters: ast.arguments, call: ast.Call) -> Iterator[Given]:
    """What a call gives to the parameters of a function of the file."""
    known = [*parameters.posonlyargs, *parameters.args]
    if isinstance(call.func, ast.Attribute) and known and known[0].arg in _WITH_OBJECT:
        del known[0]
    for each, value in zip(known, call.args, strict=False):
        if isinstance(value, ast.Starred):
            break
        yield each.arg, value, each.lineno
    named = {each.arg: each.lineno for each in (*known, *parameters.kwonlyargs)}
    for keyword in call.keywords:
        if keyword.arg in named:
            yield keyword.arg, keyword.value, named[keyword.arg]


_WAYS: Mapping[type[ast.AST], Callable[[Any], Iterator[Given]]] = {
    **dict.fromkeys((ast.Assign, ast.AnnAssign, ast.NamedExpr), _assigned),
    **dict.fromkeys((ast.For, ast.AsyncFor, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp), _looped),
    **dict.fromkeys((ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda), _defaults),
}


def alternatives(node: ast.expr) -> Sequence[ast.expr]:
    """The expressions of which a value is one: those of ``a if c else b``, ``a or b``, ``(n := a)``."""
    if type(node) not in _CHOICES:
        return (node,)
    match node:
        case ast.NamedExpr(value=value):
            return alternatives(value)
        case ast.IfExp(body=one, orelse=other):
            return [*alternatives(one), *alternatives(other)]
        case ast.BoolOp(values=values):
            return [each for value in values for each in alternatives(value)]
        case _:
            return [node]
