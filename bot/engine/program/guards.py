"""Usages that stand where the program has found out that the successor is not there, or asks whether it is."""

import ast
import builtins
from collections.abc import Iterable, Iterator

from bot.engine.resolve.annotation import last_name
from bot.engine.usages.analysis import Analysis, Use

_ABSENT = frozenset({"ImportError", "ModuleNotFoundError", "AttributeError", "NameError"})
_FAILURES = _ABSENT | {"Exception", "BaseException"}
_YOUNG = frozenset({"aiter", "anext", "EncodingWarning", "BaseExceptionGroup", "ExceptionGroup"})
"""The built-ins that not every Python 3 has."""


def guards(analysis: Analysis, use: Use, successor: str) -> bool:
    """Whether the usage stands in for ``successor`` where that is not there.

    In a handler (or a function defined in one) of a ``try`` that speaks of the successor; in a branch of an ``if``, an
    operand of ``or`` or an alternative that asks by ``hasattr`` or ``getattr`` whether it is there.
    """
    module, _, leaf = successor.rpartition(".")
    if leaf == use.symbol.rpartition(".")[2] or (module == "builtins" and _is_always_there(leaf)):
        return False
    for parent, child in around_use(analysis, use.node):
        match parent:
            case ast.Try(body=body, handlers=handlers) if any(child is each for each in handlers):
                if any(_fails(each) for each in handlers if each is child) and _speaks(analysis, body, leaf):
                    return True
            case ast.If(test=test) | ast.IfExp(test=test) if child is not test and _asks(test, leaf):
                return True
            case ast.BoolOp(values=values) if any(_asks(value, leaf) for value in values if value is not child):
                return True
            case ast.Call(args=[_, ast.Constant(value=asked), _]) if asked == leaf and _asks(parent, leaf):
                return True
            case _:
                pass
    return False


def around_use(analysis: Analysis, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """What stands around a node, from the inside, each with the part of it that holds the node."""
    parent = analysis.parents.get(node)
    while parent is not None:
        yield parent, node
        node, parent = parent, analysis.parents.get(parent)


def _fails(handler: ast.ExceptHandler) -> bool:
    """Whether a handler is for what an absent name raises."""
    names = {last_name(each) for each in caught(handler)}
    return handler.type is None or not names.isdisjoint(_FAILURES)


def caught(handler: ast.ExceptHandler) -> list[ast.expr]:
    """The exceptions that a handler is for, as they are written; none if it is for all."""
    if handler.type is None:
        return []
    return handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]


def may_be_absent(exceptions: Iterable[ast.expr]) -> bool:
    """Whether one of the exceptions is what an absent name or module raises, and little else."""
    return any(last_name(each) in _ABSENT for each in exceptions)


def _is_always_there(name: str) -> bool:
    """Whether every Python 3 has a built-in."""
    return hasattr(builtins, name) and name not in _YOUNG


def _speaks(analysis: Analysis, body: list[ast.stmt], leaf: str) -> bool:
    """Whether a block reads the name, alone or of something imported, or imports it."""
    for node in (node for statement in body for node in ast.walk(statement)):
        match node:
            case ast.Attribute(attr=name, value=holder) if name == leaf and _may_be_module(analysis, holder):
                return True
            case ast.Name(id=name, ctx=ast.Load()) if name == leaf:
                return True
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                if any(leaf in alias.name.split(".") for alias in names):
                    return True
            case _:
                pass
    return False


def _may_be_module(analysis: Analysis, node: ast.expr) -> bool:
    """Whether an expression may be a module or a class: what begins with an import, or with no variable at all."""
    while isinstance(node, ast.Attribute):
        node = node.value
    if not isinstance(node, ast.Name):
        return isinstance(node, ast.Call)  # ``import_module(…)``
    bound = [each for scope in analysis.root.walk() for each in scope.bindings.get(node.id, ())]
    return not bound or any(each.imported is not None or each.value is not None for each in bound)


def _asks(test: ast.expr, leaf: str) -> bool:
    """Whether an expression asks for an attribute by its name: ``hasattr(x, "leaf")``, ``getattr(x, "leaf", None)``."""
    calls = (node for node in ast.walk(test) if isinstance(node, ast.Call))
    return any(
        isinstance(call.func, ast.Name)
        and call.func.id in ("hasattr", "getattr")
        and any(isinstance(argument, ast.Constant) and argument.value == leaf for argument in call.args[1:2])
        for call in calls
    )
