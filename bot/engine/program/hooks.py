"""Files that have a say in how modules are imported, and the modules that their hooks may be about."""

import ast
import builtins
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LONGEST = 200
"""Characters: a longer string names no module."""
_HOOKS = frozenset({"meta_path", "path_hooks", "__import__"})
"""What decides how a module is imported, of ``sys`` and of ``builtins``."""
_MODULES = re.compile(r"\.?[^\W\d]\w*(?:\.[^\W\d]\w*)*\.?")
"""A module's name, or what it begins or ends with."""
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
_BODIES = ("body", "orelse", "finalbody", "handlers", "cases")
_METHODS = frozenset(name for kind in (list, dict, set, str) for name in dir(kind))
_COMMON = (frozenset(dir(builtins)) | _METHODS | {"self", "cls"}) - _HOOKS
"""Names that have nothing to do with each other wherever they stand."""


@dataclass(frozen=True, slots=True, eq=False)
class _Unit:
    """A statement: of one with a block only what stands before that, a function or a class as a whole."""

    nodes: Sequence[ast.AST]
    names: frozenset[str]


def named_by_hooks(found: Sequence[ast.AST]) -> Iterator[tuple[str, int]]:
    """The strings that may name a module in what a hook is made of, or what is made of that; each with its line."""
    imported = {
        (a.asname or a.name).partition(".")[0] for node in found if isinstance(node, _IMPORTS) for a in node.names
    }
    inner = {each for node in found if isinstance(node, _FUNCTIONS) for each in ast.walk(node) if each is not node}
    whole = (node for node in found if isinstance(node, ast.stmt) and node not in inner)
    units = [_unit(node, imported) for node in whole if not isinstance(node, _IMPORTS)]
    near = [unit for unit in units if any(_is_hook(node) for node in unit.nodes)]
    names = frozenset[str]().union(*(unit.names for unit in near))
    while True:
        near = [unit for unit in units if not unit.names.isdisjoint(names)]
        more = names.union(*(unit.names for unit in near))
        if more == names:
            break
        names = more
    for node in dict.fromkeys(node for unit in near for node in unit.nodes):
        match node:
            case ast.Constant(value=str(text)) if len(text) < LONGEST and _MODULES.fullmatch(text):
                yield text, node.lineno
            case _:
                pass


_IMPORTS = (ast.Import, ast.ImportFrom)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _unit(statement: ast.stmt, imported: set[str]) -> _Unit:
    parts: list[ast.AST] = [statement]
    if isinstance(statement, _BLOCKS):
        inside = {
            each
            for name in ("body", "orelse", "finalbody", "handlers", "cases")
            for each in getattr(statement, name, ())
        }
        parts = [child for child in ast.iter_child_nodes(statement) if child not in inside]
    nodes = [node for part in parts for node in ast.walk(part)]
    local = {each for node in nodes if isinstance(node, _FUNCTIONS) for each in _local(node)}
    names = {name for node in nodes if node not in local for name in _names(node)}
    return _Unit(nodes, frozenset(names - imported - _COMMON))


def _local(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """The reads and writes of a function's own variables."""
    found = list(ast.walk(function))
    bound = {node.arg for node in found if isinstance(node, ast.arg)}
    bound |= {node.id for node in found if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound -= {name for node in found if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    return (node for node in found if isinstance(node, ast.Name) and node.id in bound)


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case _:
            pass


def _is_hook(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=str(text)):
            return text.rpartition(".")[2] in _HOOKS
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in _HOOKS
        case _:
            return False
