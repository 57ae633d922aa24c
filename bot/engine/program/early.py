"""What is called when a file is imported: it may lead into other files, also into such as are not complete yet."""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence

from bot.engine.program.aliases import given
from bot.engine.program.facts import OWN, Name, Taking
from bot.engine.program.nodes import nodes, run_at_once

Meaning = Callable[[ast.expr], Sequence[Name]]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def early_calls(tree: ast.Module, meaning: Meaning) -> tuple[Taking, ...]:
    """What the file calls, or hands to what it calls, while it is imported.

    That is what comes through an import, or is a function or class of its own.  A method of a variable's value leads
    where the call led that made the value; what `meaning` does not know is built in.
    """
    defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    own = {node.name for node in run_at_once(tree.body) if isinstance(node, defined)}
    found: dict[Name, int] = {}
    for expression in called(each for each in tree.body if not is_main(each)):
        for name in _names(expression, own, meaning):
            found[name] = min(expression.lineno, found.get(name, expression.lineno))
    for name, line in _classes_made(tree, meaning):
        found.setdefault(name, line)
    return tuple(Taking(name, line) for name, line in found.items())


def _classes_made(tree: ast.Module, meaning: Meaning) -> Iterator[tuple[Name, int]]:
    """What a class statement calls although nobody writes that: a metaclass, and `SUBCLASSED` of the bases."""
    for statement in run_at_once(each for each in tree.body if not is_main(each)):
        if isinstance(statement, ast.ClassDef):
            for base in statement.bases:
                yield from ((Name(f"{n.text}.{SUBCLASSED}", n.level), statement.lineno) for n in meaning(base))
            for keyword in statement.keywords:
                yield from ((name, statement.lineno) for name in meaning(keyword.value))


SUBCLASSED = "__init_subclass__"


def modules_imported(tree: ast.Module) -> Iterator[tuple[Name, int]]:
    """The modules that are imported by their names in strings, by what runs when the file is imported."""
    texts: dict[str, list[ast.expr]] = {}
    for name, value, _ in given(nodes(tree)):
        texts.setdefault(name, []).append(value)
    for statement in run_at_once(each for each in tree.body if not is_main(each)):
        for node in (node for part in _evaluated(statement) for node in _without_lambdas(part)):
            match node:
                case ast.Call(func=ast.Name(id=last) | ast.Attribute(attr=last), args=[first, *_]) if (
                    last in _IMPORTERS
                ):
                    values = texts.get(first.id, []) if isinstance(first, ast.Name) else [first]
                    for value in values:
                        if isinstance(value, ast.Constant) and isinstance(value.value, str):
                            level = len(value.value) - len(value.value.lstrip("."))
                            yield Name(value.value[level:], level), node.lineno
                case _:
                    pass


_IMPORTERS = ("import_module", "__import__")


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
