"""Ways through the tree of a file, for those that collect its facts."""

import ast
from collections.abc import Iterable, Iterator, Sequence

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LEAVES = (ast.Name, ast.Constant, ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop, ast.alias)


def nodes(tree: ast.Module) -> list[ast.AST]:
    """All nodes but names and what is no expression, outer ones first; as `ast.walk`, in a third of its time."""
    found: list[ast.AST] = []
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        found.append(node)
        for name in node._fields:
            value = getattr(node, name, None)
            if type(value) is list:
                pending += [each for each in value if isinstance(each, ast.AST) and not isinstance(each, _LEAVES)]
                found += [each for each in value if type(each) is ast.Constant]
            elif type(value) is ast.Constant:
                found.append(value)
            elif isinstance(value, ast.AST) and not isinstance(value, _LEAVES):
                pending.append(value)
    return found


def statements(body: Sequence[ast.stmt], early: bool) -> Iterator[tuple[ast.stmt, bool]]:
    """All statements, each with whether it runs when the file is imported."""
    pending = [(statement, early) for statement in reversed(body)]
    while pending:
        statement, runs = pending.pop()
        yield statement, runs
        inside = runs and not isinstance(statement, _FUNCTIONS)
        for name in ("finalbody", "orelse", "handlers", "cases", "body"):
            part = getattr(statement, name, ())
            now = inside and not (name == "body" and isinstance(statement, ast.If) and _checks_types(statement.test))
            for each in reversed(part):
                if isinstance(each, ast.stmt):
                    pending.append((each, now))
                else:
                    pending.extend((inner, now) for inner in reversed(each.body))


def run_at_once(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when those of ``body`` do, themselves included; as `statements`, without functions'."""
    pending = [*body]
    while pending:
        statement = pending.pop()
        yield statement
        if isinstance(statement, _FUNCTIONS):
            continue
        for name in ("body", "handlers", "cases", "orelse", "finalbody"):
            if name == "body" and isinstance(statement, ast.If) and _checks_types(statement.test):
                continue
            for each in getattr(statement, name, ()):
                pending += [each] if isinstance(each, ast.stmt) else each.body


def _checks_types(test: ast.expr) -> bool:
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case _:
            return False


def functions(tree: ast.Module) -> list[tuple[int, int]]:
    """The first and the last line of each function that stands in no other one, with what decorates it or its class."""
    found: list[tuple[int, int]] = []
    pending: list[ast.stmt] = [*tree.body]
    while pending:
        node = pending.pop()
        decorators = getattr(node, "decorator_list", ())
        first = min((each.lineno for each in decorators), default=node.lineno)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append((first, node.end_lineno or node.lineno))
            continue
        if decorators:
            found.append((first, node.lineno))
        for name in ("body", "handlers", "cases", "orelse", "finalbody"):
            for each in getattr(node, name, ()):
                pending += [each] if isinstance(each, ast.stmt) else each.body
    return found


def stored(node: ast.AST) -> Iterator[str]:
    """The names that a node itself binds or deletes."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            for alias in names:
                yield alias.asname or alias.name.partition(".")[0]
        case _:
            return


def words(tree: ast.Module) -> Iterator[str]:
    """All names that are read or bound."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        else:
            yield from stored(node)


def rebound(found: Iterable[ast.AST]) -> list[tuple[str, int]]:
    """The module's variables that a function binds, with the line: what it only reads needs no ``global``, and may
    have one."""
    found = list(found)
    named = {name for node in found if type(node) is ast.Global for name in node.names}
    functions_ = [node for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)] if named else []
    return [each for function in functions_ for each in _rebound_in(function)]


def _rebound_in(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, int]]:
    named = {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}
    for node in ast.walk(function) if named else ():
        yield from ((name, getattr(node, "lineno", function.lineno)) for name in stored(node) if name in named)


def own_nodes(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """What runs when a function runs: nothing of the functions and classes in it."""
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            pending += ast.iter_child_nodes(node)
