"""What is called when a file is imported: it may lead into other files, also into such as are not complete yet."""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence

from bot.engine.program.facts import OWN, Name, Taking
from bot.engine.program.nodes import run_at_once

Meaning = Callable[[ast.expr], Sequence[Name]]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def early_calls(tree: ast.Module, meaning: Meaning) -> tuple[Taking, ...]:
    """What the file calls, or hands to what it calls, while it is imported.

    That is what comes through an import, or is a function or class of its own.  A method of a variable's value leads
    where the call led that made the value; what `meaning` does not know is built in.
    """
    own = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    found: dict[Name, int] = {}
    for expression in called(each for each in tree.body if not is_main(each)):
        for name in _names(expression, own, meaning):
            found[name] = min(expression.lineno, found.get(name, expression.lineno))
    return tuple(Taking(name, line) for name, line in found.items())


def called(body: Iterable[ast.stmt]) -> Iterator[ast.expr]:
    """What the statements call while they run, decorators included, and what they hand to it."""
    for statement in run_at_once(body):
        yield from _called(statement)


def _names(used: ast.expr, own: set[str], meaning: Meaning) -> Sequence[Name]:
    base = used
    while isinstance(base, ast.Attribute | ast.Subscript):
        base = base.value
    if isinstance(base, ast.Name) and base.id in own:
        return [Name(base.id, OWN)]
    return meaning(used) or (meaning(base) if base is not used else ())


def _called(statement: ast.stmt) -> Iterator[ast.expr]:
    yield from getattr(statement, "decorator_list", ())
    for expression in _evaluated(statement):
        for node in _without_lambdas(expression):
            if isinstance(node, ast.Call):
                yield node.func
                yield from node.args
                yield from (keyword.value for keyword in node.keywords)


def _evaluated(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of a statement that run with it: not the statements in it."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from statement.decorator_list
        yield from statement.args.defaults
        yield from (default for default in statement.args.kw_defaults if default is not None)
        return
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield child


def _without_lambdas(expression: ast.AST) -> Iterator[ast.AST]:
    pending = [expression]
    while pending:
        node = pending.pop()
        if not isinstance(node, _FUNCTIONS):
            yield node
            pending += ast.iter_child_nodes(node)


def is_main(statement: ast.stmt) -> bool:
    """Whether it is ``if __name__ == "__main__":``, which no import runs."""
    match statement:
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()]), orelse=[]):
            return True
        case _:
            return False
