"""Whether a file takes a module or a class as a value: most only take members of it, and need not be followed."""

import ast
from collections.abc import Container, Iterator

from bot.engine.resolve.annotation import last_name
from bot.engine.source.text import SourceMap
from bot.engine.usages.candidates import STAR, line_filter
from bot.engine.usages.strings import BY_MEMBER


def takes_as_value(tree: ast.Module, source: SourceMap, modules: frozenset[str], classes: frozenset[str]) -> bool:
    """Whether one of ``modules`` or ``classes``, each a last component, is imported and stands for itself.

    An object of a class is one with it.  Only the statements that hold the names are looked at.
    """
    names, seen = {*modules, *classes}, set[str]()
    imported = STAR.search(source.source) is not None
    taken = False
    while more := frozenset(names - seen):
        seen |= more
        for node, parent in _nodes_with(tree, source, more):
            if isinstance(node, ast.alias):
                own = node.name.rpartition(".")[2] in more
                imported |= own
                names |= {node.asname} if own and node.asname else set()
            elif _is_module_text(node, more):
                imported = taken = True
            elif last_name(node) in more if isinstance(node, ast.Name | ast.Attribute) else False:
                taken |= _is_value(node, parent, names, called=not classes.isdisjoint(names))
    return imported and taken


def _nodes_with(tree: ast.Module, source: SourceMap, names: frozenset[str]) -> Iterator[tuple[ast.AST, ast.AST]]:
    """The nodes, with what they stand in, of the statements that hold one of the names."""
    keep = line_filter(source, names)
    pending: list[tuple[ast.AST, ast.AST]] = [(tree, tree)]
    while pending:
        node, parent = pending.pop()
        yield node, parent
        children = ast.iter_child_nodes(node)
        pending += [(c, node) for c in children if keep is None or not isinstance(c, ast.stmt) or keep(c)]


def _is_module_text(node: ast.AST, names: frozenset[str]) -> bool:
    text = node.value if isinstance(node, ast.Constant) else None
    return isinstance(text, str) and "." in text and text.rpartition(".")[2] in names


def _is_value(node: ast.AST, parent: ast.AST, names: Container[object], *, called: bool) -> bool:
    """Whether a name stands for itself: not for a member of it, and where its value can be followed from."""
    match parent:
        case ast.Attribute(attr=attribute):
            return attribute.startswith("__")
        case ast.Call(func=function) if function is node:
            return called
        case ast.Call(func=function, args=[_, ast.Constant(value=text), *_]):
            return text in names or last_name(function) not in BY_MEMBER  # others find the member that it names
        case ast.arg() | ast.Delete():
            return False
        case _:
            return not isinstance(getattr(node, "ctx", None), ast.Store)
