"""Methods that a rewrite would call on their class, where an object is needed."""

import ast
from collections.abc import Iterator, Mapping

from bot.engine.program.definition import Definition, needs_object
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.matching import Match
from bot.engine.rewrite.patterns import CANONICAL, Template, metavariable
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.requires import has_type
from bot.engine.rewrite.rules import successor
from bot.engine.usages.analysis import Analysis, Use


def without_object(
    layout: Layout, use: Use, template: Template, match: Match, dotted: Mapping[str, str], missing_modules: set[str]
) -> Refusal | None:  # fmt: skip
    """The first such method of a template; ``dotted`` are the names in it, by what it calls them.

    The first argument of the call may be the object: where it is proved to be one of that class, or is made there.
    ``missing_modules`` gets those whose source would tell.
    """
    parents = {child: node for node in ast.walk(template.tree) for child in ast.iter_child_nodes(node)}
    index = layout.analysis.index
    for node, name in _names(template.tree, dotted):
        method = needs_object(index, name, missing_modules)
        if method is None or (name == successor(use) and needs_object(index, use.symbol, missing_modules)):
            continue  # the deprecated name is a method too, and is called in the same way
        whole = node is template.tree
        called = match.root if whole else node
        call = (layout.analysis.parents if whole else parents).get(called)
        first = call.args[0] if isinstance(call, ast.Call) and call.func is called and call.args else None
        given = match.one.get(metavariable(first) or "", first) if first is not None else None
        if given is None or not _is_object(layout.analysis, given, name.rpartition(".")[0], dotted):
            return Refusal(reason=Reason.NO_OBJECT, name=_shown(method))
    return None


def drops_in_without_object(analysis: Analysis, use: Use, missing_modules: set[str]) -> Refusal | None:
    """Why a successor cannot take the place of a function: it is a method, and nobody gives it an object."""
    target = successor(use)
    if target is None or use.symbol != use.target.name or not _is_of_module(analysis, use.symbol):
        return None
    method = needs_object(analysis.index, target, missing_modules)
    return Refusal(reason=Reason.NO_OBJECT, name=_shown(method)) if method else None


def _is_of_module(analysis: Analysis, symbol: str) -> bool:
    """Whether a name stands at the top of a module that is known."""
    return analysis.index.has(symbol.rpartition(".")[0])


def _names(tree: ast.AST, dotted: Mapping[str, str]) -> Iterator[tuple[ast.AST, str]]:
    """The longest names in a template, with what they stand for."""
    name = _name(tree, dotted)
    if name is not None:
        yield tree, name
        return
    for child in ast.iter_child_nodes(tree):
        yield from _names(child, dotted)


def _name(node: ast.AST, dotted: Mapping[str, str]) -> str | None:
    tail = ""
    while isinstance(node, ast.Attribute):
        if (path := _written(node)) in dotted:
            return dotted[path] + tail
        tail = f".{node.attr}{tail}"
        node = node.value
    key = metavariable(node) or (node.id if isinstance(node, ast.Name) else "")
    return dotted[key] + tail if key in dotted and (key != CANONICAL or metavariable(node)) else None


def _written(node: ast.AST) -> str:
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join((node.id, *reversed(names))) if isinstance(node, ast.Name) else ""


def _is_object(analysis: Analysis, node: ast.expr, holder: str, dotted: Mapping[str, str]) -> bool:
    """Whether an argument, of the file or of the template, is an object of the class ``holder``."""
    if isinstance(node, ast.Call) and _name(node.func, dotted) == holder:
        return True
    return node in analysis.parents and has_type(analysis, node, holder)


def _shown(method: Definition) -> str:
    owner = method.owner.name if method.owner else ""
    return f"{owner}.{method.statement.name}"
