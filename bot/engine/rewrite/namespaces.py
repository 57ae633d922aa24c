"""Whether a file may read its variables by their names: with ``locals()``, ``eval`` or through ``sys.modules``."""

import ast
import re
from collections.abc import Iterator

from bot.engine.resolve.bindings import BindingKind, Load, Scope, ScopeKind
from bot.engine.resolve.resolver import gets_module, is_importer
from bot.engine.usages.analysis import Analysis

_TABLES = frozenset({"globals", "locals", "vars"})
_RUNNERS = frozenset({"eval", "exec"})
_OF_ITS_OWN = frozenset({BindingKind.PARAMETER, BindingKind.FUNCTION, BindingKind.CLASS})
_WORD = re.compile(r"\w+")
_INSIDES = re.compile(r"__dict__|\bf_globals\b|\bf_locals\b")
"""Other ways to a namespace than the functions for it."""


def reads_by_name(analysis: Analysis, scope: Scope, name: str | None = None) -> bool:
    """Whether code in the scope may read variables (or one of them) by their names: ``eval``, ``exec``, ``locals`` …"""
    loads = (load for inner in scope.walk() for used in (*_TABLES, *_RUNNERS) for load in inner.loads.get(used, ()))
    other = (load for load in loads if name is None or not _is_for_another(analysis, load, name))
    return any(not _is_of_another(analysis, load) for load in other)


def _is_for_another(analysis: Analysis, load: Load, name: str) -> bool:
    """Whether what is read is written out, and ``name`` is none of it: ``globals()["other"]``, ``eval("other(1)")``."""
    call = analysis.parents[load.node]
    match call, analysis.parents.get(call):
        case ast.Call(args=[], keywords=[]), ast.Subscript(slice=ast.Constant(value=str(key)), ctx=ast.Load()):
            return load.node.id in _TABLES and key != name
        case ast.Call(args=[ast.Constant(value=str(text)), *_]), _:
            words = {*_WORD.findall(text)}
            return load.node.id in _RUNNERS and words.isdisjoint({name, *_TABLES, *_RUNNERS})
        case _:
            return False


def _is_of_another(analysis: Analysis, load: Load) -> bool:
    """``vars(value)``, code that is run with names of its own, or a parameter that is called as the function is."""
    owner = load.scope.owner(load.node.id)
    if owner is not None and all(binding.kind in _OF_ITS_OWN for binding in owner.bindings[load.node.id]):
        return True
    call = analysis.parents[load.node]
    if not isinstance(call, ast.Call) or call.func is not load.node:
        return False
    if load.node.id == "vars" and call.args:
        return not any(isinstance(each, ast.Name) and each.id == "__name__" for each in ast.walk(call.args[0]))
    if load.node.id in _RUNNERS and len(call.args) > 1 and not _INSIDES.search(analysis.text):
        return all(_is_made(analysis, each) for each in call.args[1:])
    return False


def _is_made(analysis: Analysis, names: ast.expr) -> bool:
    """Whether a namespace is a dictionary of the program's own, made here."""
    if isinstance(names, ast.Dict):
        return all(key is not None for key in names.keys)
    if not isinstance(names, ast.Name):
        return False
    owner = analysis.scope_of(names).owner(names.id)
    values = [binding.value for binding in owner.bindings[names.id]] if owner else []
    return bool(values) and all(isinstance(value, ast.Dict) and _is_made(analysis, value) for value in values)


def reads_itself(analysis: Analysis, name: str) -> bool:
    """Whether the module may look ``name`` up in itself: ``sys.modules[__name__]`` and a string that ends with it."""
    if re.search(rf"""['".]{re.escape(name)}['"]""", analysis.text) is None:
        return False
    given: list[Load] = []
    for load in _readers(analysis):
        parent = analysis.parents[load.node]
        if isinstance(parent, ast.Call) and load.node is not parent.func and _is_tied(analysis, load, parent):
            given.append(load)
        elif not isinstance(parent, ast.Compare):
            return True
    return any(_names(statement, name) for load in given for statement in _reached(analysis, load))


def _readers(analysis: Analysis) -> Iterator[Load]:
    """The places that may give the module's own variables, or its name."""
    for inner in analysis.root.walk():
        for reader in ("__name__", *_TABLES):
            for load in inner.loads.get(reader, ()):
                if reader == "__name__" or not _is_of_another(analysis, load):
                    yield load


def _is_tied(analysis: Analysis, load: Load, call: ast.Call) -> bool:
    """Whether the module's name goes to a function, and what comes of that only to a variable: ``get(__name__)``."""
    if load.node.id != "__name__" or is_importer(call.func) or gets_module(call.func):
        return False
    match load.statement:
        case ast.Assign(targets=[ast.Name()]) | ast.AnnAssign(target=ast.Name()):
            return analysis.scope_of(load.statement).kind is not ScopeKind.CLASS
        case ast.Expr():
            return True
        case _:
            return False


def _reached(analysis: Analysis, load: Load) -> Iterator[ast.stmt]:
    """The statement, and those that read the variable that it binds."""
    yield load.statement
    match load.statement:
        case ast.Assign(targets=[ast.Name(id=variable)]) | ast.AnnAssign(target=ast.Name(id=variable)):
            owner = analysis.scope_of(load.statement).owner(variable)
            yield from (each.statement for each in (owner.reads.get(variable, ()) if owner else ()))
        case _:
            pass


def _names(statement: ast.stmt, name: str) -> bool:
    """Whether a string in it is ``name``, or a dotted name that ends with it."""
    strings = (node.value for node in ast.walk(statement) if isinstance(node, ast.Constant))
    return any(isinstance(text, str) and f".{text}".endswith(f".{name}") for text in strings)
