"""Functions that look another one up each time they are called, and only hand it what they are given."""

import ast
from collections.abc import Iterator

from bot.engine.program.definition import Definition, definition_of
from bot.engine.program.existence import named_in
from bot.engine.program.index import Index
from bot.engine.resolve.resolver import written
from bot.engine.source.names import absolute, is_package


def forwards(index: Index, symbol: str, successor: str) -> bool:
    """Whether ``symbol`` certainly is such a function: who replaces ``successor`` replaces what it does too."""
    found = definition_of(index, symbol, set())
    if found is None or found.owner is not None or not isinstance(found.statement, ast.FunctionDef):
        return False
    function = found.statement
    if function.decorator_list or function.args.defaults or any(function.args.kw_defaults):
        return False  # a default would be given to the other one, which may have its own
    *before, last = function.body
    if not all(map(_is_beside, before)) or not isinstance(last, ast.Return) or not isinstance(last.value, ast.Call):
        return False
    called = _called(index, found, function, last.value.func)
    return _hands_on(function.args, last.value) and any(successor in index.resolution(name).names for name in called)


def _is_beside(statement: ast.stmt) -> bool:
    """A docstring, an import, a warning."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=function)):
            return written(function).rpartition(".")[2] == "warn"
        case _:
            return False


def _called(index: Index, found: Definition, function: ast.FunctionDef, called: ast.expr) -> Iterator[str]:
    """The dotted names of what is looked up when the function runs: a member of a module, or what it imports itself."""
    known, text = index.source_of(found.module), written(called)
    if not isinstance(known, tuple) or not text:
        return
    inner = [alias.asname or alias.name for node in function.body for alias in getattr(node, "names", ())]
    if "." in text and text.partition(".")[0] not in inner:
        yield from named_in(index, known, found.module, text)
    for node in function.body:
        if not isinstance(node, ast.ImportFrom):
            continue
        for alias in node.names:
            if (alias.asname or alias.name) == text:
                own = index.modules_of(known[0])
                for module in absolute(node.module, node.level, own, package=is_package(known[0])):
                    yield f"{module}.{alias.name}"


def _hands_on(own: ast.arguments, call: ast.Call) -> bool:
    """Whether a call is given exactly what the function around it is given."""
    given = [ast.unparse(each) for each in call.args]
    named = [(each.arg, ast.unparse(each.value)) for each in call.keywords]
    positional = [each.arg for each in (*own.posonlyargs, *own.args)]
    return given == [*positional, *([f"*{own.vararg.arg}"] if own.vararg else [])] and named == [
        *((each.arg, each.arg) for each in own.kwonlyargs),
        *([(None, own.kwarg.arg)] if own.kwarg else []),
    ]
