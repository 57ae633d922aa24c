"""Modules that a file takes out of ``sys.modules`` and puts back: nothing else takes their place."""

import ast
from collections.abc import Iterator, Sequence

from bot.engine.program.calls import called

_READS = ("pop", "get")


def put_back(tree: ast.Module) -> frozenset[str]:
    """The modules for which a file puts nothing into ``sys.modules`` but what it found there."""
    found = list(ast.walk(tree))
    assigns = [node for node in found if isinstance(node, ast.Assign)]
    put = [(key, node.value) for node in assigns for target in node.targets for key in _item(target)]
    saved = _saved(found, assigns) if put else {}
    others = {key for key, value in put if saved.get(ast.unparse(value)) != {key}}
    return frozenset(key for key, _ in put) - others - (set(_stubbed(found)) if put else set())


def _saved(found: Sequence[ast.AST], assigns: Sequence[ast.Assign]) -> dict[str, set[str]]:
    """By variable, the modules whose entry it holds; ``""`` where it may hold something else."""
    saved: dict[str, set[str]] = {}
    known = set[ast.AST]()
    for node in assigns:
        for target in node.targets:
            if isinstance(target, ast.Name | ast.Attribute):
                saved.setdefault(ast.unparse(target), set()).add(_entry(node.value))
                known.add(target)
    for each in found:
        if isinstance(each, ast.arg | ast.alias):
            saved.setdefault(each.arg if isinstance(each, ast.arg) else each.asname or each.name, set()).add("")
        elif isinstance(each, ast.Name | ast.Attribute) and isinstance(each.ctx, ast.Store) and each not in known:
            saved.setdefault(ast.unparse(each), set()).add("")
    return saved


def _entry(value: ast.expr) -> str:
    """The module whose entry of ``sys.modules`` an expression gives, or ``""``."""
    match value:
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(attr="modules"), attr=how), args=[ast.Constant(value=str(key)), *_]
        ) if how in _READS:
            return key
        case ast.Subscript(value=ast.Attribute(attr="modules"), slice=ast.Constant(value=str(key))):
            return key
        case _:
            return ""


def _item(target: ast.expr) -> Iterator[str]:
    match target:
        case ast.Subscript(value=ast.Attribute(attr="modules"), slice=ast.Constant(value=str(key))):
            yield key
        case _:
            pass


def _stubbed(found: Sequence[ast.AST]) -> Iterator[str]:
    """The modules that calls put something else for."""
    for node in found:
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") != "pop":
            yield from called(node, lambda _: ()).stubbed
